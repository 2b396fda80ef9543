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
