"""Long and wide tables -> series: rows of each by time, on a regular grid, each fault named with the place of its row."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import compute

from suite.data.examples import Problem
from suite.data.number_columns import NumberTable, numbers_of
from suite.data.series_roles import Roles, SeriesSettings, assign_roles
from suite.data.series_rows import Rows, to_series
from suite.errors import UserError
from suite.series.frequency import Frequency, parse_frequency, recognize
from suite.series.series import Series
from suite.series.times import Times, parse_times
from suite.series.zones import from_utc, load_zone

NUMBERS = re.compile(r"\d[\d,.:-]*")
FINEST = 1e-4  # spread beside the size of numbers, from which on they are looked at closely
TIME_FAULTS = 100  # rows without a time that are named one by one


@dataclass
class Read:
    """What was read: series, what is wrong with the rest, and what a person should know."""

    series: list[Series] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, more: "Read") -> None:
        """Take over what else was read."""
        self.series += more.series
        self.problems += more.problems
        self.notes += more.notes


def table_series(table: NumberTable, settings: SeriesSettings, name: str | None = None) -> Read:
    """Return the series of a table: one for each `unique_id` of a long one, else one with a channel for each column.

    Args:
        table: As it was read.
        settings: Which columns are what, and what is done about gaps, doubles and disorder.
        name: Of the series of a table that has no column of series; by default the file's name without its ending.

    Raises:
        UserError: if a column is missing, its times cannot be read, or a setting does not fit.
    """
    roles = assign_roles(table, settings)
    name = name or table.path.name.removesuffix(".gz").rpartition(".")[0] or table.path.name
    if settings.time_zone is not None:
        load_zone(settings.time_zone)
    read = Read([], list(table.problems), list(roles.notes))
    clock, offsets = _times(table, roles, settings, read)
    columns = (*roles.targets, *roles.past, *roles.future, *roles.static, *([roles.anomaly] if roles.anomaly else []))
    numbers = {}
    for column in dict.fromkeys(columns):
        numbers[column], faults = numbers_of(table, column)
        read.problems += faults + _too_fine(table, column, numbers[column])
    order, begins, names = _by_series(table, roles, name, read, clock)
    usual = _usual_frequency(clock, order, begins, settings)
    for series_name, begin, end in zip(names, begins[:-1], begins[1:], strict=True):
        rows = order[begin:end]
        chosen = _rows(table, roles, numbers, rows, clock, offsets)
        result = to_series(series_name, chosen, roles, settings, usual)
        read.problems += result.problems
        read.notes += result.notes
        if result.series is not None:
            read.series.append(result.series)
    return read


def _too_fine(table: NumberTable, column: str, values: np.ndarray) -> list[Problem]:
    """Return a problem where numbers differ by so little that float32, in which models compute, takes them for the same."""
    present = values[np.isfinite(values)]
    if not len(present) or not 0 < np.ptp(present) < FINEST * np.abs(present).max():
        return []
    if 2 * len(np.unique(present.astype(np.float32))) >= len(np.unique(present)):
        return []
    received = f"{present.min():.17g} to {present.max():.17g}"
    message = (
        f"column {column!r}: expected numbers that float32 tells apart; subtract their level. Received: {received}"
    )
    return [Problem(table.name, message)]


def _rows(
    table: NumberTable,
    roles: Roles,
    numbers: dict[str, np.ndarray],
    rows: np.ndarray,
    clock: np.ndarray | None,
    offsets: np.ndarray | None,
) -> Rows:
    """Return the rows of one series in the order of the file."""

    def matrix(names: Sequence[str]) -> np.ndarray | None:
        return np.stack([numbers[name][rows] for name in names], axis=-1).astype(np.float32) if names else None

    values = matrix(roles.targets)
    assert values is not None
    marks = None if roles.anomaly is None else numbers[roles.anomaly][rows] > 0
    return Rows(
        lambda row: table.place(rows[row]),
        None if clock is None else clock[rows],
        None if offsets is None else offsets[rows],
        values,
        matrix(roles.past),
        matrix(roles.future),
        matrix(roles.static),
        marks,
    )


def _times(
    table: NumberTable, roles: Roles, settings: SeriesSettings, read: Read
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return what the clock showed, datetime64[s], NaT where a row says no time, and offsets from UTC; None without times."""
    if roles.clock:
        return _composed(table, roles.clock, read), None
    if roles.time is None:
        return None, None
    cells = table.columns[roles.time]
    if pa.types.is_timestamp(cells.type) or pa.types.is_date(cells.type):
        zone = getattr(cells.type, "tz", None)
        clock = cells.cast(pa.timestamp("us")).to_numpy(zero_copy_only=False).astype("datetime64[s]")
        offsets = None
        if zone is not None:  # Parquet holds such times in UTC
            utc, clock = clock, from_utc(clock, load_zone(zone))
            offsets = (clock - utc).astype(np.float64)
        times = Times(clock, np.full(len(clock), np.nan) if offsets is None else offsets, "timestamps")
    else:
        texts = compute.dictionary_encode(compute.fill_null(cells.cast(pa.string()), ""))
        texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
        try:
            different = parse_times(texts.dictionary.to_pylist(), settings.time_format)
        except UserError as error:
            raise UserError(f"{table.path}: column {roles.time!r}: {error}") from error
        if different is None or np.isnat(different.clock).all():
            received = ", ".join(repr(text) for text in texts.dictionary.to_pylist()[:3])
            form = settings.time_format or "ISO 8601, a date, a month, a quarter, a year, or seconds since 1970"
            hint = "" if settings.time_format else "; --set time_format=FORMAT says how they are written, as %d/%m/%Y"
            raise UserError(
                f"{table.path}: expected times ({form}) in the column {roles.time!r}{hint}. Received: {received}"
            )
        codes = texts.indices.to_numpy()
        times = Times(different.clock[codes], different.offsets[codes], different.form)
    _note_times(table, roles.time, times, settings, read)
    return times.clock, None if np.isnan(times.offsets).all() else times.offsets


def _note_times(table: NumberTable, column: str, times: Times, settings: SeriesSettings, read: Read) -> None:
    """Add a problem for each row without a time, and say what form and which offsets the times have."""
    cells = table.columns[column]
    wrong = np.flatnonzero(np.isnat(times.clock))
    for row in wrong[:TIME_FAULTS]:
        message = f"expected a time ({times.form}) in the column {column!r}. Received: {str(cells[int(row)])[:60]!r}"
        read.problems.append(Problem(table.place(row), message))
    if len(wrong) > TIME_FAULTS:
        read.problems.append(Problem(table.name, f"{len(wrong) - TIME_FAULTS:,} further rows without a time"))
    if times.form.startswith("%") and settings.time_format is None:
        read.notes.append(f"Times of {table.name} are read as {times.form}.")
    ahead = np.unique(times.offsets[~np.isnan(times.offsets)])
    zoneless = np.isnan(times.offsets) & ~np.isnat(times.clock)
    if len(ahead) and zoneless.any() and settings.time_zone is None:
        first = int(np.flatnonzero(zoneless)[0])
        raise UserError(
            f"{table.place(first)}: expected an offset from UTC, as other rows have, or --set time_zone=NAME for rows without "
            f"one. Received: {str(cells[first])!r}"
        )
    if len(ahead) > 1:
        hours = ", ".join(f"{offset / 3600:+g} h" for offset in ahead[:4])
        read.notes.append(f"Times of {table.name} are {len(ahead)} offsets from UTC ({hours}): all are read as UTC.")


def _composed(table: NumberTable, parts: Sequence[str], read: Read) -> np.ndarray:
    """Return times put together of columns of year, month, day and perhaps hour, minute, second."""
    values = {}
    for part in parts:
        values[part.lower()], faults = numbers_of(table, part)
        read.problems += faults
    clock = np.full(len(table.lines), "NaT", "datetime64[s]")
    good = np.all([np.isfinite(column) for column in values.values()], axis=0)
    year, month, day = (values[name][good].astype(np.int64) for name in ("year", "month", "day"))
    first = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    dates = first.astype("datetime64[D]") + (day - 1)
    invalid = (month < 1) | (month > 12) | (day < 1) | (dates.astype("datetime64[M]") != first)
    seconds = sum(
        values[name][good] * unit for name, unit in (("hour", 3600), ("minute", 60), ("second", 1)) if name in values
    )
    clock[good] = np.where(invalid, np.datetime64("NaT"), dates.astype("datetime64[s]"))
    clock[good] += np.asarray(seconds, np.int64).astype("timedelta64[s]")
    read.problems += [
        Problem(table.place(row), f"expected a date in the columns {', '.join(parts)}")
        for row in np.flatnonzero(np.isnat(clock))[:TIME_FAULTS]
    ]
    return clock


def _by_series(
    table: NumberTable, roles: Roles, name: str, read: Read, clock: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return rows ordered by series as they first occur, where each series begins, and their names; rows without a time aside."""
    count = len(table.lines)
    usable = np.ones(count, bool) if clock is None else ~np.isnat(clock)
    if roles.series is None:
        order = np.flatnonzero(usable)
        return order, np.array([0, len(order)]), [name]
    cells = compute.utf8_trim_whitespace(table.columns[roles.series].cast(pa.string()))
    encoded = compute.dictionary_encode(compute.fill_null(cells, ""))
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    names, codes = encoded.dictionary.to_pylist(), encoded.indices.to_numpy()
    if "" in names:
        nameless = codes == names.index("")
        read.problems += [
            Problem(table.place(row), f"expected a name in the column {roles.series!r}. Received: none")
            for row in np.flatnonzero(nameless)[:TIME_FAULTS]
        ]
        usable = usable & ~nameless
    order = np.argsort(codes, kind="stable")
    order = order[usable[order]]
    present, begins = np.unique(codes[order], return_index=True)
    return order, np.append(begins, len(order)), [names[code] for code in present]


def _usual_frequency(
    clock: np.ndarray | None, order: np.ndarray, begins: np.ndarray, settings: SeriesSettings
) -> Frequency | None:
    """Return the frequency that a setting names, else the one that the times of the longest series show."""
    if settings.frequency is not None:
        return parse_frequency(settings.frequency, settings.season)
    if clock is None:
        return None
    spans = sorted(pairwise(begins), key=lambda span: span[0] - span[1])[:50]
    shown = [recognize(np.unique(clock[order[begin:end]])) for begin, end in spans]
    codes = Counter(frequency.code for frequency in shown if frequency is not None)
    return parse_frequency(codes.most_common(1)[0][0], settings.season) if codes else None


def gather_notes(notes: Sequence[str]) -> list[str]:
    """Return notes without repeats; of those about single series, `NAME<tab>TEXT`, that differ in numbers alone the first."""
    alike: dict[str, list[str]] = {}
    for note in notes:
        series, _, text = note.rpartition("\t")
        alike.setdefault(NUMBERS.sub("#", text) if series else text, []).append(note)
    return [
        series_notes[0].replace("\t", ": ")
        + (f" So it is with {len(series_notes):,} series." if len(series_notes) > 1 else "")
        if "\t" in series_notes[0]
        else series_notes[0]
        for series_notes in alike.values()
    ]


def stem(path: Path) -> str:
    """Return the name of a file without its ending, and `.gz`."""
    return path.name.removesuffix(".gz").rpartition(".")[0] or path.name
