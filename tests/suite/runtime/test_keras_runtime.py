"""Batching by length changes nothing about an answer."""

import numpy as np
import pytest

from pipelines.sentiment.config import Settings
from pipelines.sentiment.data import raw_arrays
from pipelines.sentiment.export import signatures
from pipelines.sentiment.model import build
from suite.runtime.keras_runtime import KerasPredictor

TEXTS = ["a good film", "", "bad", "not bad at all , but far too long", "ok " * 40]


@pytest.fixture(scope="module", params=["bytes", "wordpiece"])
def predictor(request):
    settings = Settings(tokenizer=request.param, units=4, embedding=4, hash_buckets=64, min_count=0)
    assets = {"labels": ["a", "b", "c"]}
    if request.param == "wordpiece":
        pytest.importorskip("tensorflow_text")
        assets["vocabulary"] = [
            "[PAD]",
            "[UNK]",
            *"abdfgikmnortuxyl,",
            *(f"##{letter}" for letter in "abdfgikmnortuxyl"),
        ]
    return KerasPredictor(build(settings, assets), signatures(assets, settings)[:1], batch_size=3), settings


def test_answers_come_in_order_and_alone_as_in_company(predictor):
    predict, settings = predictor
    inputs = [raw_arrays(text, settings) for text in TEXTS]
    together = predict(inputs)
    for arrays, answer in zip(inputs, together, strict=True):
        (alone,) = predict([arrays])
        np.testing.assert_allclose(answer["probabilities"], alone["probabilities"], atol=1e-6)
        np.testing.assert_allclose(answer["attention"][: len(alone["attention"])], alone["attention"], atol=1e-6)
        assert not answer["attention"][len(alone["attention"]) :].any()


def test_the_empty_text_has_no_token(predictor):
    predict, settings = predictor
    (answer,) = predict([raw_arrays("", settings)])
    assert not answer["attention"].any() and answer["probabilities"].sum() == pytest.approx(1)


def test_several_predictors_are_no_retracing(caplog, monkeypatch):
    """An evaluation, an export and its checks make a predictor each; TensorFlow warned of the fifth one's first call."""
    import tensorflow as tf

    monkeypatch.setattr(tf.get_logger(), "propagate", True)
    settings = Settings(units=4, embedding=4, hash_buckets=64, min_count=0)
    assets = {"labels": ["a", "b"]}
    model = build(settings, assets)
    arrays = raw_arrays("a good film", settings)
    answers = [KerasPredictor(model, signatures(assets, settings))([arrays])[0]["probabilities"] for _ in range(7)]
    assert all(np.array_equal(answer, answers[0]) for answer in answers)
    assert "retracing" not in caplog.text
