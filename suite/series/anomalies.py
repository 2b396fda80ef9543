"""Scores of odd rows: errors of forecasts made one score a row, thresholds, and the detectors that need no network."""

import numpy as np

from suite.series.grid import fill

TAIL = 0.02  # share of the highest scores that the tail is told from
LEAST_TAIL = 10


def combine_steps(errors: np.ndarray, rows: int) -> np.ndarray:
    """Return the mean error of each row over the forecasts that reached it, `(rows, channels)`; NaN where none did.

    Args:
        errors: Of forecasts from every row on, `(origins, steps, channels)`: origin i forecasts rows i to i + steps - 1. NaN
            where there is no value.
        rows: How many rows there are.
    """
    origins, steps, channels = errors.shape
    sums, counts = np.zeros((rows + steps, channels)), np.zeros((rows + steps, channels))
    for step in range(steps):
        present = np.isfinite(errors[:, step])
        sums[step : step + origins] += np.where(present, errors[:, step], 0.0)
        counts[step : step + origins] += present
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(counts > 0, sums / counts, np.nan)[:rows]


def smooth(scores: np.ndarray, length: int) -> np.ndarray:
    """Return the mean of each score and those around it, `length` in all, `(rows,)` or `(rows, channels)`; NaN do not count."""
    if length <= 1:
        return scores
    columns = scores.reshape(len(scores), -1)
    present = np.isfinite(columns)
    kernel = np.ones(min(length, len(scores)))

    def around(values: np.ndarray) -> np.ndarray:
        return np.stack([np.convolve(column, kernel, "same") for column in values.T], axis=1)

    counts = around(present.astype(np.float64))
    with np.errstate(invalid="ignore", divide="ignore"):
        means = around(np.where(present, columns, 0.0)) / np.where(counts > 0.5, counts, np.nan)
    return means.reshape(scores.shape)


def threshold_by_rate(scores: np.ndarray, rate: float) -> float:
    """Return the score that a share `rate` of rows lies above."""
    return float(np.nanquantile(scores, 1 - rate))


def threshold_by_tail(scores: np.ndarray, rate: float = 1e-3) -> float:
    """Return the score that a row lies above with probability `rate`, by the tail of the scores, where so few were seen.

    What exceeds a high score is distributed as a generalized Pareto, fitted by its moments.

    Source: Siffer et al. 2017, "Anomaly detection in streams with extreme value theory" (peaks over threshold).
    """
    scores = scores[np.isfinite(scores)]
    high = float(np.quantile(scores, 1 - TAIL))
    beyond = scores[scores > high] - high
    if len(beyond) < LEAST_TAIL or beyond.var() == 0 or rate >= len(beyond) / len(scores):
        return threshold_by_rate(scores, rate)
    ratio = float(beyond.mean()) ** 2 / float(beyond.var())
    shape, scale = (1 - ratio) / 2, float(beyond.mean()) * (1 + ratio) / 2
    share = rate * len(scores) / len(beyond)
    return high + (scale * (share**-shape - 1) / shape if abs(shape) > 1e-6 else -scale * np.log(share))


def seasonal_scores(values: np.ndarray, season: int, train: int) -> np.ndarray:
    """Return by how much each value differs from that a season before, in the usual such difference of training, `(rows, channels)`.

    Args:
        values: `(rows, channels)`; NaN is missing.
        season: Steps.
        train: Rows of training.
    """
    errors = np.full(values.shape, np.nan)
    errors[season:] = np.abs(values[season:].astype(np.float64) - values[:-season])
    return errors / _usual(errors[: max(train, season + 1)])


def pca_scores(values: np.ndarray, train: int, length: int, variance: float = 0.9) -> np.ndarray:
    """Return how badly principal components of windows rebuild each row, `(rows,)`: the mean over the windows around it.

    Args:
        values: `(rows, channels)`; what is missing is the value before it.
        train: Rows that the components are learned from.
        length: Rows of a window.
        variance: Share of the variance that the components explain.
    """
    from sklearn.decomposition import PCA

    values = np.nan_to_num(values.astype(np.float64))
    mean, deviation = values[:train].mean(axis=0), values[:train].std(axis=0)
    scaled = (values - mean) / np.where(deviation > 0, deviation, 1.0)
    length = max(1, min(length, train // 2))
    windows = np.lib.stride_tricks.sliding_window_view(scaled, length, axis=0).reshape(len(values) - length + 1, -1)
    learned = PCA(variance, svd_solver="full").fit(windows[: max(2, train - length + 1)])
    errors = np.square(windows - learned.inverse_transform(learned.transform(windows))).mean(axis=1)
    sums = np.convolve(errors, np.ones(length))
    counts = np.convolve(np.ones(len(errors)), np.ones(length))
    return sums / counts


def window_scores(values: np.ndarray, errors: np.ndarray, train: int, length: int) -> np.ndarray:
    """Return how badly windows of values and of the errors of their forecasts are rebuilt from what training had, `(rows,)`.

    An error as large as many in training is not odd, nor is a value: what is odd is a window of both that training has none like.

    Args:
        values, errors: `(rows, channels)`; of an error the sign counts.
        train: Rows of training.
        length: Rows of a window.
    """
    return pca_scores(np.concatenate([fill(values, "forward"), np.nan_to_num(errors)], axis=1), train, length)


def _usual(errors: np.ndarray) -> np.ndarray:
    """Return the mean error of each channel, 1 where there is none."""
    usual = np.nan_to_num(np.nanmean(errors, axis=0)) if np.isfinite(errors).any() else np.zeros(errors.shape[1])
    return np.where(usual > 0, usual, 1.0)
