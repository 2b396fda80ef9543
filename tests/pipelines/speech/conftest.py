"""Clips of tones that stand for words: a set in any format, made in milliseconds."""

import numpy as np
import pytest
import soundfile

RATE = 8000


def tone(seconds, rate=RATE, frequency=440.0, level=0.3):
    """Return float32 samples of a tone."""
    return (level * np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


@pytest.fixture
def write_tone():
    """Write a tone in the format that the ending of the path names; other frequencies make other contents."""

    def write(path, seconds=0.5, frequency=440.0, rate=RATE, **options):
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, tone(seconds, rate, frequency, **options), rate)
        return path

    return write
