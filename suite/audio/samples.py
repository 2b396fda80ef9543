"""Samples that a program holds in memory, of any rate and number of channels, as mono samples at one rate."""

import numpy as np

from suite.audio.read import MOST_OVERSHOOT, resample
from suite.errors import UserError

EXPECTED = "expected samples as float32 from -1 to 1, or int16, of shape (samples,) or (samples, channels)"
MOST_CHANNELS = 32  # more of them are samples that stand the other way round
FULL_SCALE = 32768


def as_samples(array: np.ndarray, rate: float, sample_rate: int) -> np.ndarray:
    """Return samples in memory as `read_audio` gives those of a file: float32 `(samples,)` in [-1, 1].

    Channels are averaged, int16 is divided by 32768, and another rate is changed by the resampler that files go through.

    Args:
        array: Floating-point in [-1, 1] or int16, `(samples,)` or `(samples, channels)`.
        rate: Of `array`, in Hz.
        sample_rate: Of the result, in Hz.

    Raises:
        UserError: for another type or shape, no samples, samples that are no numbers or far beyond full scale, and a rate
            that is none.
    """
    if isinstance(rate, bool) or not isinstance(rate, int | float | np.number) or not 0 < rate < np.inf:
        raise UserError(f"sample_rate: expected samples per second, in Hz. Received: {rate!r}")
    is_int16 = (array.dtype.kind, array.dtype.itemsize) == ("i", 2)  # of either byte order
    if not is_int16 and array.dtype.kind != "f":
        raise UserError(f"{EXPECTED}. Received: {array.dtype}")
    if array.ndim not in (1, 2) or (array.ndim == 2 and array.shape[1] > MOST_CHANNELS):
        raise UserError(f"{EXPECTED}. Received: shape {array.shape}")
    if not array.size:
        raise UserError(f"{EXPECTED}. Received: no samples, shape {array.shape}")
    samples = array.astype(np.float32) / FULL_SCALE if is_int16 else array.astype(np.float32)
    samples = samples.mean(axis=1) if samples.ndim == 2 else samples
    peak = float(np.abs(samples).max())
    if not np.isfinite(peak):
        raise UserError(
            f"{EXPECTED}. Received: {samples[~np.isfinite(samples)][0]} at {np.argmin(np.isfinite(samples))}"
        )
    if peak > MOST_OVERSHOOT:
        raise UserError(
            f"{EXPECTED}. Received: {array.dtype} with a peak of {peak:,.6g}; give them as int16, or divided"
        )
    return resample(np.clip(samples, -1, 1), rate, sample_rate)
