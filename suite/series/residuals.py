"""How far values lie from what was expected of them, counted in the width of their quantiles."""

import numpy as np

LEAST_WIDTH = 1e-6  # of the median's size, where quantiles lie on one another


def scaled_errors(values: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    """Return how odd values are, float64 of their shape: 0 on the median, 1 on the outermost quantile, NaN where one is missing.

    Args:
        values: `(..., channels)`.
        quantiles: Of the same values, `(..., channels, quantiles)`, the lowest first; of a point forecast the error itself counts.
    """
    middle = quantiles.shape[-1] // 2
    center = quantiles[..., middle]
    error = values - center
    if not middle:
        return np.abs(error)
    width = np.where(error > 0, quantiles[..., -1] - center, center - quantiles[..., 0])
    return np.abs(error) / np.maximum(width, LEAST_WIDTH * np.abs(center) + 1e-12)
