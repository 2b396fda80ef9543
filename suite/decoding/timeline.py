"""The classes of a long input over time: what the answers to its windows add up to."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np


@dataclass(frozen=True)
class Segment:
    """A stretch of a recording or video with one class: its label, its start and end in seconds, and its mean probability."""

    label: str
    start: float
    end: float
    score: float


def merge_windows(
    spans: Sequence[tuple[float, float]] | np.ndarray, probabilities: np.ndarray, labels: Sequence[str]
) -> tuple[np.ndarray, list[Segment]]:
    """Return the mean probabilities over the whole time, and the segments.

    At each moment the probabilities of the windows over it are averaged; neighbouring moments with the same most
    probable class are one segment.

    Args:
        spans: Start and end of each window, seconds, in order, without gaps.
        probabilities: `(windows, classes)`.
        labels: Names of the classes.
    """
    spans = np.asarray(spans, np.float64)
    edges = np.unique(spans)
    moments = list(pairwise(edges))
    means = [probabilities[(spans[:, 0] < end) & (spans[:, 1] > start)].mean(axis=0) for start, end in moments]
    lengths = edges[1:] - edges[:-1]
    winners = [int(mean.argmax()) for mean in means]
    segments, begun = [], 0
    for place in range(1, len(moments) + 1):
        if place == len(moments) or winners[place] != winners[begun]:
            scores = [means[mean][winners[begun]] for mean in range(begun, place)]
            score = float(np.average(scores, weights=lengths[begun:place]))
            segments.append(Segment(labels[winners[begun]], float(edges[begun]), float(edges[place]), score))
            begun = place
    return np.average(means, axis=0, weights=lengths), segments
