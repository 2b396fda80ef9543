"""Rows of csv, tsv, jsonl and Parquet files by column name, with the place of every row and every fault."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from suite.data.csv_records import Record, split_csv
from suite.data.examples import Problem
from suite.data.parquet_files import read_parquet
from suite.data.text_files import SETTING, line_faults, read_lines
from suite.errors import UserError

TABLE_FORMATS = ("csv", "tsv", "jsonl", "parquet")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: where it stands (`"train.tsv:17"`, by line; in Parquet by row) and its values by column.

    Values are texts in csv and tsv, and None, texts, numbers, lists or dicts in jsonl and Parquet.
    """

    name: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Table:
    """A file's columns, its good rows, and its bad ones as problems.

    Attributes:
        headerless: The file has no header; the caller gave the names of its columns, or they are numbers from 0.
        unreadable: Columns whose values no task takes, with their type.
    """

    path: Path
    columns: tuple[str, ...]
    rows: list[Row]
    problems: list[Problem]
    headerless: bool = False
    unreadable: Mapping[str, str] = field(default_factory=dict)

    def column(self, name: str, setting: str | None = None, numbered: bool = True) -> str:
        """Return the table's spelling of a column: the exact one, else one that differs in case alone.

        Args:
            name: Of the column.
            setting: That names it.
            numbered: Where a file has no header, the setting may be a number.

        Raises:
            UserError: naming the file, the column, the columns found and the setting that changes it.
        """
        spelling = self.find_column(name)
        if spelling is not None:
            return spelling
        change = f"; --set {setting}=NAME chooses another" if setting else ""
        if setting and numbered and self.path.name.lower().removesuffix(".gz").endswith((".csv", ".tsv")):
            change += ", its number from 0 where the file has no header"
        columns = ", ".join(repr(_short(column)) for column in self.columns[:20])
        raise UserError(f"{self.path}: expected a column {name!r}{change}. Received: {columns or 'no columns'}")

    def find_column(self, name: str) -> str | None:
        """Return the table's spelling of a column, or None.

        Raises:
            UserError: if several columns have that name, or its values are of a type that no task takes.
        """
        alike = [column for column in self.columns if column.lower() == name.lower()]
        if name in alike:
            alike = [name] * alike.count(name)
        if len(alike) > 1:
            spellings = str(len(alike)) if len(set(alike)) == 1 else ", ".join(map(repr, alike))
            raise UserError(f"{self.path}: expected one column {name!r}. Received: {spellings}")
        if alike and alike[0] in self.unreadable:
            received = self.unreadable[alike[0]]
            raise UserError(f"{self.path}: expected texts or numbers in the column {alike[0]!r}. Received: {received}")
        return alike[0] if alike else None


def table_format(path: Path) -> str | None:
    """Return which of `TABLE_FORMATS` a file is by its ending (`.gz` aside), else None."""
    name = Path(path).name.lower().removesuffix(".gz")
    return next((kind for kind in TABLE_FORMATS if name.endswith(f".{kind}")), None)


def read_table(
    path: Path,
    encoding: str | None = "utf-8",
    kind: str | None = None,
    name: str | None = None,
    headerless: tuple[str, ...] = (),
    option: str = SETTING,
) -> Table:
    """Return the rows of one file.

    A csv follows RFC 4180 (quoted fields may hold line ends); commas, semicolons, tabs or bars part its cells. A tsv
    has no quoting: every tab parts two fields, every line end two rows, and a quotation mark is a character like any
    other; only where all of its header is quoted is it read as a csv. Empty cells at the end of a row are dropped
    where the header has no name for them.

    Args:
        encoding: None for what the file's byte order mark says, else UTF-8.
        kind: One of `TABLE_FORMATS`; by default what the file's ending says.
        name: What rows are called, before `:LINE`; by default the file's name.
        headerless: Column names of a csv or tsv without a header, the label last. It is taken as headerless if its
            first line has that many fields, none of them such a name, and the last one is a number or occurs again
            below. If all the names are numbers, and the first line does not hold them all, columns are numbered from 0.
        option: What a person types before the name of an encoding, for messages.

    Raises:
        UserError: if the file cannot be read or its header is unusable.
    """
    path = Path(path)
    kind, name = kind or table_format(path), name or path.name
    if kind == "parquet":
        return _parquet_table(path, name)
    lines = read_lines(path, encoding, option)
    bad_lines = line_faults(lines, encoding, option)
    if kind == "jsonl":
        return _objects(path, name, lines, bad_lines)
    records = split_csv(lines, path) if kind == "csv" else _split_tsv(lines, path)
    if not records:
        raise UserError(f"{path}: the file is empty")
    (start, end, header), *records = records
    for number in range(start, end + 1):
        if number in bad_lines:
            raise UserError(f"{path}:{number}: {bad_lines[number]}")
    if isinstance(header, str):
        raise UserError(f"{path}:{start}: {header}")
    columns = _trimmed(tuple(cell.strip() for cell in header), 0)
    no_header = _lacks_header(columns, records, headerless)
    if no_header:
        numbered = all(column.isdecimal() for column in headerless)
        columns = tuple(map(str, range(len(header)))) if numbered else headerless
        records = [(start, end, header), *records]
    rows, problems = _sort_rows(name, columns, records, bad_lines)
    return Table(path, columns, rows, problems, no_header)


def _trimmed(cells: Any, count: int) -> Any:
    """Return the cells without the empty ones at their end that go beyond `count`."""
    while len(cells) > count and not cells[-1].strip():
        cells = cells[:-1]
    return cells


def _sort_rows(
    name: str, columns: tuple[str, ...], records: list[Record], bad_lines: dict[int, str]
) -> tuple[list[Row], list[Problem]]:
    rows, problems = [], []
    for start, end, cells in records:
        fault = next((number for number in range(start, end + 1) if number in bad_lines), None)
        if fault is not None:
            problems.append(Problem(f"{name}:{fault}", bad_lines[fault]))
        elif isinstance(cells, str):
            problems.append(Problem(f"{name}:{start}", cells))
        elif len(cells := _trimmed(cells, len(columns))) != len(columns):
            expected = f"expected {len(columns)} columns ({', '.join(_short(column) for column in columns)})"
            problems.append(Problem(f"{name}:{start}", f"{expected}. Received: {len(cells)}"))
        else:
            rows.append(Row(f"{name}:{start}", dict(zip(columns, cells, strict=True))))
    return rows, problems


def _split_tsv(lines: list[str], path: Path) -> list[Record]:
    records: list[Record] = [(number, number, line.split("\t")) for number, line in enumerate(lines, 1) if line.strip()]
    header = [cell.strip() for cell in records[0][2]] if records else []
    if len(header) > 1 and all(len(cell) > 1 and cell[0] == cell[-1] == '"' for cell in header):
        return split_csv(lines, path, "\t")
    return records


def _parquet_table(path: Path, name: str) -> Table:
    columns, unreadable, names = read_parquet(path)
    rows = [
        Row(f"{name}:{number}", dict(zip(columns, values, strict=True)))
        for number, values in enumerate(zip(*columns.values(), strict=True), 1)
    ]
    return Table(path, names, rows, [], unreadable=unreadable)


def _objects(path: Path, name: str, lines: list[str], bad_lines: dict[int, str]) -> Table:
    if lines[0].lstrip().startswith("["):
        raise UserError(f"{path}:1: expected one JSON object per line. Received: a JSON array")
    rows, problems, columns = [], [], {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        place = f"{name}:{number}"
        try:
            value = None if number in bad_lines else json.loads(line)
            if isinstance(value, dict) and line.count(":") > len(value):  # else no key can stand twice
                json.loads(line, object_pairs_hook=_object)
        except (ValueError, RecursionError) as error:
            problems.append(Problem(place, f"not valid JSON: {error}"))
            continue
        if isinstance(value, dict):
            columns.update(dict.fromkeys(value))
            rows.append(Row(place, value))
        else:
            received = f"expected a JSON object. Received: {_short(line.strip())}"
            problems.append(Problem(place, bad_lines.get(number, received)))
    return Table(path, tuple(columns), rows, problems)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object; a key that stands twice is a fault, since either value may be the one that is meant."""
    values = dict(pairs)
    if len(values) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} stands twice in one object")
    return values


def _lacks_header(first: tuple[str, ...], records: list[Record], headerless: tuple[str, ...]) -> bool:
    if headerless and all(column.isdecimal() for column in headerless):
        return not set(headerless) <= set(first)
    if len(first) != len(headerless) or any(cell.lower() in headerless for cell in first):
        return False
    below = (_trimmed(cells, 0) for _, _, cells in records if not isinstance(cells, str))
    return _is_number(first[-1]) or any(cells[-1].strip() == first[-1] for cells in below)


def _is_number(text: str) -> bool:
    try:
        return float(text) is not None
    except ValueError:
        return False


def _short(text: str, longest: int = 60) -> str:
    return text if len(text) <= longest else text[: longest - 3] + "..."
