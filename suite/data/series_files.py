"""Files of series that are no tables of one: M4, JSON lines, and the collections of anomalies NAB, SKAB and SMAP/MSL."""

import ast
import json
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from suite.data.examples import Problem
from suite.data.number_columns import MISSING, NumberTable, read_number_table
from suite.data.series_roles import SeriesSettings
from suite.data.series_rows import check_values, training_rows
from suite.data.series_tables import Read, stem, table_series
from suite.data.sources import list_below
from suite.data.tables import read_table
from suite.data.text_files import read_lines
from suite.errors import UserError, naming
from suite.series.frequency import Frequency, parse_frequency
from suite.series.grid import fill
from suite.series.season import find_season
from suite.series.series import Series
from suite.series.times import parse_times

# The seasons by which the competition scores: Makridakis, Spiliotis, Assimakopoulos, "The M4 Competition", 2020.
M4_SEASONS = {"yearly": 1, "quarterly": 4, "monthly": 12, "weekly": 1, "daily": 1, "hourly": 24}
M4_NAME = re.compile(rf"({'|'.join(M4_SEASONS)})[-_ ](train|test)\.csv(\.gz)?", re.IGNORECASE)
NAB_WINDOWS, SMAP_LABELS = "combined_windows.json", "labeled_anomalies.csv"
SKAB_COLUMNS, HEADER_BYTES = {"anomaly", "changepoint"}, 4096
SKAB_TRAINING = 400  # rows
JSON_KEYS = {"target", "start", "freq", "item_id", "unique_id"}


@dataclass
class Sourced(Read):
    """What was read, and the row at which each part of a series begins that the data names: `{series: {part: row}}`."""

    starts: dict[str, dict[str, int]] = field(default_factory=dict)


def read_m4(path: Path, settings: SeriesSettings) -> Sourced:
    """Return the series of `NAME-train.csv`, each with the values that `NAME-test.csv` beside it has, which are its test part.

    A row is a name and values; empty cells at its end are none. The series have no times.

    Raises:
        UserError: if a file cannot be read, or the test file names other series.
    """
    match = M4_NAME.fullmatch(path.name)
    season = settings.season or (M4_SEASONS[match[1].lower()] if match else None)
    train, problems = _m4_rows(path, settings)
    twin = _m4_twin(path)
    test: dict[str, np.ndarray] = {}
    if twin is not None:
        test, faults = _m4_rows(twin, settings)
        problems += faults
        if unknown := sorted(set(test) - set(train)):
            raise UserError(f"{twin}: expected series of {path.name}. Received: {unknown[0]!r}, which it lacks")
    read = Sourced(problems=problems)
    if twin is not None:
        read.notes.append(f"The test part is {twin.name}.")
    for name, values in train.items():
        joined = np.append(values, test[name]) if name in test else values
        if len(values) == 0 or np.isnan(joined).all():
            read.problems.append(Problem(f"{path.name}: {name}", "expected values. Received: none"))
            continue
        if name in test:
            read.starts[name] = {"test": len(values)}
        frequency = Frequency("row", season or find_season(training_rows(values, settings)))
        read.series.append(_untimed(name, fill(joined[:, None], settings.missing), frequency))
    return read


def _m4_twin(path: Path) -> Path | None:
    """Return the test file that belongs to a training file: beside it, or in a folder `test` beside its own."""
    name = re.sub(r"(?i)train(?=\.csv)", lambda match: "test" if match[0].islower() else "Test", path.name)
    if name == path.name:
        return None
    folders = (path.parent, path.parent.parent / "Test", path.parent.parent / "test")
    return next((folder / name for folder in folders if (folder / name).is_file()), None)


def _m4_rows(path: Path, settings: SeriesSettings) -> tuple[dict[str, np.ndarray], list[Problem]]:
    rows: dict[str, np.ndarray] = {}
    problems: list[Problem] = []
    for number, line in enumerate(read_lines(path, settings.encoding)[1:], 2):
        name, *cells = (cell.strip().strip('"').strip() for cell in line.split(","))
        while cells and cells[-1].lower() in MISSING:
            cells.pop()
        if not name:
            continue
        if name in rows:
            raise UserError(f"{path}:{number}: expected each series once. Received: {name!r} twice")
        try:
            values = np.array([np.nan if cell.lower() in MISSING else cell for cell in cells], np.float64)
        except ValueError:
            wrong = next(cell for cell in cells if cell.lower() not in MISSING and not _is_number(cell))
            problems.append(Problem(f"{path.name}:{number}", f"{name}: expected numbers. Received: {wrong[:60]!r}"))
            continue
        if np.isinf(values).any():
            problems.append(Problem(f"{path.name}:{number}", f"{name}: expected finite numbers. Received: an infinity"))
            continue
        rows[name] = values.astype(np.float32)
    if not rows and not problems:
        raise UserError(f"{path}: expected a series in each row below the header. Received: none")
    return rows, problems


def _is_number(text: str) -> bool:
    try:
        return float(text) is not None
    except ValueError:
        return False


def _untimed(name: str, values: np.ndarray, frequency: Frequency, channels: tuple[str, ...] = ("y",)) -> Series:
    times = np.arange(len(values)).astype("datetime64[s]")
    return Series(name, times, values.astype(np.float32), channels, frequency)


def read_jsonl(path: Path, settings: SeriesSettings) -> Sourced:
    """Return the series of JSON lines: a row of a long or wide table each, or a series each.

    A series is `{"target": [...], "start": TIME, "item_id": NAME, "freq": CODE}` as GluonTS has it; `target` may be a list of
    channels, and all but `target` may lack.

    Raises:
        UserError: if the file cannot be read.
    """
    table = read_table(path, settings.encoding, "jsonl")
    if not any(isinstance(row.values.get("target"), list) for row in table.rows):
        return _json_rows(path, settings, table)
    read = Sourced(problems=list(table.problems))
    for number, row in enumerate(table.rows):
        try:
            series, faults = _json_series(row.name, row.values, settings, f"{stem(path)}-{number}")
        except UserError as error:
            read.problems.append(Problem(row.name, str(error)))
            continue
        read.series.append(series)
        read.notes += faults
        if unread := sorted(set(row.values) - JSON_KEYS):
            read.notes.append(f"{series.name}\t{', '.join(unread)}: not read.")
    return read


def _json_rows(path: Path, settings: SeriesSettings, table: Any) -> Sourced:
    columns = {}
    for column in table.columns:
        cells = [row.values.get(column) for row in table.rows]
        nested = next((cell for cell in cells if isinstance(cell, list | dict)), None)
        if nested is not None:
            raise UserError(f"{path}: expected a number or a text for the key {column!r}. Received: {str(nested)[:60]}")
        columns[column] = pa.array([None if cell is None else _json_text(cell) for cell in cells], pa.string())
    lines = np.array([int(row.name.rpartition(":")[2]) for row in table.rows])
    if not len(lines):
        raise UserError(f"{path}: expected at least one row. Received: none")
    read = table_series(NumberTable(path, path.name, columns, lines, list(table.problems)), settings)
    return Sourced(read.series, read.problems, read.notes)


def _json_text(cell: Any) -> str:
    return json.dumps(cell) if isinstance(cell, bool | int | float) else str(cell)


def _json_series(
    place: str, values: dict[str, Any], settings: SeriesSettings, default: str
) -> tuple[Series, list[str]]:
    """Return the series of one object."""
    name = str(values.get("item_id", values.get("unique_id", default)))
    try:
        target = np.array(values["target"], np.float64)
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(f"{name}: expected a list of numbers for 'target', or lists of equal length") from error
    target = target[:, None] if target.ndim == 1 else target.T
    if target.ndim != 2 or not len(target) or np.isinf(target).any():
        raise UserError(f"{name}: expected finite numbers for 'target'. Received: {str(values['target'])[:60]}")
    channels = tuple(str(channel) for channel in range(target.shape[1])) if target.shape[1] > 1 else ("y",)
    filled, notes = check_values(name, target.astype(np.float32), channels, settings)
    code = settings.frequency or values.get("freq")
    if values.get("start") is None or code is None:
        frequency = Frequency("row", settings.season or find_season(training_rows(target, settings)))
        return _untimed(name, filled, frequency, channels), notes
    start = parse_times([str(values["start"])], settings.time_format)
    if start is None or np.isnat(start.clock[0]):
        raise UserError(f"{name}: expected a time for 'start'. Received: {values['start']!r}")
    frequency = parse_frequency(str(code), settings.season)
    times = frequency.step(start.clock[0], np.arange(len(target)))
    return Series(name, times, filled, channels, frequency), notes


def read_nab(path: Path, settings: SeriesSettings) -> Sourced:
    """Return the series of the Numenta benchmark below a folder, or of one of its files, with the windows of their anomalies.

    A row counts as a step, whatever its time: that is how the benchmark counts.

    Raises:
        UserError: if there is no `combined_windows.json` that names a file, or a file cannot be read.
    """
    labels = nab_labels(path)
    if labels is None:
        raise UserError(
            f"{path}: expected {NAB_WINDOWS} in the folder, its folder labels, or one above. Received: none"
        )
    windows = json.loads("\n".join(read_lines(labels, None)))
    files = [path] if path.is_file() else [file for file in list_below(path) if file.name.lower().endswith(".csv")]
    read, by_rows = Sourced(), _with(settings, frequency=settings.frequency or "row")
    for file in files:
        name = f"{file.parent.name}/{file.name}"
        if name not in windows:
            read.notes.append(f"{NAB_WINDOWS} names no {name}: not read.")
            continue
        part = table_series(read_number_table(file, settings.encoding, "csv"), _without_doubles(by_rows), name)
        for series in part.series:
            marks = np.zeros(len(series), bool)
            for begin, end in windows[name]:
                low, high = (np.datetime64(text[:19].replace(" ", "T"), "s") for text in (begin, end))
                marks |= (series.times >= low) & (series.times <= high)
            read.series.append(replace(series, anomalies=marks))
        read.problems += part.problems
        read.notes += part.notes
    return read


def nab_labels(path: Path) -> Path | None:
    """Return the file of windows that belongs to a folder or a file of the Numenta benchmark."""
    folders = [path, path / "labels"] if path.is_dir() else []
    above = list(path.absolute().parents)[:3]
    folders += [place for folder in above for place in (folder, folder / "labels")]
    return next((folder / NAB_WINDOWS for folder in folders if (folder / NAB_WINDOWS).is_file()), None)


def _with(settings: Any, **values: Any) -> Any:
    return settings.model_copy(update=values)


def _without_doubles(settings: SeriesSettings) -> SeriesSettings:
    """Return settings that sort rows and take the last of one time: a few files of the benchmark repeat some of their rows."""
    return _with(settings, sort_rows=True, duplicates="last" if settings.duplicates == "fail" else settings.duplicates)


def read_skab(path: Path, settings: SeriesSettings) -> Sourced:
    """Return the runs of the Skoltech benchmark below a folder, or one of them: sensors are channels, `anomaly` marks rows.

    As the benchmark has it, the first 400 rows of a run and the run without anomalies are train, the others test.

    Raises:
        UserError: if a file cannot be read.
    """
    files = [path] if path.is_file() else [file for file in list_below(path) if file.name.lower().endswith(".csv")]
    read = Sourced()
    for file in files:
        with naming(file):
            table = read_number_table(file, settings.encoding, "csv")
        marked = table.has("anomaly")
        columns = {name: column for name, column in table.columns.items() if name.lower() != "changepoint"}
        run = _with(settings, anomaly_column=settings.anomaly_column or "anomaly") if marked else settings
        name = stem(file) if path.is_file() else f"{file.parent.name}/{stem(file)}"
        of_file = table_series(replace(table, columns=columns), run, name)
        for series in of_file.series:
            read.starts[series.name] = (
                {"test": SKAB_TRAINING} if marked and len(series) > SKAB_TRAINING else {"train": 0}
            )
        read.add(of_file)
    if any(series.anomalies is not None for series in read.series):  # the run without a mark is one without an anomaly
        read.series = [
            series if series.anomalies is not None else replace(series, anomalies=np.zeros(len(series), bool))
            for series in read.series
        ]
    return read


def is_skab(path: Path) -> bool:
    """Return whether a csv file has columns `anomaly` and `changepoint`, by its first line."""
    try:
        with open(path, "rb") as file:
            header = file.read(HEADER_BYTES).decode("utf-8", "replace").partition("\n")[0].lower()
    except OSError:
        return False
    return {cell.strip(' "\r\ufeff') for cell in re.split("[;,\t]", header)} >= SKAB_COLUMNS


def read_smap(path: Path, settings: SeriesSettings) -> Sourced:
    """Return the telemetry channels of the spacecraft SMAP and MSL: `train/NAME.npz` (or `.npy`) then `test/NAME.npz`, the test part.

    The first column is the channel. The others, commands that were sent, are not read: the two spacecraft differ in them.

    Raises:
        UserError: if a file lacks, or cannot be read.
    """
    table = read_table(path / SMAP_LABELS, settings.encoding, "csv")
    spans: dict[str, list[Any]] = {}
    for row in table.rows:
        try:
            spans.setdefault(row.values["chan_id"], []).extend(ast.literal_eval(row.values["anomaly_sequences"]))
        except (KeyError, ValueError, SyntaxError) as error:
            raise UserError(f"{row.name}: expected chan_id and anomaly_sequences, as [[10, 20]]") from error
    read = Sourced(problems=list(table.problems))
    for name, marked in spans.items():
        halves = [_smap_values(path, part, name) for part in ("train", "test")]
        if any(half is None for half in halves):
            read.problems.append(Problem(f"{SMAP_LABELS}: {name}", f"expected train/{name}.npz and test/{name}.npz"))
            continue
        train, test = halves
        assert train is not None and test is not None
        joined = np.concatenate([train, test])
        marks = np.zeros(len(joined), bool)
        for begin, end in marked:
            marks[len(train) + begin : len(train) + end + 1] = True
        frequency = Frequency("row", settings.season or find_season(training_rows(train[:, 0], settings)))
        series = _untimed(name, joined[:, :1], frequency, ("value",))
        read.series.append(replace(series, anomalies=marks))
        read.starts[name] = {"test": len(train)}
    return read


def _smap_values(root: Path, part: str, name: str) -> np.ndarray | None:
    """Return what a channel holds, float32 `(time, columns)`; None where there is no file."""
    for ending in (".npz", ".npy"):
        file = root / part / f"{name}{ending}"
        if file.is_file():
            with naming(file):
                loaded = np.load(file, allow_pickle=False)
                values = loaded if isinstance(loaded, np.ndarray) else loaded[loaded.files[0]]
            if values.ndim != 2 or not np.isfinite(values).all():
                raise UserError(f"{file}: expected finite numbers (time, columns). Received: shape {values.shape}")
            return np.asarray(values, np.float32)
    return None
