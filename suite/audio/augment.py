"""Changes to samples that leave the words: speed, noise, gain, place, room. All take and return float32 `(samples,)`."""

import numpy as np


def change_speed(samples: np.ndarray, factor: float) -> np.ndarray:
    """Return the samples played `factor` times faster: shorter, and higher in pitch.

    Source: Ko et al. 2015, "Audio Augmentation for Speech Recognition".
    """
    import soxr

    if factor <= 0:
        raise ValueError(f"`factor` must be positive. Received: factor={factor}")
    if factor == 1:
        return samples
    return np.clip(soxr.resample(samples, factor, 1.0, quality="MQ"), -1, 1)


def add_noise(
    samples: np.ndarray, snr_db: float, generator: np.random.Generator, noise: np.ndarray | str = "white"
) -> np.ndarray:
    """Return the samples with noise whose mean power is `snr_db` decibels below theirs; silence stays silent.

    Args:
        samples: `(samples,)`.
        snr_db: Signal-to-noise ratio in dB.
        generator: Draws the noise, or where in `noise` it begins.
        noise: `"white"` (the same power at every frequency), `"pink"` (3 dB less with every octave), or samples at the same
            rate, which are repeated where they are shorter.
    """
    if not np.any(samples):
        return samples
    if isinstance(noise, str):
        drawn = _coloured_noise(len(samples), noise, generator)
    else:
        start = generator.integers(len(noise))
        drawn = np.take(noise, np.arange(start, start + len(samples)), mode="wrap")
    power = np.mean(np.square(drawn, dtype=np.float64))
    if power == 0:
        return samples
    level = np.sqrt(np.mean(np.square(samples, dtype=np.float64)) / power) * 10 ** (-snr_db / 20)
    return np.clip(samples + level * drawn, -1, 1).astype(np.float32)


def apply_gain(samples: np.ndarray, db: float) -> np.ndarray:
    """Return the samples `db` decibels louder, cut off at full scale."""
    return np.clip(samples * np.float32(10 ** (db / 20)), -1, 1)


def shift(samples: np.ndarray, places: int) -> np.ndarray:
    """Return the samples later by `places`, earlier where that is below 0, as many as before, with silence for what is left."""
    places = max(-len(samples), min(places, len(samples)))
    silence = np.zeros(abs(places), samples.dtype)
    return np.concatenate([silence, samples[: len(samples) - places]] if places > 0 else [samples[-places:], silence])


def add_room(samples: np.ndarray, decay: int, generator: np.random.Generator) -> np.ndarray:
    """Return the samples as heard in a made room, as many and as loud as before.

    The response of the room is the direct sound and a tail of noise that falls by 60 dB within `decay` samples.

    Source: Polack 1988, exponentially decaying Gaussian noise.
    """
    from scipy.signal import fftconvolve

    response = generator.standard_normal(decay) * 10 ** (-3 * np.arange(decay) / decay)
    response *= generator.uniform(0.2, 1) / np.sqrt(np.sum(np.square(response)) or 1)
    response[:1] = 1
    heard = fftconvolve(samples, response)[: len(samples)]
    loudness, before = np.sqrt(np.mean(np.square(heard))), np.sqrt(np.mean(np.square(samples, dtype=np.float64)))
    return np.clip(heard * (before / loudness if loudness else 1), -1, 1).astype(np.float32)


def _coloured_noise(size: int, colour: str, generator: np.random.Generator) -> np.ndarray:
    if colour not in ("white", "pink"):
        raise ValueError(f"`noise` must be 'white', 'pink' or samples. Received: noise={colour!r}")
    white = generator.standard_normal(size, np.float32)
    if colour == "white" or size < 2:
        return white
    spectrum = np.fft.rfft(white)
    spectrum[0] = 0
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    return np.fft.irfft(spectrum, size)
