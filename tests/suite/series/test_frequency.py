"""Frequencies against pandas' date offsets."""

import numpy as np
import pandas as pd
import pytest

from suite.errors import UserError
from suite.series.frequency import Frequency, parse_frequency, recognize

CODES = (
    "30s",
    "min",
    "5min",
    "10min",
    "15min",
    "30min",
    "h",
    "6h",
    "D",
    "B",
    "W",
    "2W",
    "MS",
    "ME",
    "QS",
    "QE",
    "YS",
    "YE",
)


def dates(code, count=60):
    """Pandas' own, which starts where the offset does."""
    code = code.replace("W", "7D") if code.endswith("W") else code
    return (
        pd.date_range("2019-12-30 00:00", periods=count, freq="14D" if code == "27D" else code)
        .to_numpy()
        .astype("datetime64[s]")
    )


@pytest.mark.parametrize("code", CODES)
def test_a_step_is_that_of_pandas_and_is_recognized_from_times_with_gaps(code):
    times = dates(code)
    frequency = parse_frequency(code)
    np.testing.assert_array_equal(frequency.step(times[0], np.arange(60)), times)
    np.testing.assert_array_equal(frequency.step(times[59], -np.arange(60)), times[::-1])
    assert recognize(np.delete(times, [7, 20, 21])).code == code
    positions, on_step = frequency.positions(np.delete(times, [7]), times[0])
    assert on_step.all() and positions.tolist() == [*range(7), *range(8, 60)]


def test_months_keep_their_day_where_they_are_long_enough():
    times = parse_frequency("MS").step(np.datetime64("2023-12-31"), np.arange(4))
    assert [str(time)[:10] for time in times] == ["2023-12-31", "2024-01-31", "2024-02-29", "2024-03-31"]
    assert recognize(np.array(["2024-01-30", "2024-02-29", "2024-03-30", "2024-04-30"], "datetime64[s]")).code == "MS"


def test_what_is_between_steps_is_said():
    times = np.array(["2024-01-01T00:00", "2024-01-01T01:00", "2024-01-01T02:30"], "datetime64[s]")
    assert parse_frequency("h").positions(times, times[0])[1].tolist() == [True, True, False]
    working = np.array(["2024-01-05", "2024-01-06"], "datetime64[s]")  # a Friday and a Saturday
    assert parse_frequency("B").positions(working, working[0])[1].tolist() == [True, False]


def test_irregular_times_have_no_frequency():
    times = np.datetime64("2024-01-01", "s") + np.cumsum(np.arange(30) ** 2).astype("timedelta64[s]")
    assert recognize(times) is None and recognize(times[:2]) is None


@pytest.mark.parametrize(
    ("code", "season"),
    [("15min", 96), ("h", 24), ("D", 7), ("B", 5), ("W", 52), ("MS", 12), ("QS", 4), ("YS", 1), ("2h", 12), ("row", 1)],
)
def test_seasons_are_a_day_a_week_or_a_year(code, season):
    assert parse_frequency(code) == Frequency(code, season)


def test_spellings_of_pandas_are_known_and_others_refused():
    assert [parse_frequency(code).code for code in ("1H", "15T", "M", "W-SUN", "QS-OCT")] == [
        "h",
        "15min",
        "MS",
        "W",
        "QS",
    ]
    for code in ("fortnight", "0D", ""):
        with pytest.raises(UserError, match="frequency: expected"):
            parse_frequency(code)


def test_times_are_written_as_dates_times_or_rows():
    noon = np.datetime64("2024-02-29T12:00:00")
    assert parse_frequency("h").written(noon) == "2024-02-29 12:00:00"
    assert parse_frequency("D").written(noon.astype("datetime64[D]")) == "2024-02-29"
    assert parse_frequency("row").written(np.datetime64(17, "s")) == "17"
    assert Frequency("row", 1, usual=300).written(noon) == "2024-02-29 12:00:00"
