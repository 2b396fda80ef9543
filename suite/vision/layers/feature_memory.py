"""Features of clips that a frozen network has already seen."""

import hashlib
import threading
from collections import OrderedDict

import numpy as np

CAPACITY_BYTES = 500_000_000


class FeatureMemory:
    """Keeps arrays under digests of what they were computed from; the longest unused go when memory is full.

    Args:
        capacity: Bytes of arrays kept.
    """

    def __init__(self, capacity: int = CAPACITY_BYTES):
        self.capacity = capacity
        self._kept: OrderedDict[bytes, np.ndarray] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: bytes) -> np.ndarray | None:
        """Return what is kept under a key, or None."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: bytes, features: np.ndarray) -> None:
        """Keep an array under a key."""
        with self._lock:
            if key not in self._kept:
                self._kept[key] = features
                self._bytes += features.nbytes
            while self._bytes > self.capacity:
                self._bytes -= self._kept.popitem(last=False)[1].nbytes


def clip_key(network: bytes, frames: np.ndarray) -> bytes:
    """Return the digest of a clip's pixels and of what stands for a network and its weights."""
    digest = hashlib.sha256(network)  # processors compute this one themselves: twice as fast as BLAKE2
    digest.update(repr((frames.shape, frames.dtype.str)).encode())
    digest.update(np.ascontiguousarray(frames))
    return digest.digest()
