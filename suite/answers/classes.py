"""Answer kind `classes`: one of the labels of a model, with the probability of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from suite.answers.kind import AnswerKind, FileContents
from suite.answers.outputs import PROBABILITY, WEIGHT
from suite.data.classification import calibration_error, class_scores, draw_confusion, draw_reliability
from suite.data.examples import Example, Examples
from suite.data.labels import check_labels, label_index
from suite.errors import UserError
from suite.inputs.calls import Call, GuideSources
from suite.pipeline import Evaluation
from suite.signature import Arrays, Output, Predictor

METRICS = {
    "accuracy": ("max", "fraction"),
    "macro_f1": ("max", "fraction"),
    "loss": ("min", "nats"),
    "top5_accuracy": ("max", "fraction"),
    "calibration_error": ("min", "fraction"),
    "group_macro_f1": ("max", "fraction"),
}
PROBABILITIES, WEIGHTS = "probabilities", "attention"
SAMPLES = 50
TOP = 5
EXAMPLES_AT_ONCE = 128


@dataclass(frozen=True)
class Label:
    """The most probable class, and the probability of each."""

    label: str
    scores: dict[str, float]

    def lines(self) -> list[str]:
        """Return the label and its probability, for the terminal."""
        return [f"{self.label} {self.scores[self.label]:.3f}"]


@dataclass(frozen=True, eq=False)
class Scores:
    """The answers to a part of the data beside its labels.

    Attributes:
        truth, predicted: Places in `labels`, integers `(examples,)`.
        probabilities: float64 `(examples, classes)`, adding up to 1.
        weights: How much each step counted, `(steps,)` of each example; None where the file does not give them.
        order: Rows, the most confident mistakes first, then the most confident right answers.
    """

    truth: np.ndarray
    predicted: np.ndarray
    probabilities: np.ndarray
    weights: list[np.ndarray | None]
    order: list[int]

    @property
    def confidence(self) -> np.ndarray:
        """The probability of each answer, `(examples,)`."""
        return self.probabilities.max(axis=1)


def class_outputs(labels: Sequence[str], step: str) -> dict[str, Output]:
    """Return the outputs of a signature that answers with a class.

    Args:
        labels: Of the model.
        step: What attention weighs: `"token"`, `"frame"`.
    """
    return {
        PROBABILITIES: Output(PROBABILITY, "probability of each class, in the order of the labels", labels=labels),
        WEIGHTS: Output(WEIGHT, f"how much each {step} counted; adds up to 1, 0 for padding", in_chunk=False),
    }


def to_label(probabilities: np.ndarray, labels: Sequence[str]) -> Label:
    """Return the answer that probabilities `(classes,)` mean."""
    scores = {label: float(score) for label, score in zip(labels, probabilities, strict=True)}
    return Label(max(scores, key=scores.__getitem__), scores)


def answer(outputs: Arrays, raw_input: Any, assets: dict[str, Any], settings: Any) -> Label:
    """Return the answer to one raw input; `assets` has `labels`."""
    return to_label(outputs[PROBABILITIES], assets["labels"])


def score(
    predictor: Predictor,
    examples: Sequence[Example],
    raw_arrays: Callable[[Any, Any], Arrays],
    assets: dict[str, Any],
    settings: Any,
) -> Scores:
    """Return the answers to examples beside their labels; no more raw inputs are in memory than are answered at once.

    Raises:
        UserError: for an example whose label the model never learned, or that can no longer be read.
    """
    truth = np.array([label_index(example, assets["labels"]) for example in examples])
    # Texts are small, and are best batched by length over the whole part.
    at_once = max(1, len(examples)) if _are_texts(examples) else EXAMPLES_AT_ONCE
    answers = []
    for start in range(0, len(examples), at_once):
        inputs = [raw_arrays(example.input, settings) for example in examples[start : start + at_once]]
        for arrays, outputs in zip(inputs, predictor(inputs), strict=True):
            weights = outputs.get(WEIGHTS)
            if weights is not None and "length" in arrays:
                weights = weights[: int(arrays["length"])]
            answers.append((outputs[PROBABILITIES], weights))
    probabilities = np.array([row for row, _ in answers], np.float64)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    order = sorted(range(len(examples)), key=lambda row: (predicted[row] == truth[row], -confidence[row]))
    return Scores(truth, predicted, probabilities, [weights for _, weights in answers], order)


def evaluate(
    predictor: Predictor,
    examples: Sequence[Example],
    raw_arrays: Callable[[Any, Any], Arrays],
    assets: dict[str, Any],
    settings: Any,
) -> Evaluation:
    """Return the figures of `figures`, the confusions, how far confidence can be believed, and the worst samples.

    Raises:
        UserError: as `score`.
    """
    return to_evaluation(score(predictor, examples, raw_arrays, assets, settings), examples, assets["labels"])


def to_evaluation(scores: Scores, examples: Sequence[Example], labels: Sequence[str]) -> Evaluation:
    """Return metrics, pictures, the most confident mistakes first, and the figures of each class and group."""
    groups = np.array([example.group or "" for example in examples])
    details: dict[str, Any] = {"classes": class_scores(scores.truth, scores.predicted, labels)}
    metrics = figures(scores, labels)
    if len(set(groups)) > 1:
        details["groups"] = {group: _group_figures(scores, groups == group, labels) for group in sorted(set(groups))}
        metrics["group_macro_f1"] = float(np.mean([row["macro_f1"] for row in details["groups"].values()]))
    pictures = {
        "confusion_matrix": partial(draw_confusion, scores.truth, scores.predicted, labels),
        "reliability": partial(draw_reliability, scores.confidence, scores.predicted == scores.truth),
    }
    return Evaluation(metrics, pictures, _samples(scores, examples, labels), details)


def figures(scores: Scores, labels: Sequence[str]) -> dict[str, float]:
    """Return accuracy, macro F1 (all classes of the model alike), cross-entropy in nats and calibration error.

    Where the model has more than five classes, `top5_accuracy` is the share of examples whose class is among the five most
    probable.
    """
    from sklearn.metrics import log_loss

    right = scores.predicted == scores.truth
    metrics = _accuracy_and_f1(scores.truth, scores.predicted, labels)
    metrics["loss"] = float(log_loss(scores.truth, scores.probabilities, labels=np.arange(len(labels))))
    if len(labels) > TOP:
        of_truth = scores.probabilities[np.arange(len(scores.truth)), scores.truth, None]
        metrics["top5_accuracy"] = float(np.mean((scores.probabilities > of_truth).sum(1) < TOP))
    metrics["calibration_error"] = calibration_error(scores.confidence, right)
    return metrics


def _accuracy_and_f1(truth: np.ndarray, predicted: np.ndarray, labels: Sequence[str]) -> dict[str, float]:
    from sklearn.metrics import accuracy_score, f1_score

    classes = np.arange(len(labels))
    return {
        "accuracy": float(accuracy_score(truth, predicted)),
        "macro_f1": float(f1_score(truth, predicted, labels=classes, average="macro", zero_division=0)),
    }


def _group_figures(scores: Scores, rows: np.ndarray, labels: Sequence[str]) -> dict[str, float]:
    return _accuracy_and_f1(scores.truth[rows], scores.predicted[rows], labels) | {"examples": int(rows.sum())}


def _samples(scores: Scores, examples: Sequence[Example], labels: Sequence[str]) -> dict[str, list]:
    rows = scores.order[:SAMPLES]
    # A text says what the example is; the path of a file only says again what its name does.
    typed = _are_texts([examples[row] for row in rows])
    return {
        "example": [examples[row].name for row in rows],
        **({"text": [examples[row].input for row in rows]} if typed else {}),
        "label": [labels[scores.truth[row]] for row in rows],
        "predicted": [labels[scores.predicted[row]] for row in rows],
        "confidence": [float(scores.confidence[row]) for row in rows],
    }


def _are_texts(examples: Sequence[Example]) -> bool:
    return all(isinstance(example.input, str) for example in examples)


def check_parts(examples: Examples, settings: Any, assets: dict[str, Any] | None = None) -> Examples:
    """Return the examples whose labels train holds, or the trained model of `assets`; as `check_labels`."""
    return check_labels(examples, assets and assets["labels"])


def page(contents: FileContents) -> tuple[dict[str, Any], dict[str, tuple[str, ...]]]:
    """Return what the module of the page needs to know, and the output that it reads: the one with a number per label.

    Raises:
        UserError: if the file has no labels, or no such output.
    """
    for name, details in contents.outputs.items():
        if contents.labels and details["dtype"] == "float32" and details["shape"] == [1, len(contents.labels)]:
            listening = {key: contents.front_end[key] for key in ("listening",) if key in contents.front_end}
            return {"labels": contents.labels, "output": name, **listening}, {contents.signature: (name,)}
    received = ", ".join(f"{name}: {details['dtype']}{details['shape']}" for name, details in contents.outputs.items())
    raise UserError(
        f"{contents.path}: a page shows the probabilities of labels, float32[1, labels]. "
        f"Received: {len(contents.labels)} labels and {received}"
    )


def guide(call: Call, source: GuideSources, labels: Sequence[str], front_end: dict[str, Any]) -> GuideSources | None:
    """Return the sources that read the probability of each label."""
    scores = call.output_of(PROBABILITY.name)
    if scores is None or not labels or scores.shape[-1:] != (len(labels),):
        return None
    returns = {"python": "dict[str, float]", "swift": "[String: Float]"}
    return GuideSources("classes", {"output": scores.name}, returns=returns)


CLASSES = AnswerKind("classes", METRICS, page, ("labels",), answer, evaluate, check_parts=check_parts, guide=guide)
