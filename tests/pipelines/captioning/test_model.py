"""The captioning model, its loss, and the same model word by word."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipelines.captioning.config import Settings
from pipelines.captioning.layers import LookEverywhere
from pipelines.captioning.model import build, phases
from suite.errors import UserError
from suite.sequence.decoder import TokenDecoder
from suite.sequence.loss import token_cross_entropy
from suite.sequence.scheduled_sampling import ModelTokens
from suite.sequence.vocabulary import START
from suite.vision.layers import PictureGrid

ASSETS = {"words": [f"w{number}" for number in range(17)]}
SMALL = {"height": 16, "width": 16, "filters": (4, 6), "grid": 2, "units": 7, "attention_units": 5, "embedding_size": 6}
KINDS = {
    "attention": {},
    "projected, untied": {"value_units": 8, "tied_embeddings": False, "cell": "gru"},
    "no attention": {"attention": "none"},
    "scheduled sampling": {"attention": "none", "cell": "gru", "scheduled_sampling": 0.5},
}


def settings_of(**changes):
    return Settings(**SMALL | changes)


@pytest.fixture(scope="module")
def learned():
    """Kind -> a model whose weights make answers differ, one of each for the whole file."""
    made = {}

    def get(kind):
        if kind not in made:
            keras.utils.set_random_seed(1)
            made[kind] = build(settings_of(**KINDS[kind]), ASSETS)
            generator = np.random.default_rng(2)
            for weight in made[kind].trainable_weights:
                weight.assign(weight + 0.4 * generator.standard_normal(weight.shape))
        return made[kind]

    return get


def given(lengths, steps, seed=0):
    generator = np.random.default_rng(seed)
    tokens = generator.integers(3, 17, (len(lengths), steps)).astype(np.int32)
    tokens[:, 0] = START
    tokens[np.arange(steps) >= np.array(lengths)[:, None]] = 0
    picture = generator.integers(0, 256, (len(lengths), 16, 16, 3)).astype(np.uint8)
    return {"picture": picture, "tokens": tokens, "length": np.array(lengths, np.int32)}


@pytest.mark.parametrize("kind", KINDS)
def test_neither_padding_nor_later_words_nor_other_pictures_change_a_word(learned, kind):
    model, inputs = learned(kind), given([6, 4, 2], 8)
    together = model(inputs, training=False).numpy()
    assert together.shape == (3, 8, 17)
    for row, length in enumerate([6, 4, 2]):
        one = {name: values[row : row + 1] for name, values in inputs.items()}
        alone = model(one | {"tokens": one["tokens"][:, :length]}, training=False).numpy()
        np.testing.assert_allclose(together[row, :length], alone[0], atol=1e-5)
    later = inputs["tokens"].copy()
    later[:, 3] = 5
    changed = np.abs(model(inputs | {"tokens": later}, training=False).numpy() - together).max(axis=(0, 2))
    assert not changed[:3].any() and changed[3] > 1e-3
    other = inputs | {"picture": 255 - inputs["picture"]}
    assert np.abs(model(other, training=False).numpy() - together)[:, 0].max(-1).min() > 1e-4


@pytest.mark.parametrize("kind", KINDS)
def test_word_by_word_is_the_same_also_after_saving(learned, tmp_path, kind):
    model, inputs = learned(kind), given([6, 6], 6)
    logits = model(inputs, training=False).numpy()
    model.save(tmp_path / "model.keras")
    decoder = TokenDecoder(keras.saving.load_model(tmp_path / "model.keras", compile=False))
    values, keys, state = decoder.encode(inputs["picture"])
    assert state.shape == (2, decoder.state_size) and values.shape[1] == keys.shape[1] == decoder.places
    assert decoder.places == (4 if "no" not in kind.split() and kind != "scheduled sampling" else 1)
    for step in range(6):
        found, state, attention = decoder.step(inputs["tokens"][:, step], state, values, keys)
        np.testing.assert_allclose(found, logits[:, step], atol=1e-5)
        np.testing.assert_allclose(tf.reduce_sum(attention, -1), 1, atol=1e-5)


def test_words_come_out_by_the_embeddings_they_come_in_with_where_tied(learned):
    def names(kind):
        return sorted(weight.name for weight in learned(kind).get_layer("words").weights)

    assert names("attention") == ["bias", "embeddings"]
    assert names("projected, untied") == ["bias", "embeddings", "outputs"]


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_loss_is_the_cross_entropy_of_the_words_that_count(smoothing):
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(3, 5, 17)).astype("float32")
    targets = generator.integers(0, 17, (3, 5))
    counted = np.arange(5) < np.array([[5], [3], [1]])
    targets[~counted] = -1
    hot = keras.utils.to_categorical(np.maximum(targets, 0), 17)
    plain = keras.losses.categorical_crossentropy(hot, logits, from_logits=True, label_smoothing=smoothing).numpy()
    found = token_cross_entropy(smoothing)(targets, logits).numpy()
    assert not found[~counted].any()
    assert found.mean() == pytest.approx(plain[counted].mean(), abs=1e-5)


def test_the_penalty_of_places_never_looked_at():
    attention = np.random.default_rng(0).dirichlet(np.ones(4), (2, 3)).astype("float32")
    mask = np.array([[True, True, True], [True, False, False]])
    layer = LookEverywhere(0.5)
    assert np.array_equal(layer(np.ones((2, 3, 5)), attention, mask, training=True), np.ones((2, 3, 5)))
    looked = [attention[0].sum(0), attention[1, 0]]
    wanted = 0.5 * np.mean([((1 - looked[0]) ** 2).sum() / 3, ((1 - looked[1]) ** 2).sum()])
    assert float(layer.losses[0]) == pytest.approx(wanted, abs=1e-6)
    layer(np.ones((2, 3, 5)), attention, mask, training=False)
    assert not layer.losses
    model = build(settings_of(attention_regulariser=1.0), ASSETS)
    model(given([3], 3), training=True)
    assert len(model.losses) == 1


def test_scheduled_sampling_puts_in_the_most_probable_word_where_asked(learned):
    tokens = np.array([[1, 5, -1 - 6, -1 - 7]], np.int32)
    logits = np.zeros((1, 4, 17), np.float32)
    logits[0, [0, 1, 2], [9, 10, 11]] = 1
    assert ModelTokens()(tokens, logits).numpy().tolist() == [[1, 5, 10, 11]]
    model, inputs = learned("scheduled sampling"), given([4], 4)
    plain = model(inputs, training=False).numpy()
    own = inputs["tokens"].copy()
    own[0, 2] = plain[0, 1].argmax()
    asked = inputs["tokens"].copy()
    asked[0, 2] = -1 - asked[0, 2]
    wanted = model(inputs | {"tokens": own}, training=False).numpy()
    np.testing.assert_allclose(model(inputs | {"tokens": asked}, training=False).numpy(), wanted, atol=1e-6)


def test_a_model_learns_captions_by_heart():
    settings = settings_of(dropout=0.0, units=24, learning_rate=0.02)
    keras.utils.set_random_seed(0)
    model, inputs = build(settings, ASSETS), given([6, 5, 4, 3], 6)
    targets = np.where(np.arange(6) < inputs["length"][:, None], np.roll(inputs["tokens"], -1, axis=1), -1)
    phases(settings, ASSETS)[0].compile(model, keras.optimizers.AdamW(0.02))
    before = {weight.path: weight.numpy() for weight in model.trainable_weights}
    losses = [float(model.train_on_batch(inputs, targets)) for _ in range(150)]
    assert losses[0] > 2.5 and losses[-1] < 0.5
    assert all(np.any(weight.numpy() != before[weight.path]) for weight in model.trainable_weights)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "mobilenet.weights.h5"
    keras.utils.set_random_seed(0)
    keras.applications.MobileNet((32, 32, 3), 0.25, include_top=False, weights=None).save_weights(path)
    return path


def test_phases_freeze_and_train_what_they_say(weights):
    settings = settings_of(
        height=32, width=32, backbone="mobilenet_0.25", backbone_weights=str(weights), backbone_layer="conv_pw_3_relu"
    )
    settings = settings.model_copy(update={"fine_tune_epochs": 2, "self_critical_epochs": 3, "epochs": 4})
    model, fits = build(settings, ASSETS), phases(settings, ASSETS)
    assert [(fit.name, fit.epochs) for fit in fits] == [("train", 4), ("fine-tune", 2), ("self-critical", 3)]
    assert [fit.batches is None for fit in fits] == [True, False, False]
    (grid,) = [layer for layer in model.layers if isinstance(layer, PictureGrid)]
    for fit, trained in zip(fits, (False, True, False), strict=True):
        fit.compile(model, keras.optimizers.AdamW(1e-3))
        assert bool(grid.trainable_weights) == trained and model.get_layer("decoder").trainable_weights
    assert {layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)} == {0.0}


def test_fine_tuning_may_begin_at_a_layer(weights):
    settings = settings_of(
        height=32, width=32, backbone="mobilenet_0.25", backbone_weights=str(weights), backbone_layer="conv_pw_3_relu"
    )
    settings = settings.model_copy(update={"fine_tune_epochs": 1, "fine_tune_from": "conv_dw_3"})
    model, (_, fine_tune) = build(settings, ASSETS), phases(settings, ASSETS)
    fine_tune.compile(model, keras.optimizers.AdamW(1e-2))
    before = {weight.path: weight.numpy() for weight in model.weights}
    inputs = given([6, 6, 5], 6)
    inputs["picture"] = np.repeat(np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3), np.uint8), 3, axis=0)
    model.train_on_batch(inputs, np.where(np.arange(6) < inputs["length"][:, None], 4, -1))
    moved = {weight.path for weight in model.weights if np.any(weight.numpy() != before[weight.path])}
    (grid,) = [layer for layer in model.layers if isinstance(layer, PictureGrid)]
    names = {weight.path.split("/")[-2] for weight in grid.weights if weight.path in moved}
    assert names == {"conv_dw_3", "conv_dw_3_bn", "conv_pw_3", "conv_pw_3_bn"}
    assert not any(weight.path in moved for weight in model.get_layer("feature_norm").weights)
    with pytest.raises(UserError, match=r"'fine_tune_from': expected one of .*conv_dw_3,.* Received: 'conv_9'"):
        build(settings.model_copy(update={"fine_tune_from": "conv_9"}), ASSETS)


def test_settings_that_contradict_one_another_are_named():
    with pytest.raises(UserError, match=r"'backbone_weights': backbone mobilenet_1.0 needs a weights file"):
        build(settings_of(backbone="mobilenet_1.0"), ASSETS)
    with pytest.raises(UserError, match=r"'grid': expected a divisor of 4 and 4.*Received: 3"):
        build(settings_of(grid=3), ASSETS)
    with pytest.raises(ValueError, match="fine_tune_epochs: expected 0"):
        settings_of(fine_tune_epochs=1)
    with pytest.raises(ValueError, match="attention_regulariser: expected 0 without attention"):
        settings_of(attention="none", attention_regulariser=1.0)
