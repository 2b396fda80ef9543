"""Decoded audio kept in memory."""

from pathlib import Path

import numpy as np

from suite.audio.read import read_audio
from suite.errors import naming
from suite.memory_cache import FileCache

FULL_SCALE = 32768


class AudioCache:
    """Samples of files at one rate, decoded once as long as there is room; threads may share it.

    Samples are kept in 16 bits. Files beyond the limit are decoded each time.

    Args:
        sample_rate: In Hz.
        megabytes: The limit, in 10**6 bytes; 0 keeps nothing.
    """

    def __init__(self, sample_rate: int, megabytes: float = 1024) -> None:
        self.sample_rate = sample_rate
        self._files = FileCache(megabytes, self._decode)

    def get(self, path: Path | str) -> np.ndarray:
        """Return the samples of a file, float32 `(samples,)` in [-1, 1], in steps of 1 / 32768.

        Raises:
            UserError: as `read_audio`.
        """
        return self._files.get(str(path)).astype(np.float32) / FULL_SCALE

    def _decode(self, path: str) -> np.ndarray:
        with naming(path):
            samples = read_audio(path, self.sample_rate)
        return np.clip(np.round(samples * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
