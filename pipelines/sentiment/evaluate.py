"""Probabilities to metrics, pictures and a table of samples."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, log_loss, precision_recall_fscore_support

from pipelines.sentiment.config import Settings
from pipelines.sentiment.data import raw_arrays
from suite.data.examples import Example
from suite.errors import UserError
from suite.pipeline import Evaluation, Predictor

SAMPLES = 50


def evaluate(predictor: Predictor, examples: Sequence[Example], assets: dict, settings: Settings) -> Evaluation:
    """Return accuracy, macro F1 (all classes of the model alike) and cross-entropy in nats.

    `details` has precision, recall, F1 and count of each class and, where examples have groups (languages), accuracy
    and macro F1 of each group; `samples` the most confident mistakes first.

    Raises:
        UserError: for an example whose label the model never learned.
    """
    labels = assets["labels"]
    truth = np.array([_index(example, labels) for example in examples])
    answers = predictor([raw_arrays(example.input, settings) for example in examples])
    probabilities = np.array([answer["probabilities"] for answer in answers], np.float64)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    predicted = probabilities.argmax(axis=1)
    classes = np.arange(len(labels))

    metrics = _scores(truth, predicted, classes)
    metrics["loss"] = float(log_loss(truth, probabilities, labels=classes))
    details = {"classes": _per_class(truth, predicted, labels)}
    groups = np.array([example.group or "" for example in examples])
    if len(set(groups)) > 1:
        details["groups"] = {
            group: _scores(truth[groups == group], predicted[groups == group], classes) for group in sorted(set(groups))
        }
        metrics["group_macro_f1"] = float(np.mean([scores["macro_f1"] for scores in details["groups"].values()]))
    return Evaluation(
        metrics,
        {"confusion_matrix": partial(_draw_confusion, confusion_matrix(truth, predicted, labels=classes), labels)},
        _samples(examples, truth, predicted, probabilities, labels),
        details,
    )


def _index(example: Example, labels: list[str]) -> int:
    try:
        return labels.index(example.target)
    except ValueError:
        known = ", ".join(map(repr, labels))
        raise UserError(
            f"{example.name}: label {example.target!r} was not in the training part; known: {known}"
        ) from None


def _scores(truth, predicted, classes) -> dict[str, float]:
    return {
        "accuracy": float(accuracy_score(truth, predicted)),
        "macro_f1": float(f1_score(truth, predicted, labels=classes, average="macro", zero_division=0)),
    }


def _per_class(truth, predicted, labels) -> dict[str, dict[str, float]]:
    rows = precision_recall_fscore_support(truth, predicted, labels=np.arange(len(labels)), zero_division=0)
    names = ("precision", "recall", "f1", "examples")
    return {
        label: {name: float(row[index]) for name, row in zip(names, rows, strict=True)}
        for index, label in enumerate(labels)
    }


def _samples(examples, truth, predicted, probabilities, labels) -> dict[str, list]:
    confidence = probabilities.max(axis=1)
    order = sorted(range(len(examples)), key=lambda row: (truth[row] == predicted[row], -confidence[row]))[:SAMPLES]
    return {
        "example": [examples[row].name for row in order],
        "text": [examples[row].input for row in order],
        "label": [labels[truth[row]] for row in order],
        "predicted": [labels[predicted[row]] for row in order],
        "confidence": [float(confidence[row]) for row in order],
    }


def _draw_confusion(counts, labels):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from sklearn.metrics import ConfusionMatrixDisplay

    side = 3 + 0.5 * len(labels)
    figure, axes = plt.subplots(figsize=(side + 1, side), layout="constrained")
    ConfusionMatrixDisplay(counts, display_labels=labels).plot(ax=axes, cmap="Blues", colorbar=False, values_format="d")
    axes.set(xlabel="predicted", ylabel="labelled")
    if len(labels) > 4:
        axes.tick_params(axis="x", rotation=45)
    return figure
