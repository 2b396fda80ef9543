"""Changes to the samples of a training clip, drawn anew in every epoch and the same in every run."""

import math

import numpy as np

from pipelines.speech.config import Settings
from pipelines.speech.transcripts import step_count


def is_augmented(settings: Settings, epoch: int) -> bool:
    """Return whether the clips of an epoch, counted from 0, are changed."""
    changes = settings.speed != (1.0, 1.0) or settings.noise_snr_db or settings.gain_db or settings.shift_seconds
    return bool(changes) and epoch >= settings.augment_from_epoch


def longest(samples: int, settings: Settings) -> int:
    """Return how many samples a clip of so many may become."""
    silence = math.ceil(settings.shift_seconds * settings.sample_rate)
    return math.ceil(samples / settings.speed[0]) + 2 * silence


def augment(samples: np.ndarray, settings: Settings, epoch: int, index: int, needed: int = 0) -> np.ndarray:
    """Return a clip as it is heard in one epoch: another speed, silence before and after, louder or softer, with noise.

    What is drawn depends on the seed, the epoch and the example's index alone.

    Args:
        samples: float32 `(samples,)` in [-1, 1].
        needed: Steps that the clip's target needs: a speed that leaves fewer is not applied.
    """
    from suite.audio.augment import add_noise, apply_gain, change_speed

    generator = np.random.default_rng([settings.seed, epoch, index])
    speed, before, after, gain, ratio = generator.uniform(size=5)
    speed = settings.speed[0] + speed * (settings.speed[1] - settings.speed[0])
    if speed != 1 and step_count(int(len(samples) / speed) - 1, settings) >= needed:
        samples = change_speed(samples, speed)
    if settings.shift_seconds:
        silence = settings.shift_seconds * settings.sample_rate
        samples = np.pad(samples, (int(before * silence), int(after * silence)))
    if settings.gain_db:
        samples = apply_gain(samples, (2 * gain - 1) * settings.gain_db)
    if settings.noise_snr_db:
        low, high = settings.noise_snr_db
        samples = add_noise(samples, low + ratio * (high - low), generator)
    return samples
