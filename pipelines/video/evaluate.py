"""Probabilities to metrics, pictures and a table of samples."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from sklearn.metrics import accuracy_score, f1_score, log_loss

from pipelines.video.config import Settings
from pipelines.video.data import raw_arrays
from suite.data.classification import calibration_error, class_scores, draw_confusion, draw_reliability
from suite.data.examples import Example
from suite.data.labels import label_index
from suite.pipeline import Evaluation, spread
from suite.signature import Predictor

SAMPLES = 50
SHOWN_CLIPS = 16
AT_ONCE = 128


def evaluate(predictor: Predictor, examples: Sequence[Example], assets: dict, settings: Settings) -> Evaluation:
    """Return accuracy, top-5 accuracy, macro F1, cross-entropy in nats and calibration error.

    `details` has precision, recall, F1 and count of each class and, where examples have groups (scenes, speakers), the
    accuracy and count of each; `samples` the most confident mistakes first. The pictures show the confusions, how far
    confidence can be believed, frames of some clips with their answers, and the weight of each frame.

    Raises:
        UserError: for an example whose label the model never learned, or whose video can no longer be read.
    """
    labels = assets["labels"]
    truth = np.array([label_index(example, labels) for example in examples])
    answers = []
    for start in range(0, len(examples), AT_ONCE):
        inputs = [raw_arrays(example.input, settings) for example in examples[start : start + AT_ONCE]]
        found = predictor(inputs)
        for arrays, answer in zip(inputs, found, strict=True):
            weights = answer.get("attention")
            answers.append((answer["probabilities"], None if weights is None else weights[: int(arrays["length"])]))
    probabilities = np.array([answer for answer, _ in answers], np.float64)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    classes = np.arange(len(labels))
    right = predicted == truth

    metrics = {
        "accuracy": float(accuracy_score(truth, predicted)),
        "top5_accuracy": float(np.mean((probabilities > probabilities[range(len(truth)), truth, None]).sum(1) < 5)),
        "macro_f1": float(f1_score(truth, predicted, labels=classes, average="macro", zero_division=0)),
        "loss": float(log_loss(truth, probabilities, labels=classes)),
        "calibration_error": calibration_error(confidence, right),
    }
    details = {"classes": class_scores(truth, predicted, labels)}
    groups = np.array([example.group or "" for example in examples])
    if len(set(groups)) > 1:
        details["groups"] = {
            group: {"accuracy": float(right[groups == group].mean()), "examples": int((groups == group).sum())}
            for group in sorted(set(groups))
        }
    order = sorted(range(len(examples)), key=lambda row: (right[row], -confidence[row]))
    shown = spread(order, SHOWN_CLIPS)
    texts = [f"{labels[one]} {share:.2f}" for one, share in zip(predicted, confidence, strict=True)]
    pictures = {
        "confusion_matrix": partial(draw_confusion, truth, predicted, labels),
        "reliability": partial(draw_reliability, confidence, right),
        "clips": partial(_draw_clips, [examples[row] for row in shown], [texts[row] for row in shown], settings),
    }
    if all(answers[row][1] is not None for row in shown):
        titles = [f"{examples[row].name}: {texts[row]}" for row in shown]
        pictures["attention"] = partial(_draw_weights, [answers[row][1] for row in shown], titles)
    return Evaluation(metrics, pictures, _samples(examples, order[:SAMPLES], predicted, confidence, labels), details)


def _samples(examples, rows, predicted, confidence, labels) -> dict[str, list]:
    return {
        "example": [examples[row].name for row in rows],
        "label": [examples[row].target for row in rows],
        "predicted": [labels[predicted[row]] for row in rows],
        "confidence": [float(confidence[row]) for row in rows],
    }


def _draw_clips(examples, texts, settings):
    from suite.vision.contact_sheet import draw_contact_sheet

    clips = [raw_arrays(example.input, settings)["frames"] for example in examples]
    wrong = [text.rpartition(" ")[0] != example.target for example, text in zip(examples, texts, strict=True)]
    titles = [f"{example.name} ({example.target}): {text}" for example, text in zip(examples, texts, strict=True)]
    return draw_contact_sheet(clips, titles, wrong)


def _draw_weights(attentions, titles):
    from suite.vision.contact_sheet import draw_attention

    return draw_attention(attentions, titles)
