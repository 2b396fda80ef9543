"""Times as people write them -> datetime64[s]: ISO, epoch, days before or after months, years, quarters, a named format."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from suite.errors import UserError
from suite.series.frequency import Frequency, recognize
from suite.series.grid import lay_grid
from suite.series.zones import load_zone, to_utc

PLAIN = re.compile(r"\d{4}-\d\d(-\d\d([T ]\d\d:\d\d(:\d\d)?)?)?")  # what numpy reads by itself
MONTH = re.compile(r"(\d{4})[-/.](\d{1,2})")
QUARTER = re.compile(r"(\d{4})[- ]?[Qq]([1-4])|[Qq]([1-4])[- ](\d{4})")
EPOCHS = {"s": (1e8, 1e11), "ms": (1e11, 1e14), "us": (1e14, 1e17), "ns": (1e17, 1e19)}  # from 1973 to 5138
DATES = ("%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%d.%m.%y", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y")
DAY_FIRST, MONTH_FIRST = ("%d/%m/%Y", "%d/%m/%y", "%d-%m-%Y"), ("%m/%d/%Y", "%m/%d/%y", "%m-%d-%Y")
MONTHS_BY_NAME = ("%b %Y", "%B %Y", "%Y %b", "%Y %B", "%b-%Y", "%b-%y", "%m/%Y")
CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", "T%H:%M:%S")
FORMAT_HINT = "--set time_format=FORMAT names it, as %d/%m/%Y"


@dataclass(frozen=True)
class Times:
    """Times as they were read.

    Attributes:
        clock: datetime64[s], what the clock showed; NaT where a text is no time.
        offsets: Seconds by which that clock was ahead of UTC, float64; NaN where the text does not say.
        form: What they were read as, for people: `"ISO 8601"`, `"seconds since 1970"`, `"%d/%m/%Y"`.
    """

    clock: np.ndarray
    offsets: np.ndarray
    form: str


def parse_times(texts: Sequence[str], form: str | None = None) -> Times | None:
    """Return times of one form; None where no form reads more than half of them.

    Texts that are no time of the form that reads the others are NaT. Of days first and months first the one that reads all of
    them is taken; of two, the one that makes the steps regular.

    Args:
        texts: In the order of the rows; repeated ones may be left out.
        form: As of `strptime`; or `s`, `ms` for numbers since 1970.

    Raises:
        UserError: if days and months cannot be told apart.
    """
    texts = [text.strip() for text in texts]
    if form is not None:
        return _read_epoch(texts, form) if form in EPOCHS else _read(texts, _strptime(form), form)
    probe = [text for text in texts[:50] if text]
    if not probe:
        return None
    if sum(map(bool, map(PLAIN.fullmatch, probe))) == len(probe) and all(map(PLAIN.fullmatch, texts)):
        try:
            clock = np.array([text.replace(" ", "T") for text in texts], "datetime64[s]")
            return Times(clock, np.full(len(texts), np.nan), "ISO 8601")
        except ValueError:
            pass  # one of them is no date, as 2021-02-30
    candidates: list[Times] = []
    for name, reader in _readers(probe):
        if sum(reader(text) is not None for text in probe) * 2 > len(probe):
            candidates.append(_read(texts, reader, name))
    if not candidates and (unit := _epoch_unit(probe)):
        return _read_epoch(texts, unit)
    return _only(candidates) if candidates else None


def _readers(probe: Sequence[str]) -> list[tuple[str, Callable[[str], datetime | None]]]:
    """Return the forms that may read the texts, the first of each kind that reads one of them."""
    readers: list[tuple[str, Callable[[str], datetime | None]]] = [
        ("ISO 8601", _iso),
        ("year and month", _month),
        ("year and quarter", _quarter),
        ("year", _year),
    ]
    for forms in (DATES, MONTHS_BY_NAME, DAY_FIRST, MONTH_FIRST):
        for form in (date + clock for date in forms for clock in CLOCKS):
            reader = _strptime(form)
            if sum(reader(text) is not None for text in probe) * 2 > len(probe):
                readers.append((form, reader))
                break
    return readers


def _only(candidates: list[Times]) -> Times:
    """Return the times that have the fewest faults; of several, those a regular step apart with by far the fewest gaps."""
    faults = [int(np.isnat(times.clock).sum()) for times in candidates]
    best = [times for times, count in zip(candidates, faults, strict=True) if count == min(faults)]
    differing = [times for times in best if not np.array_equal(times.clock, best[0].clock, equal_nan=True)]
    if not differing:
        return best[0]
    fullest, *others = sorted(best, key=_fullness, reverse=True)
    if _fullness(fullest) <= 2 * _fullness(others[0]):
        forms = " or ".join(times.form for times in best)
        raise UserError(f"the times can be read as {forms}; --set time_format=FORMAT says which")
    return fullest


def _fullness(times: Times) -> float:
    """Return which share of the steps from the first to the last time have one; 0 where no step is regular."""
    rising = np.unique(times.clock[~np.isnat(times.clock)])
    frequency = recognize(rising)
    grid = None if frequency is None else lay_grid(rising, frequency)
    return 0.0 if grid is None or grid.between is not None else len(rising) / len(grid.times)


def _read(texts: Sequence[str], reader: Callable[[str], datetime | None], form: str) -> Times:
    clock, offsets = np.full(len(texts), "NaT", "datetime64[s]"), np.full(len(texts), np.nan)
    by_second: dict[datetime, datetime] = {}
    for row, text in enumerate(texts):
        time = reader(text)
        if time is not None:
            if time.microsecond and by_second.setdefault(time.replace(microsecond=0), time) != time:
                raise UserError(
                    f"times are less than a second apart, as {text}, which no step of a series is; leave the column of times out, "
                    "and rows are steps"
                )
            ahead = time.utcoffset()
            offsets[row] = np.nan if ahead is None else ahead.total_seconds()
            clock[row] = np.datetime64(time.replace(tzinfo=None, microsecond=0), "s")
    return Times(clock, offsets, form)


def _iso(text: str) -> datetime | None:
    if len(text) < 8:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _month(text: str) -> datetime | None:
    match = MONTH.fullmatch(text)
    return datetime(int(match[1]), int(match[2]), 1) if match and 1 <= int(match[2]) <= 12 and int(match[1]) else None


def _quarter(text: str) -> datetime | None:
    match = QUARTER.fullmatch(text)
    return datetime(int(match[1] or match[4]), 3 * int(match[2] or match[3]) - 2, 1) if match else None


def _year(text: str) -> datetime | None:
    return datetime(int(text[:4]), 1, 1) if re.fullmatch(r"[12]\d{3}(\.0)?", text) else None


def _strptime(form: str) -> Callable[[str], datetime | None]:
    def read(text: str) -> datetime | None:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            return None

    return read


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else None


def _epoch_unit(probe: Sequence[str]) -> str | None:
    """Return in which unit numbers count the time since 1970; None where they are no such numbers."""
    numbers = [number for text in probe if (number := _number(text)) is not None]
    if 2 * len(numbers) <= len(probe):
        return None
    for unit, (low, high) in EPOCHS.items():
        if all(low <= number < high for number in numbers):
            return unit
    return None


def _read_epoch(texts: Sequence[str], unit: str) -> Times:
    second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]

    def read(text: str) -> datetime | None:
        number = _number(text)
        if number is None or number / second > EPOCHS["s"][1]:
            return None
        whole, beyond = divmod(int(text), second) if text.isdigit() else (int(number / second), 0)
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=whole, microseconds=beyond * 10**6 // second)

    return _read(
        texts, read, {"s": "seconds since 1970", "ms": "milliseconds since 1970"}.get(unit, f"{unit} since 1970")
    )


def parse_time(text: str, zone: str | None, frequency: Frequency) -> np.datetime64:
    """Return one time, datetime64[s], as the times of a series of a frequency are: a date, or UTC.

    Args:
        text: ISO 8601, or one of the other forms that `parse_times` reads.
        zone: Of a time that names no offset from UTC.
        frequency: Of the series.

    Raises:
        UserError: if it is no time.
    """
    times = parse_times([text])
    if times is None or np.isnat(times.clock[0]):
        raise UserError(
            f"expected a time, as 2024-03-31 or 2024-03-31T12:00, or the number of a row. Received: {text!r}"
        )
    if frequency.by_day:
        return times.clock[0]
    if not np.isnan(times.offsets[0]):
        return times.clock[0] - np.timedelta64(int(times.offsets[0]), "s")
    return to_utc(times.clock, load_zone(zone))[0][0] if zone else times.clock[0]
