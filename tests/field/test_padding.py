"""What comes after the end of an input changes no answer, in any exported signature of any task.

The kind: a signature says "zeros after it are padding" or "what comes after length is padding", and a form of the network
that knows no masks runs over the padding. Every signature is traced in the forms that its files have and given its input
with paddings of several lengths, and its inputs in one batch; the oracle is the model's answer to the bare input alone.
"""

import numpy as np
import pytest
import tensorflow as tf

from pipelines.sentiment import config as sentiment_config
from pipelines.sentiment import export as sentiment_export
from pipelines.sentiment import model as sentiment_model
from pipelines.speech import config as speech_config
from pipelines.speech import export as speech_export
from pipelines.speech import model as speech_model
from pipelines.video import config as video_config
from pipelines.video import export as video_export
from pipelines.video import model as video_model
from suite.data.padding import pad_rows
from suite.export.trace import trace_signature
from suite.runtime.keras_runtime import KerasPredictor
from suite.runtime.tflite_runtime import TfLitePredictor

RANDOM = np.random.default_rng(0)
PIECES = ["[PAD]", "[UNK]", *"abcdefghij"]
FORMS = [("fused", "interpreter"), ("loop", "compiled"), ("unrolled", "compiled")]


def shaken(model):
    """The model with weights that make its answers differ."""
    generator = np.random.default_rng(1)
    for weight in model.trainable_weights:
        weight.assign(weight + 0.4 * generator.standard_normal(weight.shape))
    return model


def sentiment(tokenizer, **changes):
    small = {"units": 4, "embedding": 5, "max_tokens": 12, "compiled_bytes": 64, "hash_buckets": 64, "ngrams": (3,)}
    settings = sentiment_config.Settings(**small | {"tokenizer": tokenizer} | changes)
    assets = {"labels": ["a", "b", "c"]} | ({"vocabulary": PIECES} if tokenizer == "wordpiece" else {})
    return shaken(sentiment_model.build(settings, assets)), sentiment_export.signatures(assets, settings)


def speech(**changes):
    small = {"sample_rate": 8000, "n_fft": 256, "hop_length": 80, "n_mels": 20, "n_mfcc": 10, "units": 4, "layers": 1}
    settings = speech_config.Settings(**small | {"conv_channels": (3,), "compiled_seconds": 0.5} | changes)
    assets = {"symbols": ["", " ", "a", "b"], "feature_mean": [-3.0] * 10, "feature_std": [20.0] * 10}
    return shaken(speech_model.build(settings, assets)), speech_export.signatures(assets, settings)


def video(**changes):
    small = {"height": 8, "width": 8, "units": 4, "filters": (3,), "features": 5, "compiled_frames": 12}
    settings = video_config.Settings(**small | changes)
    assets = {"labels": ["left", "right"]}
    return shaken(video_model.build(settings, assets)), video_export.signatures(assets, settings)


def padded(arrays, name, count, junk):
    """One input with `count` steps more behind it: zeros, or numbers that stand for nothing."""
    array = arrays[name]
    behind = np.zeros((count, *array.shape[1:]), array.dtype)
    if junk:
        behind = RANDOM.integers(0, 100, behind.shape)
    return {key: tf.constant(value[None]) for key, value in arrays.items()} | {
        name: tf.constant(np.concatenate([array, behind.astype(array.dtype)])[None])
    }


def assert_starts_with(answer, expected):
    """Every output is the expected one, with nothing but zeros behind it."""
    for name, bare in expected.items():
        value = np.asarray(answer[name])
        size = tuple(map(slice, np.shape(bare)))
        np.testing.assert_allclose(value[size], bare, atol=2e-5, err_msg=name)
        behind = value.copy()
        behind[size] = 0
        assert not behind.any(), name


def check(model, signatures, name, inputs, *, counts=(1, 6), junk=False, forms=FORMS[:2]):
    """All inputs, bare and padded, alone and in one batch, in all forms."""
    for signature in signatures:
        if signature.custom_ops:
            continue
        keras_predictor = KerasPredictor(model, signatures, name=signature.name)
        alone = [
            {key: value.numpy()[0] for key, value in keras_predictor.batch(padded(arrays, name, 0, False)).items()}
            for arrays in inputs
        ]
        together = keras_predictor.batch(
            {key: pad_rows([arrays[key] for arrays in inputs], inputs[0][key].dtype) for key in inputs[0]}
        )
        for row, expected in enumerate(alone):
            assert_starts_with({key: value.numpy()[row] for key, value in together.items()}, expected)
        for form, deployment in forms:
            if deployment == "compiled" and not signature.inputs[name].fixed:
                continue
            function, specifications = trace_signature(model, signature, signatures, form, deployment)
            for arrays, expected in zip(inputs, alone, strict=True):
                room = specifications[name].shape[1]
                for count in counts if room is None else (room - len(arrays[name]),):
                    answer = function(**padded(arrays, name, count, junk))
                    assert_starts_with({key: value.numpy()[0] for key, value in answer.items()}, expected)


SENTIMENT = [
    {"pooling": "last", "cell": "lstm", "bidirectional": False},
    {"pooling": "last", "cell": "lstm", "bidirectional": True, "layers": 2},
    {"pooling": "max_mean", "cell": "lstm", "bidirectional": True},
    {"pooling": "attention", "cell": "lstm", "bidirectional": True},
    {"pooling": "last", "cell": "gru", "bidirectional": True},
    {"pooling": "last", "cell": "min_gru", "bidirectional": True},
]


# Each cell and each pooling once is quick.
@pytest.mark.parametrize(
    "changes",
    [*(pytest.param(changes, marks=pytest.mark.slow) for changes in SENTIMENT[:2]), *SENTIMENT[2:]],
    ids=lambda changes: "-".join(map(str, changes.values())),
)
def test_pieces_of_words(changes):
    """A text of one piece, of some, and of none (one step of padding)."""
    inputs = [{"tokens": np.array(tokens, np.int32)} for tokens in ([4], [2, 3, 9, 1, 5], [0])]
    check(
        *sentiment("wordpiece", **changes),
        "tokens",
        inputs,
        counts=(1, 7),
        forms=FORMS if "layers" in changes else FORMS[:2],
    )


@pytest.mark.parametrize(
    "changes",
    [SENTIMENT[2], *(pytest.param(changes, marks=pytest.mark.slow) for changes in (SENTIMENT[1], SENTIMENT[3]))],
    ids=lambda changes: "-".join(map(str, changes.values())),
)
def test_bytes(changes):
    inputs = [{"text": np.frombuffer(text, np.uint8)} for text in (b"a", b"one two, three", b" ")]
    check(*sentiment("bytes", **changes), "text", inputs)


@pytest.mark.parametrize("changes", [{"pooling": "last"}, {"pooling": "attention"}], ids=str)
def test_frames_of_clips(changes):
    clips = [RANDOM.integers(0, 256, (length, 8, 8, 3), np.uint8) for length in (2, 5)]
    inputs = [{"frames": clip, "length": np.int32(len(clip))} for clip in clips]
    model, signatures = video(cell="lstm", bidirectional=True, normalise="clip", **changes)
    check(model, signatures, "frames", inputs, junk=True)


def test_samples_of_sound():
    sounds = [(RANDOM.normal(size=length) / 10).astype("float32") for length in (1207, 2400)]
    model, known = speech(cell="lstm")
    for dtype, scale in (("float32", 1), ("int16", 32767)):
        inputs = [{"samples": (sound * scale).astype(dtype), "length": np.int32(len(sound))} for sound in sounds]
        signatures = [signature for signature in known if signature.inputs["samples"].dtype == dtype]
        check(model, signatures, "samples", inputs, counts=(333,), junk=True)


def test_the_file_of_a_wordpiece_model(tmp_path):
    """The converted file itself: labels of many texts, with and without zeros behind them."""
    model, signatures = sentiment("wordpiece", pooling="last", cell="lstm", bidirectional=True)
    signature = signatures[-1]
    function, _ = trace_signature(model, signature, signatures, "fused", "interpreter")
    module = tf.Module()
    module.function = function
    tf.saved_model.save(module, tmp_path / "saved", signatures={signature.name: function})
    converter = tf.lite.TFLiteConverter.from_saved_model(str(tmp_path / "saved"))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    (tmp_path / "interpreter.tflite").write_bytes(converter.convert())
    predictor = TfLitePredictor(tmp_path / "interpreter.tflite")
    keras_predictor = KerasPredictor(model, signatures, name=signature.name)
    for length in (1, 2, 5, 9, 12):
        tokens = RANDOM.integers(1, len(PIECES), length).astype(np.int32)
        expected = keras_predictor.batch({"tokens": tokens[None]})["probabilities"][0]
        for count in (0, 1, 3, 12 - length):
            answer = predictor.call({"tokens": np.pad(tokens, (0, count))})["probabilities"]
            np.testing.assert_allclose(answer, expected, atol=1e-5)
