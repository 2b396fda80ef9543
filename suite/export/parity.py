"""How close an exported file's answers are to the trained model's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from suite.signature import Arrays, Output


@dataclass(frozen=True)
class Difference:
    """How answers differ.

    Attributes:
        outputs: For each output of real numbers the largest absolute difference, of what its kind says is compared.
        agreement: For each output of whole numbers (text, counts) the share of inputs whose answers are equal.
    """

    outputs: dict[str, float]
    agreement: dict[str, float]

    @property
    def largest(self) -> float:
        """The largest difference of any output of real numbers."""
        return max(self.outputs.values(), default=0.0)


def compare(ours: Sequence[Arrays], reference: Sequence[Arrays], outputs: Mapping[str, Output]) -> Difference:
    """Return the difference over all outputs that both give, each compared as its kind says.

    Answers may be padded to different lengths: the padding of the longer one counts as a difference from zero.

    Args:
        ours, reference: One dict of output arrays per input.
        outputs: What the signature says of each.
    """
    differences: dict[str, float] = {}
    equal: dict[str, list[bool]] = {}
    decisions = [name for name, output in outputs.items() if output.kind.decides]
    scales = {
        name: max((float(np.abs(answer[name]).max(initial=0)) for answer in reference), default=0.0) or 1.0
        for name, output in outputs.items()
        if output.kind.relative and all(name in answer for answer in reference)
    }
    for mine, theirs in zip(ours, reference, strict=True):
        decided = all(np.array_equal(*_same_shape(mine[name], theirs[name])) for name in decisions)
        for name in sorted(mine.keys() & theirs.keys()):
            kind = outputs[name].kind
            first, second = np.asarray(mine[name]), np.asarray(theirs[name])
            if kind.whole:
                equal.setdefault(name, []).append(np.array_equal(*_same_shape(first, second)))
                continue
            if not decided:
                continue
            first, second = first.astype(np.float64), second.astype(np.float64)
            if kind.transform is not None:
                first, second = kind.transform(first), kind.transform(second)
            difference = np.abs(np.subtract(*_same_shape(first, second))) / scales.get(name, 1.0)
            largest = float(difference.max(initial=0)) if np.isfinite(difference).all() else float("inf")
            differences[name] = max(differences.get(name, 0.0), largest)
    return Difference(differences, {name: float(np.mean(values)) for name, values in equal.items()})


def _same_shape(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return two arrays, both padded with zeros to one shape."""
    if first.shape == second.shape:
        return first, second
    shape = np.maximum(first.shape, second.shape)
    padded = (
        np.pad(array, [(0, longest - size) for longest, size in zip(shape, array.shape, strict=True)])
        for array in (first, second)
    )
    return next(padded), next(padded)
