"""CIDEr-D: how much a caption says what people said of the picture, rare words counting more."""

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple

Words = Sequence[Hashable]

LONGEST = 4  # words of an n-gram
SIGMA = 6.0  # words by which lengths may differ


class References(NamedTuple):
    """The captions of one picture made ready: for each n-gram the captions it is in and its weight there."""

    weights: dict[tuple, list[tuple[int, float]]]
    norms: list[list[float]]
    lengths: list[int]


class CiderD:
    """Scores captions of pictures; equal to `Cider` of pycocoevalcap, which is 100 MB of Java archives beside it.

    With `g(c)` the vector of a caption's n-grams, each counted and weighted by `ln(pictures / pictures it is said of)`:

        CIDEr-D = 10 mean_n mean_r [ exp(-(l_c - l_r)^2 / (2 sigma^2)) min(g_n(c), g_n(r)) . g_n(r) / (|g_n(c)| |g_n(r)|) ]

    for n = 1 to 4 over the references r, sigma = 6 (Vedantam et al. 2015, "CIDEr: Consensus-based Image Description
    Evaluation").

    Args:
        pictures: The captions of each picture, each a sequence of words (texts or numbers), from which is learned how
            rare an n-gram is: the references of all that is scored, or those of the training part.
    """

    def __init__(self, pictures: Iterable[Sequence[Words]]) -> None:
        self._frequency: Counter = Counter()
        count = 0
        for captions in pictures:
            self._frequency.update({gram for caption in captions for gram in _grams(caption)})
            count += 1
        self._most = math.log(max(1, count))

    def prepare(self, captions: Sequence[Words]) -> References:
        """Return the references of one picture, to be used for any number of its captions."""
        weights: dict[tuple, list[tuple[int, float]]] = {}
        norms = []
        for index, caption in enumerate(captions):
            vector = self._vector(caption)
            for gram, weight in vector.items():
                weights.setdefault(gram, []).append((index, weight))
            norms.append(_norms(vector))
        return References(weights, norms, [_length(caption) for caption in captions])

    def score(self, caption: Words, references: References) -> float:
        """Return CIDEr-D of one caption: 0, or more the better; 10 for the only reference itself."""
        vector = self._vector(caption)
        norms, length, total = _norms(vector), _length(caption), 0.0
        dots = [[0.0] * LONGEST for _ in references.lengths]
        for gram, weight in vector.items():
            for index, reference_weight in references.weights.get(gram, ()):
                dots[index][len(gram) - 1] += min(weight, reference_weight) * reference_weight
        for reference_dots, reference_norms, reference_length in zip(
            dots, references.norms, references.lengths, strict=True
        ):
            near = math.exp(-((length - reference_length) ** 2) / (2 * SIGMA**2))
            total += near * sum(
                dot / (norm * reference_weight)
                for dot, norm, reference_weight in zip(reference_dots, norms, reference_norms, strict=True)
                if dot
            )
        return 10 * total / (LONGEST * len(references.lengths))

    def _vector(self, caption: Words) -> dict[tuple[Hashable, ...], float]:
        frequency, most = self._frequency, self._most
        counts = Counter(_grams(caption))
        return {gram: count * (most - math.log(frequency.get(gram, 1))) for gram, count in counts.items()}


def _grams(caption: Words) -> list[tuple[Hashable, ...]]:
    words = tuple(caption)
    return [words[at : at + size] for size in range(1, LONGEST + 1) for at in range(len(words) - size + 1)]


def _norms(vector: dict[tuple[Hashable, ...], float]) -> list[float]:
    squares = [0.0] * LONGEST
    for gram, weight in vector.items():
        squares[len(gram) - 1] += weight * weight
    return [math.sqrt(square) for square in squares]


def _length(caption: Words) -> int:
    return max(0, len(caption) - 1)  # pycocoevalcap counts pairs of words
