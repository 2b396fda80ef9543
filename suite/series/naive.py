"""Forecasts that need no model: the last value, the value of a season before, the line from the first value to the last."""

import numpy as np

NEAR = 64  # rows at an end of a series that are looked at first


def naive(values: np.ndarray, horizon: int, season: int) -> np.ndarray:
    """Return the last value of each channel for each step, float `(horizon, channels)`; values `(time, channels)`, NaN missing."""
    return np.repeat(_last(values)[None], horizon, axis=0)


def seasonal_naive(values: np.ndarray, horizon: int, season: int) -> np.ndarray:
    """Return for each step the value a whole number of seasons before, the last value where there is none."""
    if season <= 1:
        return naive(values, horizon, season)
    before = values[-season:]
    steps = np.arange(horizon) % season - (season - len(before))
    forecast = before[np.maximum(steps, 0)].astype(np.float64)
    forecast[steps < 0] = np.nan
    return np.where(np.isfinite(forecast), forecast, _last(values)[None])


def drift(values: np.ndarray, horizon: int, season: int) -> np.ndarray:
    """Return the line from the first value of each channel through its last one, at each step."""
    columns = np.arange(values.shape[1])
    first, last = _first_rows(values), len(values) - 1 - _first_rows(values[::-1])
    begin, end = values[first, columns].astype(np.float64), _last(values)
    slope = np.divide(end - begin, last - first, out=np.zeros(len(end)), where=last > first)
    behind = len(values) - 1 - last
    return end + slope * (behind + np.arange(1, horizon + 1)[:, None])


def _first_rows(values: np.ndarray) -> np.ndarray:
    """Return the first row of each channel that has a value, int64; 0 where none has."""
    for rows in (NEAR, len(values)):
        present = np.isfinite(values[:rows])
        if present.any(axis=0).all():
            break
    return present.argmax(axis=0)


def _last(values: np.ndarray) -> np.ndarray:
    """Return the last value of each channel that is there; 0 where there is none."""
    rows = len(values) - 1 - _first_rows(values[::-1])
    last = values[rows, np.arange(values.shape[1])].astype(np.float64)
    return np.where(np.isfinite(last), last, 0.0)


def naive2(values: np.ndarray, horizon: int, season: int) -> np.ndarray:
    """Return the naive forecast of values without their season, with it again: the yardstick of M4's OWA.

    A channel has a season where its autocorrelation a season apart is beyond the 90 % limit; it is taken off by multiplicative
    decomposition around a centered moving average. A channel with missing values, or values not above 0, is taken to have none.

    Source: Makridakis et al. 2020, "The M4 Competition: 100,000 time series and 61 forecasting methods".
    """
    forecast = naive(values, horizon, season)
    for column in range(values.shape[1]):
        channel = values[:, column].astype(np.float64)
        if season > 1 and (channel > 0).all() and _is_seasonal(channel, season):
            indices = _seasonal_indices(channel, season)
            steps = np.arange(len(channel), len(channel) + horizon) % season
            forecast[:, column] *= indices[steps] / indices[(len(channel) - 1) % season]
    return forecast


def _is_seasonal(values: np.ndarray, season: int) -> bool:
    if len(values) < 3 * season:
        return False
    centered = values - values.mean()
    total = np.square(centered).sum()
    if total == 0:
        return False
    likeness = np.array([(centered[lag:] * centered[:-lag]).sum() / total for lag in range(1, season + 1)])
    limit = 1.645 * np.sqrt((1 + 2 * np.square(likeness[:-1]).sum()) / len(values))
    return bool(abs(likeness[-1]) > limit)


def _seasonal_indices(values: np.ndarray, season: int) -> np.ndarray:
    """Return the share of the level that each step of a season has, their mean 1, float64 `(season,)`."""
    width = season + 1 - season % 2
    weights = np.full(width, 1 / season)
    if season % 2 == 0:
        weights[[0, -1]] /= 2
    level = np.convolve(values, weights, "valid")
    ratios = values[width // 2 : width // 2 + len(level)] / level
    steps = np.arange(width // 2, width // 2 + len(level)) % season
    indices = np.array([ratios[steps == step].mean() for step in range(season)])
    return indices / indices.mean()
