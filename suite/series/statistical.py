"""Forecasts of AutoETS and AutoTheta, by `statsforecast` where it is installed (the extra `baselines`)."""

import numpy as np

from suite.errors import UserError

MODELS = ("AutoETS", "AutoTheta")
LONGEST_SEASON = 24  # of exponential smoothing, as in R's `forecast::ets`; longer ones are left to other models


def statistical_forecast(
    values: np.ndarray, horizon: int, season: int, model: str = "AutoETS", level: float | None = None
) -> np.ndarray:
    """Return what a statistical model makes of each channel by itself, float64 `(horizon, channels)`.

    With a level, `(horizon, channels, 3)`: the low end, the forecast and the high end of the interval that holds that share.

    Args:
        values: `(time, channels)`; what is missing lies on a line between its neighbors.
        horizon: Steps.
        season: Steps; one that is too long for exponential smoothing counts as none there.
        model: One of `MODELS`.
        level: Share that an interval is to hold, as 0.8.

    Raises:
        UserError: if `statsforecast` is not installed.
    """
    try:
        from statsforecast import models
    except ImportError as error:
        raise UserError("statsforecast is not installed: pip install 'recurrent-suite[baselines]'") from error
    length = 1 if model == "AutoETS" and season > LONGEST_SEASON else season
    forecasts = []
    for channel in values.astype(np.float64).T:
        present = np.isfinite(channel)
        filled = np.interp(np.arange(len(channel)), np.flatnonzero(present), channel[present])
        options = {} if level is None else {"level": [round(100 * level, 6)]}
        answer = getattr(models, model)(season_length=length).forecast(filled, horizon, **options)
        mean = np.asarray(answer["mean"], np.float64)
        ends = [np.asarray(answer[key], np.float64) for key in answer if key[:3] in ("lo-", "hi-")]
        forecasts.append(mean if level is None else np.stack([ends[0], mean, ends[1]], axis=-1))
    return np.stack(forecasts, axis=1)
