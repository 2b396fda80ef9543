"""How far quantiles are to be moved so that they hold on new data what they promise."""

from collections.abc import Sequence

import numpy as np

LEAST = 100  # values that a share is told from, else those of all channels, then of all steps, are taken together


def conformal_moves(quantiles: np.ndarray, targets: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """Return how far each quantile is to be moved, float32 `(horizon, channels, quantiles)`; the middle one stays.

    For a pair of quantiles that is to hold the share p of all values:

        s = max(lower - y, y - upper)                       how far a value lies outside, negative inside
        m = the ceil((n + 1) p)-th smallest of n such s
        lower - m, upper + m

    for each step and channel by itself where there are enough windows.

    Args:
        quantiles: `(windows, horizon, channels, quantiles)`, the lowest first, of data that the model was not trained on.
        targets: What came, `(windows, horizon, channels)`; NaN where nothing did.
        levels: Of the quantiles, in pairs around 0.5.

    Source: Romano et al. 2019, "Conformalized Quantile Regression".
    """
    moves = np.zeros(quantiles.shape[1:], np.float32)
    for lower in range(len(levels) // 2):
        upper = len(levels) - 1 - lower
        outside = np.maximum(quantiles[..., lower] - targets, targets - quantiles[..., upper])
        move = _of_each(outside, levels[upper] - levels[lower])
        moves[..., lower], moves[..., upper] = -move, move
    return moves


def _of_each(outside: np.ndarray, share: float) -> np.ndarray:
    """Return the quantile of each step and channel, `(horizon, channels)`, over as many windows as are needed."""
    counts = np.isfinite(outside).sum(axis=0)
    if counts.min(initial=LEAST) >= LEAST:
        return _quantile(outside, share, (0,))
    if counts.sum(axis=1).min(initial=LEAST) >= LEAST:
        return np.broadcast_to(_quantile(outside, share, (0, 2))[:, None], counts.shape)
    return np.full(counts.shape, _quantile(outside, share, (0, 1, 2)))


def _quantile(outside: np.ndarray, share: float, axes: tuple[int, ...]) -> np.ndarray:
    """Return the smallest value that the share of the finite ones, and a little for their number, does not exceed; 0 of none."""
    moved = np.moveaxis(outside, axes, range(len(axes))).reshape(-1, *np.delete(outside.shape, axes))
    ordered = np.sort(np.where(np.isfinite(moved), moved, np.inf), axis=0)
    counts = np.isfinite(moved).sum(axis=0)
    places = np.clip(np.ceil((counts + 1) * share).astype(int), 1, np.maximum(counts, 1)) - 1
    ordered = np.take_along_axis(ordered, places[None], axis=0)[0]
    return np.where(counts > 0, ordered, 0.0)
