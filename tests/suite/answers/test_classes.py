"""Metrics of made-up answers, against figures worked out by hand."""

import math

import numpy as np
import pytest

from suite.answers.classes import METRICS, evaluate
from suite.data.examples import Example
from suite.errors import UserError

ASSETS = {"labels": ["neg", "neu", "pos"]}
TRUTH = ["neg", "neg", "pos", "pos", "pos", "neu"]
PROBABILITIES = [[0.8, 0.1, 0.1], [0.3, 0.1, 0.6], [0.1, 0.2, 0.7], [0.2, 0.2, 0.6], [0.5, 0.1, 0.4], [0.1, 0.3, 0.6]]


def raw_arrays(text, settings):
    return {"text": np.frombuffer(text.encode(), np.uint8)}


def predictor(inputs):
    assert [bytes(arrays["text"]).decode() for arrays in inputs] == [f"text {n}" for n in range(6)]
    return [{"probabilities": np.array(row, "float32"), "attention": np.zeros(2)} for row in PROBABILITIES]


def examples(groups=None):
    return [Example(f"row {n}", f"text {n}", label, "test", groups and groups[n]) for n, label in enumerate(TRUTH)]


def test_metrics_by_hand():
    evaluation = evaluate(predictor, examples(), raw_arrays, ASSETS, None)
    # right: rows 0, 2, 3. F1: neg 2*1/(2*1+1+1) = 0.5, neu 0, pos 2*2/(2*2+2+1) = 4/7.
    assert evaluation.metrics["accuracy"] == pytest.approx(3 / 6)
    assert evaluation.metrics["macro_f1"] == pytest.approx((0.5 + 0 + 4 / 7) / 3)
    assert evaluation.metrics["loss"] == pytest.approx(
        -sum(map(math.log, (0.8, 0.3, 0.7, 0.6, 0.4, 0.3))) / 6, rel=1e-6
    )
    assert evaluation.details["classes"]["pos"] == pytest.approx(
        {"precision": 2 / 4, "recall": 2 / 3, "f1": 4 / 7, "examples": 3}
    )
    assert evaluation.details["classes"]["neu"] == {"precision": 0, "recall": 0, "f1": 0, "examples": 1}


def test_every_metric_has_a_direction_and_a_unit():
    metrics = evaluate(predictor, examples(["de", "de", "de", "fr", "fr", "fr"]), raw_arrays, ASSETS, None).metrics
    assert set(metrics) <= set(METRICS) and next(iter(METRICS)) == "accuracy"
    assert "top5_accuracy" not in metrics, "of three classes all are among the first five"


def test_groups_have_figures_of_their_own():
    evaluation = evaluate(predictor, examples(["de", "de", "de", "fr", "fr", "fr"]), raw_arrays, ASSETS, None)
    # de: right rows 0, 2; neg 2/3, neu 0, pos 2/3. fr: right row 3; neg 0, neu 0, pos 2/4.
    assert evaluation.details["groups"]["de"] == pytest.approx({"accuracy": 2 / 3, "macro_f1": 4 / 9, "examples": 3})
    assert evaluation.details["groups"]["fr"] == pytest.approx({"accuracy": 1 / 3, "macro_f1": 1 / 6, "examples": 3})
    assert evaluation.metrics["group_macro_f1"] == pytest.approx((4 / 9 + 1 / 6) / 2)


def test_samples_show_the_most_confident_mistakes_first():
    evaluation = evaluate(predictor, examples(), raw_arrays, ASSETS, None)
    assert [row in ("row 1", "row 5", "row 4") for row in evaluation.samples["example"]] == [True] * 3 + [False] * 3
    assert evaluation.samples["confidence"][:3] == pytest.approx([0.6, 0.6, 0.5])


def test_the_picture_counts_what_was_confused():
    import matplotlib.pyplot as plt

    figure = evaluate(predictor, examples(), raw_arrays, ASSETS, None).pictures["confusion_matrix"]()
    shown = [text.get_text() for text in figure.axes[0].texts]
    plt.close(figure)
    assert shown == ["1", "0", "1", "0", "0", "1", "1", "0", "2"]


def test_a_label_never_learned_is_named():
    with pytest.raises(UserError, match=r"row 0: label 'odd'.*'neg', 'neu', 'pos'"):
        evaluate(predictor, [Example("row 0", "text 0", "odd", "test")], raw_arrays, ASSETS, None)
