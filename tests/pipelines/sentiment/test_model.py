import keras
import numpy as np
import pytest

from pipelines.sentiment.config import Settings
from pipelines.sentiment.model import build
from suite.answers.class_model import class_loss, class_weights, with_attention
from suite.text import encode_texts, make_tokenizer, pad_encoded

TEXTS = ["a warm and funny film", "", "dull !", "not good , not bad , just there"]
LABELS = {"labels": ["bad", "good", "neither"]}
SMALL = {"embedding": 8, "units": 6, "hash_buckets": 200}


def batch(settings, texts, length=None):
    return pad_encoded(encode_texts(make_tokenizer(settings, LABELS), texts), length)


QUICK = ("attention", True), ("max_mean", False), ("last", True)


@pytest.mark.parametrize(
    ("pooling", "bidirectional"),
    [
        pytest.param(pooling, bidirectional, marks=() if (pooling, bidirectional) in QUICK else pytest.mark.slow)
        for pooling in ("attention", "max_mean", "last")
        for bidirectional in (True, False)
    ],
)
def test_padding_and_company_never_change_an_answer(pooling, bidirectional):
    settings = Settings(pooling=pooling, bidirectional=bidirectional, layers=2, **SMALL)
    model = with_attention(build(settings, LABELS))
    together = model(batch(settings, TEXTS, 30))
    for row, text in enumerate(TEXTS):
        alone = model(batch(settings, [text]))
        steps = alone["attention"].shape[1]
        np.testing.assert_allclose(together["probabilities"][row], alone["probabilities"][0], atol=1e-6)
        np.testing.assert_allclose(together["attention"][row, :steps], alone["attention"][0], atol=1e-6)
        assert not np.any(together["attention"][row, steps:])
    np.testing.assert_allclose(np.sum(together["probabilities"], axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(np.sum(together["attention"], axis=1), [1, 0, 1, 1], atol=1e-6)


@pytest.mark.parametrize(
    "changes", [{"pooling": "attention"}, {"pooling": "max_mean", "ngrams": ()}, {"pooling": "last", "cell": "gru"}]
)
def test_a_saved_model_gives_the_same_answers(tmp_path, changes):
    settings = Settings(**SMALL | changes)
    model = build(settings, LABELS)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", compile=False, safe_mode=True)
    inputs = batch(settings, TEXTS)
    for name, values in with_attention(model)(inputs).items():
        assert np.array_equal(values, with_attention(again)(inputs)[name])


def test_any_number_of_classes_and_the_same_seed_the_same_weights():
    settings = Settings(**SMALL)
    for count in (2, 7):
        labels = {"labels": [f"class {index}" for index in range(count)]}
        assert build(settings, labels).output_shape == (None, count)
    first, second = (build(settings, LABELS).get_layer("embedding").get_weights()[0] for _ in range(2))
    assert np.array_equal(first, second)


def test_it_learns_what_order_decides():
    settings = Settings(**SMALL | {"embedding": 16, "units": 16}, embedding_dropout=0, word_dropout=0, dropout=0)
    texts = [a + b for a in ("good not bad ", "bad not good ") for b in ("", "film", "it is", "indeed !")] * 8
    targets = np.array([0 if text.startswith("good") else 1 for text in texts])
    model = build(settings, {"labels": ["a", "b"]})
    model.compile(keras.optimizers.Adam(0.01), loss=class_loss(2, settings.label_smoothing), metrics=["accuracy"])
    before = [weights.copy() for weights in model.get_weights()]
    history = model.fit(batch(settings, texts), targets, epochs=15, verbose=0).history
    assert history["accuracy"][-1] == 1
    assert all(np.any(old != new) for old, new in zip(before, model.get_weights(), strict=True))


def test_loss_weighs_classes_and_smooths_labels():
    probabilities = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]], "float32")
    targets = np.array([0, 2])
    plain = class_loss(3, 0.0)(targets, probabilities)
    np.testing.assert_allclose(plain, -np.log([0.7, 0.8]), rtol=1e-5)
    smooth = class_loss(3, 0.3)(targets, probabilities)
    shares = np.array([[0.8, 0.1, 0.1], [0.1, 0.1, 0.8]])
    np.testing.assert_allclose(smooth, -(shares * np.log(probabilities)).sum(axis=1), rtol=1e-5)
    weights = class_weights(LABELS["labels"], ["bad", "bad", "bad", "neither"])
    np.testing.assert_allclose(weights, [4 / 9, 0, 4 / 3])
    weighed = class_loss(3, 0.0, weights)(targets, probabilities)
    np.testing.assert_allclose(weighed, plain * np.array([4 / 9, 4 / 3]), rtol=1e-5)
