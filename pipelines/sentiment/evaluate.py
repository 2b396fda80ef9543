"""Probabilities to metrics, pictures and a table of samples."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from sklearn.metrics import accuracy_score, f1_score, log_loss

from pipelines.sentiment.config import Settings
from pipelines.sentiment.data import raw_arrays
from suite.data.classification import class_scores, draw_confusion
from suite.data.examples import Example
from suite.data.labels import label_index
from suite.pipeline import Evaluation
from suite.signature import Predictor

SAMPLES = 50


def evaluate(predictor: Predictor, examples: Sequence[Example], assets: dict, settings: Settings) -> Evaluation:
    """Return accuracy, macro F1 (all classes of the model alike) and cross-entropy in nats.

    `details` has precision, recall, F1 and count of each class and, where examples have groups (languages), accuracy
    and macro F1 of each group; `samples` the most confident mistakes first.

    Raises:
        UserError: for an example whose label the model never learned.
    """
    labels = assets["labels"]
    truth = np.array([label_index(example, labels) for example in examples])
    answers = predictor([raw_arrays(example.input, settings) for example in examples])
    probabilities = np.array([answer["probabilities"] for answer in answers], np.float64)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    predicted = probabilities.argmax(axis=1)
    classes = np.arange(len(labels))

    metrics = _scores(truth, predicted, classes)
    metrics["loss"] = float(log_loss(truth, probabilities, labels=classes))
    details = {"classes": class_scores(truth, predicted, labels)}
    groups = np.array([example.group or "" for example in examples])
    if len(set(groups)) > 1:
        details["groups"] = {
            group: _scores(truth[groups == group], predicted[groups == group], classes) for group in sorted(set(groups))
        }
        metrics["group_macro_f1"] = float(np.mean([scores["macro_f1"] for scores in details["groups"].values()]))
    return Evaluation(
        metrics,
        {"confusion_matrix": partial(draw_confusion, truth, predicted, labels)},
        _samples(examples, truth, predicted, probabilities, labels),
        details,
    )


def _scores(truth, predicted, classes) -> dict[str, float]:
    return {
        "accuracy": float(accuracy_score(truth, predicted)),
        "macro_f1": float(f1_score(truth, predicted, labels=classes, average="macro", zero_division=0)),
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
