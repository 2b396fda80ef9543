"""Digests of the inputs that a model was trained on, by which an evaluation knows what it has learned by heart."""

import hashlib
from collections.abc import Iterable

import numpy as np

from suite.data.examples import Example

ASSET = "trained_on"  # the name that the digests have among a model's assets
DIGEST_BYTES = 8  # a million training inputs are 8 MB; of 10**13 new inputs one would be taken for one of them


def input_digests(examples: Iterable[Example]) -> np.ndarray:
    """Return the sorted digests of different inputs, uint64 `(inputs,)`: of SHA-256, the first 64 bits.

    A digest does not give an input back, but whoever has the very input can tell that it was trained on.
    """
    return np.unique(np.array([_digest(example) for example in examples], np.uint64))


def count_trained_on(examples: Iterable[Example], digests: np.ndarray) -> int:
    """Return how many examples have an input whose digest is among the sorted ones of `input_digests`."""
    looked_up = np.array([_digest(example) for example in examples], np.uint64)
    places = np.searchsorted(digests, looked_up)
    inside = places < len(digests)
    return int((digests[places[inside]] == looked_up[inside]).sum())


def _digest(example: Example) -> int:
    return int.from_bytes(hashlib.sha256(example.content_bytes).digest()[:DIGEST_BYTES], "little")
