"""Files and folders of series, in every documented format, as series."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from suite.data.examples import Problem
from suite.data.formats import choose_format
from suite.data.number_columns import read_number_table
from suite.data.series_files import (
    M4_NAME,
    SMAP_LABELS,
    Sourced,
    is_skab,
    nab_labels,
    read_jsonl,
    read_m4,
    read_nab,
    read_skab,
    read_smap,
)
from suite.data.series_tables import gather_notes, table_series
from suite.data.sources import Listing, SourceFile, find_tables, list_below, list_folder
from suite.data.tables import table_format
from suite.errors import UserError, naming
from suite.series.series import Series

TABLES = ("csv", "tsv", "parquet", "jsonl")
DESCRIPTIONS = {
    **{kind: f"a .{kind} file of series, long or wide, or such files named train, dev, test" for kind in TABLES[:3]},
    "jsonl": "a .jsonl file of rows or of series",
    "m4": "Hourly-train.csv and its like, a series a row (perhaps Hourly-test.csv beside it)",
    "nab": "folders of .csv files with combined_windows.json beside or above",
    "skab": ".csv files with columns anomaly and changepoint",
    "smap": f"{SMAP_LABELS} with folders train and test of .npz or .npy files",
}


def _find_table(kind: str, root: Path, forced: bool) -> Listing | None:
    if not forced and any(find(root, False) is not None for find in (_find_m4, _find_nab, _find_skab, _find_smap)):
        return None
    return find_tables(root, kind, forced)


def _find_m4(root: Path, forced: bool) -> Listing | None:
    if root.is_file():
        match = M4_NAME.fullmatch(root.name)
        if forced or (match and match[2].lower() == "train"):
            return Listing(f"the file {root.name}", [SourceFile(root, root.name)])
        return None
    files = list_folder(root)[0]
    train = [path for path in files if (match := M4_NAME.fullmatch(path.name)) and match[2].lower() == "train"]
    if len(train) > 1:
        names = ", ".join(path.name for path in train)
        raise UserError(
            f"{root}: expected one file NAME-train.csv, since one model learns one frequency. Received: {names}; name one of them"
        )
    return Listing(f"the file {train[0].name}", [SourceFile(train[0], train[0].name)]) if train else None


def _find_nab(root: Path, forced: bool) -> Listing | None:
    labels = nab_labels(root)
    csv = root.is_file() and table_format(root) == "csv"
    inside = root.is_dir() and any(table_format(path) == "csv" for path in list_below(root))
    if labels is None or not (csv or inside):
        return None
    return Listing(f"the file {labels.name}", [SourceFile(root, root.name)])


def _find_skab(root: Path, forced: bool) -> Listing | None:
    if root.is_file():
        return Listing(f"columns of {root.name}", [SourceFile(root, root.name)]) if forced or is_skab(root) else None
    files = [path for path in list_below(root) if table_format(path) == "csv"]
    runs = [path for path in files if path.parent.name != "anomaly-free"]
    if not runs or not (forced or all(map(is_skab, runs))):
        return None
    return Listing(f"columns of {runs[0].name}", [SourceFile(root, root.name)])


def _find_smap(root: Path, forced: bool) -> Listing | None:
    if not (root / SMAP_LABELS).is_file():
        return None
    return Listing(f"the file {SMAP_LABELS}", [SourceFile(root, root.name)])


FORMATS: dict[str, Callable[[Path, bool], Listing | None]] = {
    **{kind: partial(_find_table, kind) for kind in TABLES},
    **{"m4": _find_m4, "nab": _find_nab, "skab": _find_skab, "smap": _find_smap},
}
_READERS: dict[str, Callable[[Path, Any], Sourced]] = {
    **{"jsonl": read_jsonl, "m4": read_m4},
    **{"nab": read_nab, "skab": read_skab, "smap": read_smap},
}


def read_source(path: Path, settings: Any, format: str | None = None) -> tuple[Sourced, str, Listing]:
    """Return the series of a file or folder, the name of its format and what that was recognized by.

    Series of one name in files named train, dev and test are joined where the later begins behind the end of the earlier.

    Args:
        path: The file or folder.
        settings: As `suite.data.series_roles.SeriesSettings`.
        format: One of `FORMATS`; by default recognized.

    Raises:
        UserError: if the path, a column or a whole file is at fault.
    """
    format, listing = choose_format(path, FORMATS, DESCRIPTIONS, format)
    read = Sourced(notes=list(listing.notes))
    by_part: list[tuple[str | None, Sourced]] = []
    for source in listing.sources:
        with naming(source.path):
            if format in _READERS:
                by_part.append((source.part, _READERS[format](source.path, settings)))
            else:
                table = read_number_table(source.path, settings.encoding, format, source.name)
                tables = table_series(table, settings, None if source.part is None else path.name)
                by_part.append((source.part, Sourced(tables.series, tables.problems, tables.notes)))
    for _, part in by_part:
        read.problems += part.problems
        read.notes += part.notes
        read.starts |= part.starts
    if all(part is None for part, _ in by_part):
        read.series = [series for _, part in by_part for series in part.series]
    else:
        _join_parts(by_part, read)
    read.notes = gather_notes(read.notes)
    return read, format, listing


def _join_parts(by_part: list[tuple[str | None, Sourced]], read: Sourced) -> None:
    """Put the series of files named after parts together, and note where the later parts begin."""
    order = {"train": 0, "dev": 1, "test": 2}
    series: dict[str, Series] = {}
    for part, sourced in sorted(by_part, key=lambda pair: order.get(pair[0] or "train", 0)):
        for later in sourced.series:
            earlier = series.get(later.name)
            if earlier is None:
                series[later.name] = later
                if part in ("dev", "test"):
                    read.starts.setdefault(later.name, {})[part] = 0
                continue
            joined = join(earlier, later)
            if joined is None:
                expected = (
                    f"{later.name}: expected it to go on a step after {earlier.frequency.written(earlier.times[-1])}"
                )
                received = later.frequency.written(later.times[0])
                read.problems.append(
                    Problem(f"the {part} part", f"{expected}, where the part before ends. Received: {received}")
                )
                continue
            if part in ("dev", "test"):
                read.starts.setdefault(later.name, {})[part] = len(earlier)
            series[later.name] = joined
    read.series = list(series.values())


def join(earlier: Series, later: Series) -> Series | None:
    """Return two series as one, where the later goes on a step after the earlier; None where it does not."""
    untimed = earlier.frequency.unit == later.frequency.unit == "row"
    if earlier.channels != later.channels or (earlier.frequency.code != later.frequency.code and len(later) > 2):
        return None
    if not untimed and earlier.frequency.step(earlier.times[-1], 1) != later.times[0]:
        return None
    times = later.times - later.times[0] + earlier.times[-1] + np.timedelta64(1, "s") if untimed else later.times
    rows = len(earlier)
    merged: dict[str, Any] = {
        "times": np.concatenate([earlier.times, times]),
        "values": np.concatenate([earlier.values, later.values]),
    }
    for name in ("past", "anomalies"):
        pair = getattr(earlier, name), getattr(later, name)
        merged[name] = None if any(array is None for array in pair) else np.concatenate(pair)
    if earlier.future is not None and later.future is not None:
        merged["future"] = np.concatenate([earlier.future[:rows], later.future])
    return replace(earlier, **merged)


def read_series(path: Path, settings: Any, format: str | None = None) -> tuple[list[Series], list[Problem]]:
    """Return the series that a file or folder holds, and what is wrong with the rest.

    Raises:
        UserError: as `read_source`, or naming the first fault if there is no series.
    """
    read, _, _ = read_source(path, settings, format)
    if not read.series:
        fault = (
            f"{read.problems[0].name}: {read.problems[0].message}"
            if read.problems
            else "expected a series. Received: none"
        )
        raise UserError(f"{path}: {fault}")
    return read.series, read.problems
