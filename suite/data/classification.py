"""Figures and pictures of a classifier's answers."""

from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure


CALIBRATION_BINS = 15


def class_scores(truth: np.ndarray, predicted: np.ndarray, labels: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return precision, recall, F1 and count of examples of each class; 0 where there is nothing to divide by.

    Args:
        truth, predicted: Places in `labels`, integers `(examples,)`.
    """
    from sklearn.metrics import precision_recall_fscore_support

    rows = precision_recall_fscore_support(truth, predicted, labels=np.arange(len(labels)), zero_division=0)
    names = ("precision", "recall", "f1", "examples")
    return {
        label: {name: float(row[index]) for name, row in zip(names, rows, strict=True)}
        for index, label in enumerate(labels)
    }


def calibration_error(confidence: np.ndarray, right: np.ndarray) -> float:
    """Return the expected calibration error: the mean of |accuracy - confidence| over bins of equal width, by their size.

    Args:
        confidence: Probability of each answer given, float `(examples,)`.
        right: Whether it is right, boolean `(examples,)`.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", with 15 bins.
    """
    bins = _bins(confidence)
    gaps = [abs((right[bins == number] - confidence[bins == number]).sum()) for number in np.unique(bins)]
    return float(sum(gaps) / len(confidence))


def _bins(confidence: np.ndarray) -> np.ndarray:
    """Return the number of the bin that each confidence falls in; 1 falls in the last."""
    return np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)


def draw_reliability(confidence: np.ndarray, right: np.ndarray) -> "Figure":
    """Return a matplotlib figure of accuracy over confidence; the arguments are those of `calibration_error`."""
    plt = _pyplot()
    bins = _bins(confidence)
    used = np.unique(bins)
    figure, axes = plt.subplots(figsize=(5, 5), layout="constrained")
    heights = [right[bins == number].mean() for number in used]
    axes.bar(
        used / CALIBRATION_BINS,
        heights,
        1 / CALIBRATION_BINS,
        align="edge",
        edgecolor="white",
        label="of this confidence",
    )
    axes.plot([0, 1], [0, 1], "--", color="gray", label="as confident as right")
    axes.set(xlabel="confidence", ylabel="accuracy", xlim=(0, 1), ylim=(0, 1))
    axes.legend()
    return figure


def draw_confusion(truth: np.ndarray, predicted: np.ndarray, labels: Sequence[str]) -> "Figure":
    """Return a matplotlib figure of how often each class was answered for each; arguments as in `class_scores`."""
    from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix

    plt = _pyplot()
    side = 3 + 0.4 * len(labels)
    figure, axes = plt.subplots(figsize=(side + 1, side), layout="constrained")
    counts = confusion_matrix(truth, predicted, labels=np.arange(len(labels)))
    ConfusionMatrixDisplay(counts, display_labels=labels).plot(ax=axes, cmap="Blues", colorbar=False, values_format="d")
    axes.set(xlabel="predicted", ylabel="labelled")
    if len(labels) > 4:
        axes.tick_params(axis="x", rotation=45)
    return figure


def _pyplot() -> ModuleType:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    return plt
