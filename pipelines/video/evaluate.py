"""Probabilities to metrics, pictures and a table of samples."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, log_loss, precision_recall_fscore_support

from pipelines.video.config import Settings
from pipelines.video.data import raw_arrays
from suite.data.examples import Example
from suite.errors import UserError
from suite.pipeline import Evaluation, Predictor, spread

SAMPLES = 50
SHOWN_CLIPS = 16
AT_ONCE = 128
CALIBRATION_BINS = 15


def evaluate(predictor: Predictor, examples: Sequence[Example], assets: dict, settings: Settings) -> Evaluation:
    """Return accuracy, top-5 accuracy, macro F1, cross-entropy in nats and calibration error.

    `details` has precision, recall, F1 and count of each class and, where examples have groups (scenes, speakers), the
    accuracy and count of each; `samples` the most confident mistakes first. The pictures show the confusions, how far
    confidence can be believed, frames of some clips with their answers, and the weight of each frame.

    Raises:
        UserError: for an example whose label the model never learned, or whose video can no longer be read.
    """
    labels = assets["labels"]
    truth = np.array([_index(example, labels) for example in examples])
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
    details = {"classes": _per_class(truth, predicted, labels)}
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
        "confusion_matrix": partial(_draw_confusion, confusion_matrix(truth, predicted, labels=classes), labels),
        "reliability": partial(_draw_reliability, confidence, right),
        "clips": partial(_draw_clips, [examples[row] for row in shown], [texts[row] for row in shown], settings),
    }
    if all(answers[row][1] is not None for row in shown):
        titles = [f"{examples[row].name}: {texts[row]}" for row in shown]
        pictures["attention"] = partial(_draw_weights, [answers[row][1] for row in shown], titles)
    return Evaluation(metrics, pictures, _samples(examples, order[:SAMPLES], predicted, confidence, labels), details)


def calibration_error(confidence: np.ndarray, right: np.ndarray) -> float:
    """Return the expected calibration error: the mean of |accuracy - confidence| over bins of equal width, by their size.

    Args:
        confidence: Probability of each answer given, float `(examples,)`.
        right: Whether it is right, boolean `(examples,)`.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", with 15 bins.
    """
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    gaps = [abs((right[bins == one] - confidence[bins == one]).sum()) for one in np.unique(bins)]
    return float(sum(gaps) / len(confidence))


def _index(example: Example, labels: list[str]) -> int:
    try:
        return labels.index(example.target)
    except ValueError:
        known = ", ".join(map(repr, labels))
        raise UserError(
            f"{example.name}: label {example.target!r} was not in the training part; known: {known}"
        ) from None


def _per_class(truth, predicted, labels) -> dict[str, dict[str, float]]:
    rows = precision_recall_fscore_support(truth, predicted, labels=np.arange(len(labels)), zero_division=0)
    names = ("precision", "recall", "f1", "examples")
    return {
        label: {name: float(row[index]) for name, row in zip(names, rows, strict=True)}
        for index, label in enumerate(labels)
    }


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


def _draw_confusion(counts, labels):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from sklearn.metrics import ConfusionMatrixDisplay

    side = 3 + 0.35 * len(labels)
    figure, axes = plt.subplots(figsize=(side + 1, side), layout="constrained")
    ConfusionMatrixDisplay(counts, display_labels=labels).plot(ax=axes, cmap="Blues", colorbar=False, values_format="d")
    axes.set(xlabel="predicted", ylabel="labelled")
    if len(labels) > 4:
        axes.tick_params(axis="x", rotation=45)
    return figure


def _draw_reliability(confidence, right):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    edges = np.linspace(0, 1, CALIBRATION_BINS + 1)
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    used = np.unique(bins)
    figure, axes = plt.subplots(figsize=(5, 5), layout="constrained")
    heights = [right[bins == one].mean() for one in used]
    axes.bar(
        edges[used], heights, 1 / CALIBRATION_BINS, align="edge", edgecolor="white", label="clips of this confidence"
    )
    axes.plot([0, 1], [0, 1], "--", color="gray", label="as confident as right")
    axes.set(xlabel="confidence", ylabel="accuracy", xlim=(0, 1), ylim=(0, 1))
    axes.legend()
    return figure
