"""What goes on the phone says what the trained model says: in one call, in windows, frame by frame."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipelines.video.config import Settings
from pipelines.video.export import signatures
from pipelines.video.model import build
from suite.export.trace import trace_signature
from suite.recurrent.deployment import Deployment, deploying
from suite.runtime.deployed import deployed_predictor
from suite.runtime.keras_runtime import KerasPredictor

LABELS = {"labels": ["left", "right", "up"]}
LENGTHS = (9, 5, 20)
SMALL = {"height": 16, "width": 20, "units": 5, "filters": (4, 6), "features": 8, "compiled_frames": 12}
ONE_WAY = [
    {"normalise": "frame"},
    {"normalise": "pixels", "pooling": "last", "cell": "lstm", "layers": 2},
    {"normalise": "frame", "pooling": "max_mean", "front": "dct", "frequencies": 4, "channels": 1},
    {"front": "mobilenet_0.25", "backbone_layer": "conv_pw_1_relu", "height": 32, "width": 32},
]
BOTH_WAYS = [{"normalise": "position", "front": "dct", "frequencies": 4, "pooling": "max_mean"}, {"cell": "lstm"}]


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "mobilenet.weights.h5"
    keras.utils.set_random_seed(0)
    keras.applications.MobileNet((32, 32, 3), 0.25, include_top=False, weights=None).save_weights(path)
    return path


@pytest.fixture(scope="module")
def made(weights):
    """`made(changes)` gives model, signature, clips and the model's answers for them, the same for the same changes."""
    cases = {}

    def get(changes):
        if repr(changes) not in cases:
            model, signature, clips = make(changes, weights)
            cases[repr(changes)] = model, signature, clips, KerasPredictor(model, [signature])(clips)
        return cases[repr(changes)]

    return get


def make(changes, weights):
    """Model, signature and clips of some settings; the model's weights make answers differ."""
    settings = Settings(**SMALL | changes, backbone_weights=str(weights))
    keras.utils.set_random_seed(1)
    model = build(settings, LABELS)
    generator = np.random.default_rng(2)
    for weight in model.trainable_weights:
        if "kernel" in weight.name:
            weight.assign(weight + 0.3 * generator.standard_normal(weight.shape))
    shape = (settings.height, settings.width, settings.channels)
    clips = [
        {"frames": generator.integers(0, 256, (length, *shape), np.uint8), "length": np.int32(length)}
        for length in LENGTHS
    ]
    (signature,) = signatures(LABELS, settings)
    return model, signature, clips


def exported(model, signature, form, deployment, path):
    function, _ = trace_signature(model, signature, [signature], form, deployment)
    module = tf.Module()
    module.function = function
    tf.saved_model.save(module, path / "saved", signatures={signature.name: function})
    converter = tf.lite.TFLiteConverter.from_saved_model(str(path / "saved"))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    file = path / f"{deployment}.tflite"
    file.write_bytes(converter.convert())
    return deployed_predictor(file, deployment, signature)


def probabilities(answers):
    return np.array([answer["probabilities"] for answer in answers])


# In the other cases a whole streaming file says so, below.
@pytest.mark.parametrize(
    "changes", [ONE_WAY[0], *(pytest.param(changes, marks=pytest.mark.slow) for changes in ONE_WAY[1:])]
)
def test_frame_by_frame_is_the_whole_clip(changes, made):
    model, signature, clips, expected = made(changes | {"bidirectional": False})
    classify_clip = signature.function(model)
    specifications = [tf.TensorSpec((1, *signature.inputs["frames"].chunk), tf.uint8), tf.TensorSpec((1,), tf.int32)]
    found = Deployment("loop", fixed=True, streaming=True)

    def first(frames, length):
        with deploying(found):
            return classify_clip(frames=frames, length=length)["probabilities"]

    tf.function(first).get_concrete_function(*specifications)
    states = {name: np.zeros(zeros.shape, zeros.dtype.as_numpy_dtype) for name, zeros in found.initial.items()}

    @tf.function
    def step(frames, length, states):
        with deploying(Deployment("loop", fixed=True, streaming=True, states=states)) as traced:
            answer = classify_clip(frames=frames, length=length)["probabilities"]
        return answer, traced.final

    one = tf.ones(1, tf.int32)
    for clip, whole in zip(clips, expected, strict=True):
        state = {name: tf.constant(zeros) for name, zeros in states.items()}
        for frame in clip["frames"]:
            answer, state = step(tf.constant(frame[None, None]), one, state)
        np.testing.assert_allclose(answer[0], whole["probabilities"], atol=1e-5)


@pytest.mark.parametrize("changes", ONE_WAY[1:])
def test_a_streaming_file_is_the_whole_clip(changes, made, tmp_path):
    model, signature, clips, expected = made(changes | {"bidirectional": False})
    answers = exported(model, signature, "loop", "streaming", tmp_path)(clips)
    reference = probabilities(expected)
    np.testing.assert_allclose(probabilities(answers), reference, atol=1e-4)
    assert np.ptp(reference, axis=0).max() > 1e-3


@pytest.mark.parametrize("changes", BOTH_WAYS)
def test_a_file_for_any_length_says_what_the_model_says(changes, made, tmp_path):
    model, signature, clips, expected = made(changes)
    answers = exported(model, signature, "fused", "interpreter", tmp_path)(clips)
    for mine, theirs in zip(answers, expected, strict=True):
        np.testing.assert_allclose(mine["probabilities"], theirs["probabilities"], atol=1e-4)
        np.testing.assert_allclose(mine["attention"], theirs["attention"][: len(mine["attention"])], atol=1e-4)


def test_a_file_of_fixed_length_takes_longer_clips_in_windows(made, tmp_path):
    model, signature, clips, expected = made(BOTH_WAYS[0])
    answers = exported(model, signature, "loop", "compiled", tmp_path)(clips)
    whole = probabilities(expected)
    np.testing.assert_allclose(probabilities(answers)[:2], whole[:2], atol=1e-4)
    halves = [{"frames": half, "length": np.int32(10)} for half in np.split(clips[2]["frames"], 2)]
    by_halves = probabilities(KerasPredictor(model, [signature])(halves)).mean(axis=0)
    np.testing.assert_allclose(answers[2]["probabilities"], by_halves, atol=1e-4)


def test_a_model_that_looks_ahead_says_why_it_cannot_stream(weights):
    _, signature, _ = make({"normalise": "clip", "bidirectional": False}, weights)
    assert not signature.inputs["frames"].chunk
    assert "normalise: clip" in signature.rules.offline and "normalise=frame" in signature.rules.offline
