"""The rows of one series -> the series: in order, each time once, a step apart, missing values as the settings say."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np

from suite.data.examples import Problem
from suite.data.series_roles import Roles, SeriesSettings
from suite.errors import UserError
from suite.series.frequency import Frequency, parse_frequency, recognize
from suite.series.grid import falls_by_an_hour, fill, lay_grid, order_fault, skips_an_hour, spread_rows
from suite.series.season import find_season
from suite.series.series import Series
from suite.series.zones import load_zone, to_utc

MOST_GAPS = 4  # steps without a row for each row, beyond which another frequency must be meant
ZONE_HINT = "as where clocks change; --set time_zone=NAME, as Europe/Paris, says whose"


@dataclass(frozen=True)
class Rows:
    """Rows of one series: where each stands, what the clock showed, its offset from UTC, and the numbers; `(rows, ...)`.

    `inserted` of them the data lacks.
    """

    place: Callable[[int], str]
    clock: np.ndarray | None
    offsets: np.ndarray | None
    values: np.ndarray
    past: np.ndarray | None = None
    future: np.ndarray | None = None
    static: np.ndarray | None = None
    anomalies: np.ndarray | None = None
    inserted: int = 0

    def pick(self, rows: np.ndarray) -> "Rows":
        """Return some of the rows, or all of them in another order."""
        arrays = ("clock", "offsets", "values", "past", "future", "static", "anomalies")
        picked = {name: array[rows] for name in arrays if (array := getattr(self, name)) is not None}
        return replace(self, place=lambda row: self.place(int(rows[row])), **picked)


@dataclass
class Result:
    """A series, or what is wrong with it; and what a person should know, after the name of the series and a tab."""

    series: Series | None = None
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class _Fault(Exception):
    """What makes a series unusable: where, and a sentence."""

    def __init__(self, place: str, message: str) -> None:
        self.problem = Problem(place, message)


def to_series(name: str, rows: Rows, roles: Roles, settings: SeriesSettings, usual: Frequency | None) -> Result:
    """Return one series, or the problem that it has.

    1. Times become UTC, unless steps are days or longer: then they stay the dates that they are.
    2. Rows newest first are turned around; rows out of order or twice at one time are refused, or mended as the settings say.
    3. The frequency is that of the setting, of its times, or the usual one of the table.
    4. Rows take their places among the regular times; what has no row, or an empty cell, is missing.

    Args:
        name: Of the series.
        rows: In the order of the file.
        roles: What the columns are called.
        settings: What is done about what.
        usual: Frequency of the table; None where none can be told.
    """
    result = Result()
    try:
        result.series = _build(name, rows, roles, settings, usual, result)
    except _Fault as fault:
        result.problems.append(fault.problem)
    return result


def _build(
    name: str, rows: Rows, roles: Roles, settings: SeriesSettings, usual: Frequency | None, result: Result
) -> Series:
    static = _static(name, rows, roles)
    if rows.clock is None:
        season = settings.season or (usual.season if usual else find_season(training_rows(rows.values, settings)))
        frequency = Frequency("row", season)
        times = np.arange(len(rows.values)).astype("datetime64[s]")
    else:
        rows, times = _in_time(name, rows, settings, result)
        rows, times = _once(name, rows, times, settings, result)
        frequency = _frequency(name, times, rows, settings, usual)
        rows, times = _on_grid(name, rows, times, frequency, settings, result)
    rows, times, future = _known_ahead(rows, times)
    values = _fill_missing(name, rows, roles.targets, settings, result)
    past = None if rows.past is None else _fill_covariates(name, rows.past, roles.past, settings)
    future = None if future is None else _fill_covariates(name, future, roles.future, settings)
    return Series(name, times, values, roles.targets, frequency, past, future, static, rows.anomalies)


def _in_time(name: str, rows: Rows, settings: SeriesSettings, result: Result) -> tuple[Rows, np.ndarray]:
    """Return rows by rising time, and the times."""
    assert rows.clock is not None
    if len(rows.clock) > 1 and bool(np.all(np.diff(rows.clock) < np.timedelta64(0, "s"))):
        rows = rows.pick(np.arange(len(rows.clock))[::-1])
        result.notes.append(f"{name}\trows stand newest first; they are read the other way round.")
    times = _to_utc(rows, settings)
    fault = order_fault(times)
    if fault is None:
        return rows, times
    if settings.sort_rows:
        order = np.argsort(times, kind="stable")
        return rows.pick(order), times[order]
    earlier, later = times[fault], times[fault - 1]
    expected = f"{name}: expected times in order. Received: {_text(earlier)} below {_text(later)}"
    if settings.time_zone is None and rows.offsets is None and falls_by_an_hour(times):
        raise _Fault(rows.place(fault), f"{expected}, {ZONE_HINT}")
    raise _Fault(rows.place(fault), f"{expected}; --set sort_rows=true sorts them")


def _to_utc(rows: Rows, settings: SeriesSettings) -> np.ndarray:
    clock = rows.clock
    assert clock is not None
    if settings.time_zone is None and rows.offsets is None:
        return clock
    step = recognize(np.unique(clock)) if settings.frequency is None else parse_frequency(settings.frequency)
    if step is not None and step.by_day:
        return clock
    times = clock
    if settings.time_zone is not None:
        times, never = to_utc(clock, load_zone(settings.time_zone))
        never = never if rows.offsets is None else never & np.isnan(rows.offsets)
        if never.any():
            row = int(np.flatnonzero(never)[0])
            message = f"the clock never shows {_text(clock[row])} in {settings.time_zone}, where it is set forward"
            raise _Fault(rows.place(row), message)
    if rows.offsets is None:
        return times
    return np.where(np.isnan(rows.offsets), times, clock - np.nan_to_num(rows.offsets).astype("timedelta64[s]"))


def _once(
    name: str, rows: Rows, times: np.ndarray, settings: SeriesSettings, result: Result
) -> tuple[Rows, np.ndarray]:
    """Return rows with each time once."""
    twice = np.flatnonzero(np.diff(times) == np.timedelta64(0, "s"))
    if not len(twice):
        return rows, times
    first = int(twice[0])
    if settings.duplicates == "fail":
        message = f"{name}: expected each time once. Received: {_text(times[first])} twice, also at {rows.place(first)}"
        if settings.time_zone is None and rows.offsets is None and falls_by_an_hour(times):
            message += f", {ZONE_HINT}"
        raise _Fault(rows.place(first + 1), f"{message}; --set duplicates=first (last, mean) reads one of them")
    begins = np.flatnonzero(np.append(True, np.diff(times) > np.timedelta64(0, "s")))
    count = f"{len(times) - len(begins):,} rows stand at a time that has one already"
    result.notes.append(f"{name}\t{count}; read is the {settings.duplicates}.")
    if settings.duplicates == "mean":
        counts = (~np.isnan(rows.values)).astype(np.float64)
        sums = np.add.reduceat(np.nan_to_num(rows.values.astype(np.float64)), begins)
        present = np.add.reduceat(counts, begins)
        with np.errstate(invalid="ignore"):
            means = np.where(present > 0, sums / present, np.nan).astype(np.float32)
        return replace(rows.pick(begins), values=means), times[begins]
    picked = begins if settings.duplicates == "first" else np.append(begins[1:], len(times)) - 1
    return rows.pick(picked), times[picked]


def _frequency(
    name: str, times: np.ndarray, rows: Rows, settings: SeriesSettings, usual: Frequency | None
) -> Frequency:
    """Return the frequency of a series: the named one, that of its times, or else the usual one of its table."""
    if settings.frequency is not None and usual is not None:
        if usual.unit == "row":
            return _of_rows(times, rows.values, settings)
        return usual
    shown = _recognize(times.tobytes())
    if shown is not None and usual is not None and shown.code != usual.code and len(times) < 2 * usual.season:
        fits = lay_grid(times, usual)
        shown = shown if fits.between is not None or fits.gaps > len(times) else usual
    shown = shown or (usual if usual is not None and lay_grid(times, usual).between is None else None)
    if shown is not None:
        season = find_season(training_rows(rows.values, settings)) if shown.unit == "s" else shown.season
        return replace(shown, season=settings.season or season)
    if len(times) < 3:
        few = f"{len(times)} row{'s' if len(times) > 1 else ''}"
        raise _Fault(
            rows.place(0), f"{name}: the frequency cannot be told from {few}; --set frequency=D (h, MS, ...) names it"
        )
    raise _Fault(rows.place(_first_odd(times)), _irregular(name, times))


@lru_cache(maxsize=16)
def _recognize(times: bytes) -> Frequency | None:
    """Return what `recognize` does; series of one table often have the same times."""
    return recognize(np.frombuffer(times, "datetime64[s]"))


def _of_rows(times: np.ndarray, values: np.ndarray, settings: SeriesSettings) -> Frequency:
    """Return what is usual between rows that count as steps whatever their times are."""
    seconds = int(np.median(np.diff(times).astype(np.int64))) if len(times) > 1 else 1
    return Frequency("row", settings.season or find_season(training_rows(values, settings)), max(1, seconds))


def training_rows(values: np.ndarray, settings: SeriesSettings) -> np.ndarray:
    """Return rows that training may see, from which a season may be told: those before what the settings make dev and test."""
    rows = int(len(values) * (1 - settings.test_fraction) * (1 - settings.dev_fraction))
    if settings.train_until is not None:
        rows = int(settings.train_until) if settings.train_until.isdecimal() else rows // 2
    if settings.score_from is not None:
        rows = min(rows, settings.score_from)
    return values[: max(1, rows)]


def _first_odd(times: np.ndarray) -> int:
    steps = np.diff(times)
    return 1 + int(np.flatnonzero(steps != np.median(steps.astype(np.int64)).astype("timedelta64[s]"))[0])


def _irregular(name: str, times: np.ndarray) -> str:
    steps, counts = np.unique(np.diff(times).astype(np.int64), return_counts=True)
    share = 1 - counts.max() / counts.sum()
    return (
        f"{name}: expected times a regular step apart. Received: {share:.0%} of the steps are not the usual "
        f"{_duration(int(steps[counts.argmax()]))}; --set frequency=row reads each row as one step, --set frequency=CODE names the step"
    )


def _on_grid(
    name: str, rows: Rows, times: np.ndarray, frequency: Frequency, settings: SeriesSettings, result: Result
) -> tuple[Rows, np.ndarray]:
    """Return rows and times with a row for every step; those that the data lacks hold NaN."""
    if settings.frequency is not None and parse_frequency(settings.frequency).unit == "row":
        return rows, times
    grid = lay_grid(times, frequency)
    if grid.between is not None:
        row = grid.between
        message = f"{name}: expected times a step of {frequency.code} apart from {_text(times[0])}. Received: {_text(times[row])}"
        if frequency.unit == "B":
            message += ", which is no working day"
        raise _Fault(rows.place(row), f"{message}; --set frequency=row reads each row as one step")
    if not grid.gaps:
        return rows, times
    behind = int(np.argmax(np.diff(grid.positions) > 1)) + 1
    gap = f"between {_text(times[behind - 1])} and {_text(times[behind])}"
    count = f"{grid.gaps:,} of {len(grid.times):,} steps of {frequency.code} have no row, the first {gap}"
    if settings.missing == "fail":
        hint = "; --set missing=mask (forward, interpolate) goes on without them"
        raise _Fault(rows.place(behind), f"{name}: expected a row for every step. Received: {count}{hint}")
    if grid.gaps > MOST_GAPS * len(times):
        hint = "; --set frequency=CODE names another step, frequency=row reads each row as one"
        raise _Fault(rows.place(behind), f"{name}: expected a row for most steps. Received: {count}{hint}")
    zone = (
        f" It is {ZONE_HINT}." if settings.time_zone is None and rows.offsets is None and skips_an_hour(times) else ""
    )
    result.notes.append(f"{name}\t{count}; {_mended(settings.missing)}.{zone}")
    spread: dict[str, Any] = {
        key: None if array is None else spread_rows(array, grid, missing)
        for key, array, missing in (
            *((key, getattr(rows, key), np.nan) for key in ("values", "past", "future")),
            ("anomalies", rows.anomalies, False),
        )
    }
    places = np.maximum(np.searchsorted(grid.positions, np.arange(len(grid.times)), side="right") - 1, 0)
    return replace(rows, place=lambda row: rows.place(int(places[row])), inserted=grid.gaps, **spread), grid.times


def _known_ahead(rows: Rows, times: np.ndarray) -> tuple[Rows, np.ndarray, np.ndarray | None]:
    """Return rows from the first to the last that has a value, and what of covariates is known for them and beyond."""
    present = np.flatnonzero(~np.isnan(rows.values).all(axis=1))
    if not len(present):
        return rows, times, rows.future
    begin, end = int(present[0]), int(present[-1]) + 1
    future = None if rows.future is None else rows.future[begin:]
    if end - begin == len(times):
        return rows, times, future
    cut: dict[str, Any] = {
        key: None if (array := getattr(rows, key)) is None else array[begin:end]
        for key in ("values", "past", "anomalies")
    }
    return replace(rows, place=lambda row: rows.place(row + begin), **cut), times[begin:end], future


def _fill_missing(
    name: str, rows: Rows, channels: tuple[str, ...], settings: SeriesSettings, result: Result
) -> np.ndarray:
    values = rows.values
    absent = np.isnan(values)
    for place, channel in enumerate(channels):
        what = name if len(channels) == 1 else f"{name}, column {channel!r}"
        column = values[:, place][~absent[:, place]]
        if not len(column):
            raise _Fault(what, f"all {len(values):,} values are missing; leave it out")
        if column.min() == column.max():
            result.notes.append(f"{what}\tit never changes, so that nothing can be learned of it.")
    empty = int(absent.sum()) - rows.inserted * len(channels)
    if empty > 0:
        count = f"{empty:,} of {absent.size:,} values are missing"
        if settings.missing == "fail":
            raise _Fault(name, f"{count}; --set missing=mask (forward, interpolate) goes on without them")
        result.notes.append(f"{name}\t{count}; {_mended(settings.missing)}.")
    return fill(values, settings.missing)


def check_values(
    name: str, values: np.ndarray, channels: tuple[str, ...], settings: SeriesSettings
) -> tuple[np.ndarray, list[str]]:
    """Return values with those that are missing as the settings say, and notes.

    Raises:
        UserError: if there are none, or `missing: fail` refuses that some are missing.
    """
    result = Result()
    try:
        rows = Rows(lambda row: f"{name}, row {row}", None, None, values)
        return _fill_missing(name, rows, channels, settings, result), result.notes
    except _Fault as fault:
        raise UserError(f"{fault.problem.name}: {fault.problem.message}") from fault


def _fill_covariates(name: str, values: np.ndarray, columns: tuple[str, ...], settings: SeriesSettings) -> np.ndarray:
    filled = fill(values, "forward" if settings.missing == "mask" else settings.missing)
    if np.isnan(filled).any():
        column = columns[int(np.isnan(filled).any(axis=0).argmax())]
        raise _Fault(name, f"expected a number in every row of the covariate {column!r}. Received: none in some")
    return filled


def _static(name: str, rows: Rows, roles: Roles) -> np.ndarray | None:
    if rows.static is None:
        return None
    first = rows.static[0]
    for place, column in enumerate(roles.static):
        other = np.flatnonzero(rows.static[:, place] != first[place])
        if len(other):
            row = int(other[0])
            received = (
                "no number"
                if np.isnan(rows.static[row, place])
                else f"{first[place]:g} and {rows.static[row, place]:g}"
            )
            raise _Fault(
                rows.place(row), f"{name}: expected one number in the static column {column!r}. Received: {received}"
            )
    return first


def _mended(missing: str) -> str:
    return {
        "mask": "they are neither read nor scored (missing: mask)",
        "forward": "each is the value before it",
        "interpolate": "each lies on a line between its neighbors, which looks ahead",
    }[missing]


def _text(time: np.datetime64) -> str:
    return str(time).replace("T", " ").removesuffix(" 00:00:00")


def _duration(seconds: int) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
