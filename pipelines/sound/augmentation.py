"""Changes to the samples of a training clip, drawn anew in every epoch and the same in every run."""

import math
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from pipelines.sound.config import Settings
from pipelines.sound.formats import sound_files
from suite.data.clip_batches import Batch
from suite.errors import UserError

NOISY_SHARE = 0.8  # of clips that noise is added to, where it is: the rest teach what a clip without noise is
MADE_SHARE = 0.2  # of noisy clips whose noise is made although there are recordings of it
ROOM_SECONDS = (0.1, 0.6)  # in which a made room falls silent (by 60 dB)


def is_augmented(settings: Settings) -> bool:
    """Return whether the samples of training clips are changed."""
    changes = settings.noise_snr_db, settings.reverb, settings.gain_db, settings.shift_seconds
    return any(changes) or settings.speed != (1.0, 1.0)


def longest(samples: int, settings: Settings) -> int:
    """Return how many samples a clip of so many may become."""
    return math.ceil(samples / settings.speed[0])


def read_noise(settings: Settings) -> Sequence[np.ndarray]:
    """Return the recordings of background noise, float32 `(samples,)` each; none where noise is made.

    Raises:
        UserError: for a folder that is not there, or holds no sound.
    """
    return () if settings.noise is None else _read_noise(Path(settings.noise), settings.sample_rate)


@lru_cache(maxsize=2)
def _read_noise(folder: Path, sample_rate: int) -> Sequence[np.ndarray]:
    from suite.audio.read import read_audio

    noises = [read_audio(path, sample_rate) for path in sound_files(folder)]
    noises = [noise for noise in noises if np.any(noise)]
    if not noises:
        raise UserError(f"setting 'noise': expected a folder of recordings with sound in them. Received: {folder}")
    return noises


def augment(
    samples: np.ndarray, settings: Settings, drawn_by: tuple[int, int], noises: Sequence[np.ndarray]
) -> np.ndarray:
    """Return a clip as it is heard in one epoch: at another speed, moved, in a room, louder or softer, with noise.

    Args:
        samples: float32 `(samples,)` in [-1, 1].
        settings: Say how much of each.
        drawn_by: Epoch and clip; what is drawn depends on them and the seed alone.
        noises: Of `read_noise`.
    """
    from suite.audio.augment import add_noise, add_room, apply_gain, change_speed, shift

    generator = np.random.default_rng([settings.seed, *drawn_by])
    speed, moved, room, seconds, gain, noisy, ratio, synthetic = generator.uniform(size=8)
    low, high = settings.speed
    samples = change_speed(samples, low + speed * (high - low))
    samples = shift(samples, round((2 * moved - 1) * settings.shift_seconds * settings.sample_rate))
    if room < settings.reverb:
        shortest, longest_seconds = ROOM_SECONDS
        decay = shortest + seconds * (longest_seconds - shortest)
        samples = add_room(samples, round(decay * settings.sample_rate), generator)
    if settings.gain_db:
        samples = apply_gain(samples, (2 * gain - 1) * settings.gain_db)
    if settings.noise_snr_db is None or noisy > NOISY_SHARE:
        return samples
    softest, loudest = settings.noise_snr_db
    made_noise = ("white", "pink")[generator.integers(2)]
    noise = noises[int(generator.integers(len(noises)))] if noises and synthetic > MADE_SHARE else made_noise
    return add_noise(samples, softest + ratio * (loudest - softest), generator, noise)


def mix(epoch: int, batch: Batch, settings: Settings, classes: int) -> Batch:
    """Return a batch in which each clip sounds together with its neighbor, and is of both classes by their shares.

    Source: Zhang et al. 2018, "mixup"; shares are of a beta distribution with both parameters `mixup`.

    Args:
        epoch: With the clips and the seed, what the shares depend on.
        batch: `samples` float32 `(batch, N)`, `length` and the number of the class int32 `(batch,)`.
        settings: Say `mixup`.
        classes: How many.

    Returns:
        As `batch`, the targets float32 `(batch, classes)`.
    """
    inputs, targets = batch
    samples, length = inputs["samples"], inputs["length"]
    generator = np.random.default_rng([settings.seed, epoch, *targets.tolist(), *length.tolist()])
    shares = generator.beta(settings.mixup, settings.mixup, (len(samples), 1)).astype(np.float32)
    classes_of = np.eye(classes, dtype=np.float32)[targets]
    mixed = shares * samples + (1 - shares) * np.roll(samples, 1, axis=0)
    whole = {"samples": mixed, "length": np.maximum(length, np.roll(length, 1))}
    return whole, shares * classes_of + (1 - shares) * np.roll(classes_of, 1, axis=0)
