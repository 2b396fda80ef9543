import numpy as np
import pytest


@pytest.fixture(scope="session")
def speech():
    """`speech(seconds, sample_rate)`: float64 samples with what speech has: a gliding tone, harmonics, noise, a pause."""

    def make(seconds=1.0, sample_rate=16000, seed=0):
        generator = np.random.default_rng(seed)
        time = np.arange(int(seconds * sample_rate)) / sample_rate
        pitch = 120 + 30 * np.sin(2 * np.pi * 0.7 * time)
        phase = 2 * np.pi * np.cumsum(pitch) / sample_rate
        voice = sum(np.sin(k * phase) / k for k in range(1, 12)) * (0.5 + 0.5 * np.sin(2 * np.pi * 3 * time))
        loud = (time % 0.8 < 0.6) * 0.2
        return loud * (voice + 0.3 * generator.standard_normal(len(time))) + 1e-3 * generator.standard_normal(len(time))

    return make
