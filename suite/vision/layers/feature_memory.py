"""Features of clips that a frozen network has already seen."""

import hashlib
import json
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from suite.memory_cache import MemoryCache

if TYPE_CHECKING:
    import keras

_structures: WeakKeyDictionary = WeakKeyDictionary()  # of each network, which changes in its weights alone

CAPACITY_BYTES = 500_000_000


class FeatureMemory(MemoryCache):
    """Keeps arrays under digests of what they were computed from; the longest unused go when memory is full.

    Args:
        capacity: Bytes of arrays kept.
    """

    def __init__(self, capacity: int = CAPACITY_BYTES) -> None:
        super().__init__(capacity, replace=True)

    def recall(self, keys: Sequence[bytes], shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return what is kept of a batch; called from a graph.

        Args:
            keys: As `clip_key` gives them.
            shape: Of the features of one of them; what is kept may be shorter along the first axis.

        Returns:
            float32 `(batch, *shape)`, zeros behind what is shorter and for what is not kept; boolean `(batch,)`, whether
            it is; and the keys as uint8 `(batch, bytes)`, for `remember`.
        """
        remembered = [self.get(key) for key in keys]
        features = np.zeros((len(keys), *shape), np.float32)
        for row, row_features in enumerate(remembered):
            if row_features is not None:
                features[row, : len(row_features)] = row_features
        known = np.array([row_features is not None for row_features in remembered], bool)
        return features, known, np.array([np.frombuffer(key, np.uint8) for key in keys])

    def remember(self, features: np.ndarray, key: np.ndarray) -> np.ndarray:
        """Keep features under a key as `recall` gave it, and return them; called from a graph."""
        self.put(key.tobytes(), features.copy())
        return features


def network_key(network: "keras.Model", pooling: str) -> bytes:
    """Return what stands for a network, its weights and the way its maps are kept, for `clip_key`."""
    digest = hashlib.sha256(f"{network.input_shape} {network.output_shape} {pooling}".encode())
    if network not in _structures:
        _structures[network] = _structure(network)
    digest.update(_structures[network])
    for weight in network.weights:
        # A checksum tells weights that training changed; a digest of all of them would take as long as the pictures'.
        digest.update(zlib.crc32(np.ascontiguousarray(weight.numpy()).data).to_bytes(4))
    return digest.digest()


def _structure(network: "keras.Model") -> bytes:
    """Return a digest of what the layers are, whatever they are called: weights alone do not tell how pixels are scaled."""

    def plain(config: Any) -> Any:
        if isinstance(config, dict):
            return {key: plain(value) for key, value in config.items() if key not in ("name", "trainable")}
        return [plain(value) for value in config] if isinstance(config, list | tuple) else config

    digest, layers = hashlib.sha256(), list(network.layers)
    while layers:
        layer = layers.pop(0)
        inner = getattr(layer, "layers", None)
        config = {} if inner else plain(layer.get_config())
        digest.update(json.dumps([type(layer).__name__, config], sort_keys=True, default=str).encode())
        layers = [*inner, *layers] if inner else layers
    return digest.digest()


def clip_key(network: bytes, frames: np.ndarray) -> bytes:
    """Return the digest of a clip's pixels and of what stands for a network and its weights."""
    digest = hashlib.sha256(network)  # processors compute this one themselves: twice as fast as BLAKE2
    digest.update(repr((frames.shape, frames.dtype.str)).encode())
    digest.update(np.ascontiguousarray(frames).data)
    return digest.digest()
