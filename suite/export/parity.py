"""How close an exported file's answers are to the trained model's."""

from collections.abc import Sequence

import numpy as np

from suite.pipeline import Arrays


def largest_difference(ours: Sequence[Arrays], reference: Sequence[Arrays]) -> float:
    """Return the largest absolute difference over all outputs that both give.

    Answers may be padded to different lengths: the padding of the longer one counts as a difference from zero.
    """
    worst = 0.0
    for mine, theirs in zip(ours, reference, strict=True):
        for name in mine.keys() & theirs.keys():
            a, b = (np.asarray(answer[name], np.float64) for answer in (mine, theirs))
            shape = np.maximum(a.shape, b.shape)
            difference = np.zeros(shape)
            difference[tuple(map(slice, a.shape))] += a
            difference[tuple(map(slice, b.shape))] -= b
            worst = max(worst, float(np.abs(difference).max(initial=0)))
            if not np.isfinite(difference).all():
                return float("inf")
    return worst
