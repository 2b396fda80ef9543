"""Metrics of made-up answers, against figures worked out by hand."""

import math

import numpy as np
import pytest

from pipelines.video.config import Settings
from pipelines.video.evaluate import evaluate
from suite.data.examples import Example
from suite.errors import UserError

ASSETS = {"labels": list("abcdefg")}
TRUTH = "aabbcg"
# The place of the right class among the answers: 1, 2, 1, 6, 7, 1.
PROBABILITIES = [
    [0.44, 0.26, 0.1, 0.1, 0.05, 0.03, 0.02],
    [0.26, 0.44, 0.1, 0.1, 0.05, 0.03, 0.02],
    [0.2, 0.6, 0.1, 0.04, 0.03, 0.02, 0.01],
    [0.2, 0.02, 0.44, 0.15, 0.12, 0.06, 0.01],
    [0.2, 0.1, 0.01, 0.39, 0.15, 0.1, 0.05],
    [0.1, 0.1, 0.1, 0.1, 0.1, 0.06, 0.44],
]


@pytest.fixture(autouse=True)
def clips(monkeypatch):
    """Clips of 2 to 7 frames in place of video files: example n has n + 2 of them."""
    monkeypatch.setattr("pipelines.video.evaluate.raw_arrays", lambda number, settings: clip(number))


def clip(number):
    return {"frames": np.full((number + 2, 4, 6, 3), number, np.uint8), "length": np.int32(number + 2)}


def predictor(inputs):
    """Answers padded as a batch pads them."""
    numbers = [int(arrays["length"]) - 2 for arrays in inputs]
    weights = [np.pad(np.full(number + 2, 1 / (number + 2)), (0, 5 - number)) for number in numbers]
    return [
        {"probabilities": np.array(PROBABILITIES[number], "float32"), "attention": one}
        for number, one in zip(numbers, weights, strict=True)
    ]


def examples(groups=None):
    return [Example(f"{n}.avi", n, label, "test", groups and groups[n]) for n, label in enumerate(TRUTH)]


def test_metrics_by_hand():
    found = evaluate(predictor, examples(), ASSETS, Settings())
    assert found.metrics["accuracy"] == pytest.approx(3 / 6)
    assert found.metrics["top5_accuracy"] == pytest.approx(4 / 6)
    # a: 1 right, 1 missed, 0 wrong; b: 1 right, 1 missed, 1 wrong; g: right; c and d: never right; e, f: never seen.
    assert found.metrics["macro_f1"] == pytest.approx((2 / 3 + 1 / 2 + 1) / 7)
    right = [0.44, 0.26, 0.6, 0.02, 0.01, 0.44]
    assert found.metrics["loss"] == pytest.approx(-sum(map(math.log, right)) / 6, rel=1e-6)
    # Bins are 1/15 wide: 0.39 is in the one before 0.44.
    assert found.metrics["calibration_error"] == pytest.approx((0.39 + abs(2 - 4 * 0.44) + abs(1 - 0.6)) / 6, abs=1e-6)
    assert found.details["classes"]["b"] == pytest.approx({"precision": 0.5, "recall": 0.5, "f1": 0.5, "examples": 2})
    assert found.samples["example"][:3] == ["1.avi", "3.avi", "4.avi"]


def test_groups_have_figures_of_their_own():
    found = evaluate(predictor, examples(["x", "x", "x", "x", "y", "y"]), ASSETS, Settings())
    assert found.details["groups"] == {
        "x": {"accuracy": 0.5, "macro_f1": pytest.approx((2 / 3 + 1 / 2) / 7), "examples": 4},
        "y": {"accuracy": 0.5, "macro_f1": pytest.approx(1 / 7), "examples": 2},
    }


def test_pictures_can_be_drawn():
    import matplotlib.pyplot as plt

    pictures = evaluate(predictor, examples(), ASSETS, Settings()).pictures
    assert set(pictures) == {"confusion_matrix", "reliability", "clips", "attention"}
    for draw in pictures.values():
        figure = draw()
        figure.canvas.draw()
        assert figure.axes
        plt.close(figure)


def test_a_label_that_was_never_learned_is_named():
    with pytest.raises(UserError, match=r"0.avi: label 'run' was not in the training part; known: 'a', 'b'"):
        evaluate(predictor, [Example("0.avi", 0, "run", "test")], ASSETS, Settings())
