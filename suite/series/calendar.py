"""Where a time stands in the day, the week and the year, as numbers that a model reads."""

import numpy as np

from suite.series.frequency import MONTHS, Frequency
from suite.series.zones import from_utc, load_zone

DAY_SECONDS = 86400


def calendar_names(frequency: Frequency) -> tuple[str, ...]:
    """Return the cycles that a step of this frequency is a part of, each of which is two features."""
    if frequency.unit == "row" or frequency.unit.startswith("Y"):
        return ()
    if frequency.unit in MONTHS or frequency.unit == "W":
        return ("year",)
    return ("week", "month", "year") if frequency.by_day else ("day", "week", "year")


def calendar_features(times: np.ndarray, frequency: Frequency, zone: str | None = None) -> np.ndarray:
    """Return sine and cosine of the place of each time in the cycles of `calendar_names`, float32 `(time, 2 cycles)`.

    Args:
        times: datetime64[s] `(time,)`: UTC, or dates at a frequency of days or longer.
        frequency: Of the series.
        zone: Whose days and weeks count; UTC by default, and dates have none.
    """
    if zone is not None and not frequency.by_day:
        times = from_utc(times, load_zone(zone))
    angles = [2 * np.pi * _place(times, cycle) for cycle in calendar_names(frequency)]
    columns = [function(angle) for angle in angles for function in (np.sin, np.cos)]
    return np.stack(columns, axis=-1).astype(np.float32) if columns else np.zeros((len(times), 0), np.float32)


def _place(times: np.ndarray, cycle: str) -> np.ndarray:
    """Return how much of the day, the week, the month or the year has passed, from 0 to 1."""
    seconds = times.astype("datetime64[s]").astype(np.int64)
    if cycle == "day":
        return seconds % DAY_SECONDS / DAY_SECONDS
    if cycle == "week":  # day 0, in 1970, was a Thursday
        return (seconds + 3 * DAY_SECONDS) % (7 * DAY_SECONDS) / (7 * DAY_SECONDS)
    begin = times.astype("datetime64[M]" if cycle == "month" else "datetime64[Y]")
    end = begin + 1
    begin, end = begin.astype("datetime64[s]"), end.astype("datetime64[s]")
    return (times - begin).astype(np.float64) / (end - begin).astype(np.float64)
