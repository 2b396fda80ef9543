"""What errors of a series are divided by, of its training rows alone."""

import numpy as np

Scales = dict[str, list[float]]  # one number for each channel


def training_scales(values: np.ndarray, season: int) -> Scales:
    """Return `mean`, `std`, `mase` and `rmsse` of each channel; 1 in place of a scale that would be 0 or cannot be told.

    `mase` is the mean absolute, `rmsse` the root mean squared difference of values a season apart: the errors of the seasonal
    naive forecast, one step where there are fewer rows than two seasons.

    Args:
        values: float `(time, channels)`, NaN where one is missing.
        season: Steps.

    Source: Hyndman and Koehler 2006, "Another look at measures of forecast accuracy".
    """
    values = values.astype(np.float64)
    lag = season if len(values) > season else 1
    differences = values[lag:] - values[:-lag]
    return {
        "mean": _each(_mean(values), 0.0),
        "std": _scale(np.sqrt(_mean(np.square(values - _mean(values))))),
        "mase": _scale(_mean(np.abs(differences))),
        "rmsse": _scale(np.sqrt(_mean(np.square(differences)))),
    }


def _mean(values: np.ndarray) -> np.ndarray:
    present = np.isfinite(values)
    return np.where(present, values, 0).sum(axis=0) / np.maximum(present.sum(axis=0), 1)


def _each(values: np.ndarray, missing: float) -> list[float]:
    return [float(value) if np.isfinite(value) else missing for value in values]


def _scale(values: np.ndarray) -> list[float]:
    return [float(value) if np.isfinite(value) and value > 0 else 1.0 for value in values]
