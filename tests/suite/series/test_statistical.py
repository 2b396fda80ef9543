"""AutoETS and AutoTheta on series that they should read."""

import numpy as np
import pytest

from suite.series.statistical import MODELS, statistical_forecast

pytest.importorskip("statsforecast")


@pytest.mark.parametrize("model", MODELS)
def test_a_season_with_a_trend_goes_on(model):
    rows = np.arange(72)
    values = 100 + rows + 20 * np.sin(2 * np.pi * rows / 12) + np.random.default_rng(0).normal(size=72)
    series = np.stack([values[:60], 2 * values[:60]], axis=1)
    series[30] = np.nan
    forecast = statistical_forecast(series, 12, 12, model)
    assert forecast.shape == (12, 2) and np.abs(forecast[:, 0] / values[60:] - 1).max() < 0.1
    low, middle, high = np.moveaxis(statistical_forecast(series, 12, 12, model, level=0.8), -1, 0)
    assert (low < middle).all() and (middle < high).all()
    np.testing.assert_allclose(middle, forecast)
