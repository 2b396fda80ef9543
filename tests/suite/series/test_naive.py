"""Forecasts that need no model, by hand."""

import numpy as np

from suite.series.naive import drift, naive, naive2, seasonal_naive
from suite.series.scales import training_scales

NAN = np.nan
VALUES = np.float32([[1, 5], [2, NAN], [3, 7], [4, 8], [7, NAN]])


def test_naive_forecasts():
    np.testing.assert_array_equal(naive(VALUES, 2, 3), [[7, 8], [7, 8]])
    # A season of 3: rows 2, 3, 4 once more and again; the last value where one is missing.
    np.testing.assert_array_equal(seasonal_naive(VALUES, 4, 3), [[3, 7], [4, 8], [7, 8], [3, 7]])
    np.testing.assert_array_equal(seasonal_naive(VALUES, 7, 6)[:2], [[7, 8], [1, 5]])
    # From 1 at row 0 to 7 at row 4; from 5 at row 0 to 8 at row 3, a step of 1, two rows on.
    np.testing.assert_allclose(drift(VALUES, 2, 3), [[8.5, 10], [10, 11]])


def test_scales_are_those_of_the_training_rows():
    scales = training_scales(np.float32([[1], [3], [2], [6]]), season=2)
    assert scales["mase"] == [2.0] and scales["rmsse"] == [np.sqrt((1 + 9) / 2)]
    assert scales["mean"] == [3.0] and scales["std"] == [np.std([1, 3, 2, 6])]
    assert training_scales(np.ones((5, 1)), 2)["mase"] == [1.0]


def test_naive2_knows_a_season_and_takes_none_from_noise():
    steps, pattern = np.arange(60), np.array([1.5, 0.5, 1.0, 1.0])
    level = 100 * 1.01**steps
    seasonal = (level * pattern[steps % 4])[:, None]
    forecast = naive2(seasonal, 5, 4)[:, 0]
    np.testing.assert_allclose(forecast, level[-1] * pattern[np.arange(60, 65) % 4], rtol=0.02)
    noise = np.random.default_rng(0).uniform(1, 2, (60, 1))
    np.testing.assert_array_equal(naive2(noise, 5, 4), naive(noise, 5, 4))
