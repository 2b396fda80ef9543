"""Times in the forms that people write, against Python's datetime."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from suite.errors import UserError
from suite.series.calendar import calendar_features, calendar_names
from suite.series.frequency import parse_frequency
from suite.series.times import parse_time, parse_times
from suite.series.zones import from_utc, load_zone, to_utc

DAYS = [datetime(2024, 1, 1, 6, 30) + timedelta(days=day) for day in range(40)]
FORMS = (
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y/%m/%d %H:%M", "%d.%m.%Y %H:%M", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M:%S",
    "%d %b %Y %H:%M", "%m/%d/%Y %I:%M %p", "%Y%m%dT%H%M",
)  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_forms_are_told_apart(form):
    times = parse_times([day.strftime(form) for day in DAYS])
    assert times.clock.tolist() == DAYS and np.isnan(times.offsets).all()


def test_months_quarters_years_and_numbers_since_1970():
    assert parse_times(["1949-01", "1949-02"]).clock.astype(str).tolist() == [
        "1949-01-01T00:00:00",
        "1949-02-01T00:00:00",
    ]
    assert parse_times(["2020Q1", "2020-Q4"]).clock.tolist() == [datetime(2020, 1, 1), datetime(2020, 10, 1)]
    assert parse_times(["1950", "1951"]).clock.tolist() == [datetime(1950, 1, 1), datetime(1951, 1, 1)]
    stamps = [1_700_000_000, 1_700_000_900]
    for unit in (1, 1000, 10**6, 10**9):
        times = parse_times([str(stamp * unit) for stamp in stamps])
        assert times.clock.tolist() == [datetime.fromtimestamp(stamp, UTC).replace(tzinfo=None) for stamp in stamps]
        assert times.offsets.tolist() == [0.0, 0.0]


def test_days_and_months_are_told_by_what_makes_steps_regular_or_asked_for():
    weekly = [(datetime(2024, 1, 5) + timedelta(days=7 * week)).strftime("%m/%d/%Y") for week in range(3)]
    assert parse_times(weekly).form == "%m/%d/%Y"  # 01/19 has no other reading
    quarters = [f"{month:02d}/01/{year}" for year in range(1990, 1999) for month in (1, 4, 7, 10)]
    assert parse_times(quarters).form == "%m/%d/%Y"  # days first would leave all but four days of a year out
    both = ["01/02/2024", "01/03/2024", "01/04/2024", "01/05/2024"]
    with pytest.raises(UserError, match=r"%d/%m/%Y or %m/%d/%Y; --set time_format"):
        parse_times(both)
    assert parse_times(both, "%d/%m/%Y").clock[1] == np.datetime64("2024-03-01")


def test_what_is_no_time_is_marked_or_no_time_at_all():
    assert np.isnat(parse_times(["2024-01-01", "2024-02-30", "2024-01-03", "soon", "2024-01-05"]).clock).tolist() == [
        0,
        1,
        0,
        1,
        0,
    ]
    assert parse_times(["red", "green"]) is None and parse_times(["1.5", "2"]) is None and parse_times([]) is None


def test_a_zone_over_the_hours_that_its_clock_skips_and_repeats():
    zone = load_zone("Europe/Berlin")
    utc = np.arange("2023-10-28T20:00", "2023-10-29T06:00", 30, dtype="datetime64[m]").astype("datetime64[s]")
    clock = from_utc(utc, zone)
    expected = [
        time.replace(tzinfo=UTC).astimezone(ZoneInfo("Europe/Berlin")).replace(tzinfo=None) for time in utc.tolist()
    ]
    assert clock.tolist() == expected and len(np.unique(clock)) == len(clock) - 2
    times, never = to_utc(clock, zone)
    assert (times == utc).all() and not never.any()
    assert to_utc(np.array(["2024-03-31T02:30"], "datetime64[s]"), zone)[1].tolist() == [True]
    with pytest.raises(UserError, match="did you mean Europe/Berlin"):
        load_zone("berlin")


def test_one_time_is_a_date_or_utc():
    day, hour = parse_frequency("D"), parse_frequency("h")
    assert parse_time("2024-07-01", "Europe/Berlin", day) == np.datetime64("2024-07-01")
    assert parse_time("2024-07-01", "Europe/Berlin", hour) == np.datetime64("2024-06-30T22:00")
    assert parse_time("2024-07-01T00:00+05:00", None, hour) == np.datetime64("2024-06-30T19:00")
    with pytest.raises(UserError, match="expected a time"):
        parse_time("soon", None, day)


def test_the_calendar_says_where_in_the_day_the_week_and_the_year_a_time_is():
    times = np.array(["2024-01-01T00:00", "2024-01-01T06:00", "2024-07-01T12:00"], "datetime64[s]")  # Mondays
    features = calendar_features(times, parse_frequency("h"))
    assert calendar_names(parse_frequency("h")) == ("day", "week", "year") and features.shape == (3, 6)
    np.testing.assert_allclose(features[0], [0, 1, 0, 1, 0, 1], atol=1e-6)
    np.testing.assert_allclose(features[1][:2], [1, 0], atol=1e-6)
    year = 2 * np.pi * (182.5 / 366)  # 2024 is a leap year; 1 July is its 183rd day
    np.testing.assert_allclose(features[2][4:], [np.sin(year), np.cos(year)], atol=1e-6)
    # 22:00 UTC is midnight in Berlin in summer.
    berlin = calendar_features(np.array(["2024-06-30T22:00"], "datetime64[s]"), parse_frequency("h"), "Europe/Berlin")
    np.testing.assert_allclose(berlin[0][:4], [0, 1, 0, 1], atol=1e-6)
    assert calendar_features(times, parse_frequency("row")).shape == (3, 0)
