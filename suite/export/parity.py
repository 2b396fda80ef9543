"""How close an exported file's answers are to the trained model's."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from suite.pipeline import Arrays


@dataclass(frozen=True)
class Difference:
    """How answers differ.

    Attributes:
        largest: Largest absolute difference of a real number; of its `exp` where the output is a logarithm; relative to
            the largest where it has no unit.
        agreement: For each output of whole numbers (text, counts) the share of inputs whose answers are equal.
    """

    largest: float
    agreement: dict[str, float]


def compare(
    ours: Sequence[Arrays],
    reference: Sequence[Arrays],
    logarithms: Sequence[str] = (),
    relative: Sequence[str] = (),
    decisions: Sequence[str] = (),
) -> Difference:
    """Return the difference over all outputs that both give.

    Answers may be padded to different lengths: the padding of the longer one counts as a difference from zero.

    Args:
        ours, reference: One dict of output arrays per input.
        logarithms: Outputs whose `exp` is compared.
        relative: Outputs whose difference is divided by the largest number of the reference's.
        decisions: Outputs of whole numbers; an input where one of them differs counts in their agreement alone.
    """
    worst = 0.0
    alike: dict[str, list[bool]] = {}
    scales = {name: max(float(np.abs(answer[name]).max(initial=0)) for answer in reference) or 1.0 for name in relative}
    for mine, theirs in zip(ours, reference, strict=True):
        decided = all(np.array_equal(*_same_shape(mine[name], theirs[name])) for name in decisions)
        for name in sorted(mine.keys() & theirs.keys()):
            a, b = np.asarray(mine[name]), np.asarray(theirs[name])
            if a.dtype.kind not in "fc":
                alike.setdefault(name, []).append(np.array_equal(*_same_shape(a, b)))
                continue
            if not decided:
                continue
            a, b = a.astype(np.float64), b.astype(np.float64)
            if name in logarithms:
                a, b = np.exp(a), np.exp(b)
            difference = np.subtract(*_same_shape(a, b)) / scales.get(name, 1.0)
            if not np.isfinite(difference).all():
                worst = float("inf")
            else:
                worst = max(worst, float(np.abs(difference).max(initial=0)))
    return Difference(worst, {name: float(np.mean(equal)) for name, equal in alike.items()})


def _same_shape(*arrays: np.ndarray) -> list[np.ndarray]:
    """Return arrays padded with zeros to one shape."""
    if arrays[0].shape == arrays[1].shape:
        return list(arrays)
    shape = np.maximum(*(array.shape for array in arrays))
    return [
        np.pad(array, [(0, most - size) for most, size in zip(shape, array.shape, strict=True)]) for array in arrays
    ]
