"""Rows of csv, tsv and jsonl files by column name, with the line of every row and every fault."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suite.data.examples import Problem
from suite.data.text_files import read_lines, undecodable
from suite.errors import UserError

KINDS = ("csv", "tsv", "jsonl")
LONGEST_FIELD = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Row:
    """One row: where it stands (`"train.tsv:17"`) and its values by column; strings except in jsonl."""

    name: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Table:
    """A file's columns, its good rows, and its bad ones as problems.

    `headerless` says that the columns were given by the caller because the file has no header.
    """

    path: Path
    columns: tuple[str, ...]
    rows: list[Row]
    problems: list[Problem]
    headerless: bool = False

    def column(self, wanted: str, setting: str | None = None) -> str:
        """Return the table's spelling of a column: the exact one, else one that differs in case alone.

        Raises:
            UserError: naming the file, the column, the columns found and the setting that changes it.
        """
        found = self.find_column(wanted)
        if self.columns.count(found) > 1:
            raise UserError(f"{self.path}: expected one column {found!r}. Received: {self.columns.count(found)}")
        if found is not None:
            return found
        change = f"; --set {setting}=NAME chooses another" if setting else ""
        shown = ", ".join(repr(_short(column)) for column in self.columns[:20])
        raise UserError(f"{self.path}: expected a column {wanted!r}{change}. Received: {shown or 'no columns'}")

    def find_column(self, wanted: str) -> str | None:
        """Return the table's spelling of a column, or None."""
        if wanted in self.columns:
            return wanted
        alike = [column for column in self.columns if column.lower() == wanted.lower()]
        return alike[0] if len(alike) == 1 else None


def table_kind(path: Path) -> str | None:
    """Return "csv", "tsv" or "jsonl" by the file's ending (`.gz` aside), else None."""
    name = Path(path).name.lower().removesuffix(".gz")
    return next((kind for kind in KINDS if name.endswith(f".{kind}")), None)


def read_table(
    path: Path,
    encoding: str = "utf-8",
    kind: str | None = None,
    name: str | None = None,
    headerless: tuple[str, ...] = (),
) -> Table:
    """Return the rows of one file.

    A csv follows RFC 4180 (quoted fields may hold line ends). A tsv has no quoting: every tab parts two fields,
    every line end two rows, and a quotation mark is a character like any other.

    Args:
        kind: "csv", "tsv" or "jsonl"; by default what the file's ending says.
        name: What rows are called, before `:LINE`; by default the file's name.
        headerless: Column names of a tsv without a header, the label last. It is taken as headerless if its first
            line has that many fields, none of them such a name, and the last one is a number or occurs again below.

    Raises:
        UserError: if the file cannot be read as text or its header is unusable.
    """
    path = Path(path)
    lines = read_lines(path, encoding)
    kind, name = kind or table_kind(path), name or path.name
    records = {"csv": _split_csv, "tsv": _split_tsv, "jsonl": _split_jsonl}[kind](lines, path)
    bad_lines = {number: fault for number, line in enumerate(lines, 1) if (fault := _fault(line, encoding))}
    if kind == "jsonl":
        return _objects(path, name, records, bad_lines)
    if not records:
        raise UserError(f"{path}: the file is empty")
    (start, end, header), *records = records
    for number in range(start, end + 1):
        if number in bad_lines:
            raise UserError(f"{path}:{number}: {bad_lines[number]}")
    if isinstance(header, str):
        raise UserError(f"{path}:{start}: {header}")
    columns = tuple(cell.strip() for cell in header)
    no_header = kind == "tsv" and _lacks_header(columns, records, headerless)
    if no_header:
        columns, records = headerless, [(start, end, header), *records]
    return _table(path, name, columns, records, bad_lines, no_header)


def _table(path, name, columns, records, bad_lines, headerless):
    rows, problems = [], []
    for start, end, cells in records:
        fault = next((number for number in range(start, end + 1) if number in bad_lines), None)
        if fault is not None:
            problems.append(Problem(f"{name}:{fault}", bad_lines[fault]))
        elif isinstance(cells, str):
            problems.append(Problem(f"{name}:{start}", cells))
        elif len(cells) != len(columns):
            expected = f"expected {len(columns)} columns ({', '.join(_short(column) for column in columns)})"
            problems.append(Problem(f"{name}:{start}", f"{expected}. Received: {len(cells)}"))
        else:
            rows.append(Row(f"{name}:{start}", dict(zip(columns, cells, strict=True))))
    return Table(path, columns, rows, problems, headerless)


def _split_tsv(lines, path):
    return [(number, number, line.split("\t")) for number, line in enumerate(lines, 1) if line.strip()]


def _split_csv(lines, path):
    """Return (first line, last line, cells or a fault in words) of each record."""
    records, limit = [], csv.field_size_limit(LONGEST_FIELD)
    # strict: a stray quotation mark is then a fault at its line, not a field that swallows the rows after it
    reader = csv.reader((line + "\n" for line in lines), strict=True)
    try:
        while True:
            start = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return records
            except csv.Error as error:
                if "unexpected end" in str(error):
                    raise UserError(f"{path}:{start}: a quotation mark opened in this row is never closed") from error
                cells = f"not a csv row: {error}; a quotation mark inside a quoted field is written twice"
            if cells and any(map(str.strip, cells)):
                records.append((start, reader.line_num, cells))
    finally:
        csv.field_size_limit(limit)


def _split_jsonl(lines, path):
    if lines[0].lstrip().startswith("["):
        raise UserError(f"{path}:1: expected one JSON object per line. Received: a JSON array")
    return [(number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _objects(path, name, records, bad_lines):
    rows, problems, columns = [], [], {}
    for number, line in records:
        place = f"{name}:{number}"
        try:
            value = None if number in bad_lines else json.loads(line)
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


def _lacks_header(first, records, headerless):
    if not headerless or len(first) != len(headerless) or any(cell.lower() in headerless for cell in first):
        return False
    return _is_number(first[-1]) or any(cells[-1].strip() == first[-1] for _, _, cells in records)


def _is_number(text):
    try:
        return float(text) is not None
    except ValueError:
        return False


def _fault(line, encoding):
    return None if line.isascii() else undecodable(line, encoding)


def _short(text, longest=60):
    return text if len(text) <= longest else text[: longest - 3] + "..."
