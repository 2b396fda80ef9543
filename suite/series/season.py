"""After how many steps a series repeats itself, found from its values where no calendar says so."""

import numpy as np

WEAKEST = 0.3  # autocorrelation below which no season is taken to be there
NEAR_BEST = 0.95  # of several seasons the shortest whose autocorrelation is this share of the best one


def find_season(values: np.ndarray, longest: int = 2000) -> int:
    """Return the lag at which the values without their trend resemble themselves best; 1 where there is no such lag.

    A season is a peak of the autocorrelation behind its first fall below zero, at least three times as long as nothing.

    Args:
        values: float `(time,)` or `(time, channels)`; NaN are left out. Of several channels the strongest season counts.
        longest: Lag to look up to; a third of the series at most.
    """
    channels = values.reshape(len(values), -1)[:, :20]
    seasons = [_season(channels[:, column], longest) for column in range(channels.shape[1])]
    strength, season = max(seasons, default=(0.0, 1))
    return season if strength else 1


def autocorrelation(values: np.ndarray, longest: int) -> np.ndarray:
    """Return the autocorrelation of values without their linear trend at lags 0 to `longest`, float64."""
    rows = np.arange(len(values))
    present = ~np.isnan(values)
    detrended = np.zeros(len(values))
    detrended[present] = values[present] - np.polyval(np.polyfit(rows[present], values[present], 1), rows[present])
    size = 1 << (2 * len(values) - 1).bit_length()
    products = np.fft.irfft(np.abs(np.fft.rfft(detrended, size)) ** 2, size)[: longest + 1]
    return products / products[0] if products[0] > 0 else np.zeros(longest + 1)


def _season(values: np.ndarray, longest: int) -> tuple[float, int]:
    longest = min(longest, len(values) // 3)
    if longest < 2 or np.isnan(values).mean() > 0.5:
        return 0.0, 1
    likeness = autocorrelation(values.astype(np.float64), longest + 1) * len(values)
    likeness /= np.maximum(len(values) - np.arange(longest + 2), 1)  # as many products at every lag
    below = np.flatnonzero(likeness < 0)
    if not len(below):
        return 0.0, 1
    lags = np.arange(max(2, below[0]), longest + 1)
    peaks = [lag for lag in lags if likeness[lag - 1] < likeness[lag] >= likeness[lag + 1] and likeness[lag] > WEAKEST]
    if not peaks:
        return 0.0, 1
    best = max(likeness[lag] for lag in peaks)
    season = next(lag for lag in peaks if likeness[lag] >= NEAR_BEST * best)
    return float(likeness[season]), int(season)
