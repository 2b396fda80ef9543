import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipelines.video.config import Settings, sees_ahead
from pipelines.video.model import build, phases
from suite.answers.class_model import with_attention
from suite.errors import UserError

LABELS = {"labels": ["left", "right", "up"]}
SMALL = {"height": 16, "width": 20, "units": 5, "filters": (4, 6), "features": 8}
FRONTS = [
    {"normalise": "clip"},
    {"normalise": "frame", "bidirectional": False, "pooling": "last", "cell": "lstm"},
    {"front": "dct", "normalise": "position", "pooling": "max_mean", "frequencies": 4},
    {"front": "mobilenet_0.25", "backbone_layer": "conv_pw_3_relu"},
]


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A MobileNet's weights as Keras writes them, random."""
    path = tmp_path_factory.mktemp("weights") / "mobilenet.weights.h5"
    keras.utils.set_random_seed(0)
    network = keras.applications.MobileNet((32, 32, 3), 0.25, include_top=False, weights=None)
    network.save_weights(path)
    return path


def settings_of(changes, weights):
    backbone = {"height": 32, "width": 40, "backbone_weights": str(weights)}
    return Settings(**SMALL | (backbone if "mobilenet" in changes.get("front", "") else {}) | changes)


def clips(settings, lengths, padding=0, seed=0):
    generator = np.random.default_rng(seed)
    picture = (settings.height, settings.width, settings.channels)
    frames = np.zeros((len(lengths), max(lengths) + padding, *picture), np.uint8)
    for row, length in enumerate(lengths):
        frames[row, :length] = generator.integers(0, 256, (length, *picture))
    return {"frames": frames, "length": np.array(lengths, np.int32)}


@functools.cache
def learned(settings):
    """A model with weights that make answers differ; the same one for the same settings."""
    keras.utils.set_random_seed(1)
    model = build(settings, LABELS)
    generator = np.random.default_rng(2)
    for weight in model.trainable_weights:
        if "kernel" in weight.name:
            weight.assign(weight + 0.3 * generator.standard_normal(weight.shape))
    return model


@pytest.mark.parametrize("changes", FRONTS)
def test_neither_padding_nor_longer_clips_beside_it_change_an_answer(changes, weights):
    settings = settings_of(changes, weights)
    model = with_attention(learned(settings))
    together = model(clips(settings, [7, 4, 2], padding=5))
    for row, length in enumerate([7, 4, 2]):
        inputs = clips(settings, [7, 4, 2])
        alone = model({"frames": inputs["frames"][row : row + 1, :length], "length": np.array([length], np.int32)})
        np.testing.assert_allclose(together["probabilities"][row], alone["probabilities"][0], atol=1e-5)
        np.testing.assert_allclose(together["attention"][row, :length], alone["attention"][0], atol=1e-5)
        assert not np.any(together["attention"][row, length:])
    np.testing.assert_allclose(np.sum(together["attention"], axis=1), 1, atol=1e-5)
    assert np.ptp(together["probabilities"], axis=0).max() > 1e-3


def test_what_stands_behind_the_length_is_never_looked_at():
    settings = Settings(**SMALL)
    inputs = clips(settings, [6, 3])
    model, before = learned(settings), clips(settings, [6, 3])
    inputs["frames"][1, 3:] = 255
    np.testing.assert_allclose(model(inputs), model(before), atol=1e-6)


@pytest.mark.parametrize("changes", FRONTS)
def test_shuffled_frames_are_another_clip(changes, weights):
    settings = settings_of(changes, weights)
    model, inputs = learned(settings), clips(settings, [8])
    shuffled = inputs | {"frames": inputs["frames"][:, [5, 2, 7, 0, 3, 6, 1, 4]]}
    assert np.abs(model(inputs) - model(shuffled)).max() > 1e-3


@pytest.mark.parametrize("changes", FRONTS)
def test_a_saved_model_needs_no_other_file(changes, weights, tmp_path):
    settings = settings_of(changes, weights)
    model, inputs = learned(settings), clips(settings, [5, 3])
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", compile=False, safe_mode=True)
    for name, values in with_attention(model)(inputs).items():
        assert np.array_equal(values, with_attention(again)(inputs)[name])


def test_a_frozen_backbone_stays_and_a_fine_tuned_one_moves(weights):
    settings = settings_of({"front": "mobilenet_0.25", "backbone_layer": "conv_pw_1_relu"}, weights)
    settings = settings.model_copy(update={"epochs": 1, "fine_tune_epochs": 1})
    model, inputs = build(settings, LABELS), clips(settings, [5, 3])
    batches = tf.data.Dataset.from_tensors((inputs, np.array([0, 2], np.int32)))
    frozen, tuned = phases(settings, LABELS)
    moved = []
    for phase in (frozen, tuned):
        phase.compile(model, keras.optimizers.Adam(1e-3))
        before = [weight.numpy() for weight in model.get_layer("backbone").network.weights]
        model.fit(batches, epochs=1, shuffle=False, verbose=0)
        after = model.get_layer("backbone").network.weights
        moved.append(sum(np.any(old != new.numpy()) for old, new in zip(before, after, strict=True)))
    assert moved[0] == 0
    # Kernels and the shifts and scales of the batch normalisation; its statistics stay as they were learned.
    assert moved[1] == len(model.get_layer("backbone").network.trainable_weights)


def test_it_learns_a_direction_that_no_single_frame_shows():
    settings = Settings(**SMALL, normalise="pixels", dropout=0.0, bidirectional=False)
    generator = np.random.default_rng(0)
    frames, targets = np.zeros((48, 6, 16, 20, 3), np.uint8), np.arange(48, dtype=np.int32) % 2
    for row, target in enumerate(targets):
        start, line = generator.integers(20), generator.integers(12)
        for time in range(6):
            frames[row, time, line : line + 4, (start + (1 if target else -1) * 2 * time) % 20] = 255
    keras.utils.set_random_seed(0)
    model = build(settings, {"labels": ["left", "right"]})
    (phase,) = phases(settings, {"labels": ["left", "right"]})
    phase.compile(model, keras.optimizers.Adam(0.01))
    inputs = {"frames": frames, "length": np.full(48, 6, np.int32)}
    history = model.fit(inputs, targets, epochs=25, batch_size=16, verbose=0).history
    assert history["accuracy"][-1] > 0.9


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"front": "mobilenet_0.25"}, "backbone_weights.*needs a weights file. Received: null"),
        ({"front": "mobilenet_0.25", "channels": 1}, "channels.*needs 3. Received: 1"),
        (
            {"front": "mobilenet_0.25", "backbone_weights": "/nowhere.h5", "height": 32, "width": 32},
            "/nowhere.h5: no such file",
        ),
        ({"front": "dct", "frequencies": 17}, "frequencies.*at most 16.*Received: 17"),
    ],
)
def test_settings_that_contradict_one_another_are_named(changes, words):
    with pytest.raises(UserError, match=words):
        build(Settings(**SMALL | changes), LABELS)


@pytest.mark.filterwarnings("ignore:Skipping nested container")
def test_weights_of_another_network_are_refused(weights, tmp_path):
    wrong = settings_of({"front": "mobilenet_1.0"}, weights)
    with pytest.raises(UserError, match=r"expected weights of mobilenet_1\.0 without its top"):
        build(wrong, LABELS)
    with pytest.raises(UserError, match=r"backbone_layer.*Received: 'conv_99'"):
        build(settings_of({"front": "mobilenet_0.25", "backbone_layer": "conv_99"}, weights), LABELS)
    (tmp_path / "text.h5").write_text("no weights")
    with pytest.raises(UserError, match=r"expected a Keras \.h5 file"):
        build(settings_of({"front": "mobilenet_0.25"}, tmp_path / "text.h5"), LABELS)


def test_what_must_see_the_end_first_is_known():
    assert sees_ahead(Settings(normalise="clip", bidirectional=False)) == "normalise"
    assert sees_ahead(Settings(normalise="frame")) == "bidirectional"
    assert sees_ahead(Settings(normalise="frame", bidirectional=False)) is None
    assert sees_ahead(Settings(front="mobilenet_0.25", bidirectional=False)) is None
