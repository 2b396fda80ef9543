"""Regular times, what is missing among them, and the seasons of values."""

import numpy as np
import pandas as pd
import pytest

from suite.series.frequency import parse_frequency
from suite.series.grid import fill, lay_grid, spread_rows
from suite.series.season import autocorrelation, find_season


def test_rows_take_their_places_among_regular_times():
    times = np.array(["2024-01-31", "2024-02-29", "2024-05-31"], "datetime64[s]")
    grid = lay_grid(times, parse_frequency("ME"))
    assert grid.gaps == 2 and grid.between is None
    assert grid.times.astype("datetime64[D]").astype(str).tolist()[2:4] == ["2024-03-31", "2024-04-30"]
    np.testing.assert_array_equal(spread_rows(np.array([[1.0], [2.0], [3.0]]), grid)[:, 0], [1, 2, np.nan, np.nan, 3])
    assert lay_grid(np.append(times, np.datetime64("2024-06-15", "s")), parse_frequency("ME")).between == 3


def test_a_series_without_gaps_is_not_copied():
    times = np.arange("2024-01-01", "2024-02-01", dtype="datetime64[D]").astype("datetime64[s]")
    grid, values = lay_grid(times, parse_frequency("D")), np.zeros((31, 2), np.float32)
    assert grid.times is times and spread_rows(values, grid) is values and fill(values, "forward") is values


@pytest.mark.parametrize("how", ["forward", "interpolate", "mask"])
def test_missing_values_are_filled_as_pandas_fills_them(how):
    values = np.array([[np.nan, 1], [2, np.nan], [np.nan, np.nan], [5, 4], [np.nan, np.nan]], np.float32)
    frame = pd.DataFrame(values)
    expected = {"forward": lambda: frame.ffill().bfill(), "interpolate": lambda: frame.interpolate().bfill()}
    np.testing.assert_allclose(fill(values, how), expected.get(how, lambda: frame)())
    assert np.isnan(values[0, 0])  # what was given stays


def test_the_season_is_found_under_trend_and_noise():
    generator, rows = np.random.default_rng(0), np.arange(600)
    for season in (4, 12, 24, 96):
        values = 0.05 * rows + 3 * np.sin(2 * np.pi * rows / season) + generator.normal(size=600)
        values[50:60] = np.nan
        assert find_season(values) == season
    assert find_season(generator.normal(size=600)) == find_season(np.cumsum(generator.normal(size=600))) == 1
    assert find_season(np.full(50, 3.0)) == find_season(np.zeros(3)) == 1


def test_autocorrelation_is_that_of_the_products_one_by_one():
    values = np.random.default_rng(1).normal(size=80)
    rows = np.arange(80)
    level = values - np.polyval(np.polyfit(rows, values, 1), rows)
    expected = [float((level[: 80 - lag] * level[lag:]).sum() / (level**2).sum()) for lag in range(10)]
    np.testing.assert_allclose(autocorrelation(values, 9), expected)
