"""Tables of numbers by column: csv, tsv and Parquet without an object for every cell, each fault with the place of its row."""

import math
import re
from collections.abc import Sequence
from csv import reader
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import compute, csv, parquet

from suite.data.cells import NOT_A_NUMBER, OFTEN_MISSING
from suite.data.csv_records import EXCEL_DELIMITER, find_delimiter
from suite.data.examples import Problem
from suite.data.tables import table_format
from suite.data.text_files import line_faults, read_bytes, read_lines
from suite.errors import UserError
from suite.series.times import EPOCHS, parse_times

MISSING = frozenset(text.lower() for text in ("", *NOT_A_NUMBER, *OFTEN_MISSING, "?", "-"))  # in small letters
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
COMMA_NUMBER = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
LARGEST = float(np.finfo(np.float32).max)
PROBED_LINES, MOST_FAULTS = 200, 100


@dataclass(frozen=True)
class NumberTable:
    """The columns of a file.

    Attributes:
        path: The file, and `name`: what its rows are called, before `:LINE`.
        columns: Name -> pyarrow array of texts, numbers or times, all as long.
        lines: Number of the line, in Parquet of the row, of each row, int64 `(rows,)`.
        problems: Rows that could not be told apart into columns.
        decimal_comma: Numbers are written 1,5.
    """

    path: Path
    name: str
    columns: dict[str, Any]
    lines: np.ndarray
    problems: list[Problem] = field(default_factory=list)
    decimal_comma: bool = False

    def place(self, row: int) -> str:
        """Return where a row stands, for people."""
        return f"{self.name}:{self.lines[row]}"

    def spelling(self, name: str, setting: str | None = None) -> str:
        """Return the table's spelling of a column: the exact one, else the only one that differs in case alone.

        Raises:
            UserError: naming the file, the column, those that there are and the setting that names it.
        """
        alike = [column for column in self.columns if column.lower() == name.lower()]
        if name in alike or len(alike) == 1:
            return name if name in alike else alike[0]
        change = f"; --set {setting}=NAME chooses another" if setting else ""
        received = ", ".join(map(repr, list(self.columns)[:20])) or "no columns"
        raise UserError(f"{self.path}: expected a column {name!r}{change}. Received: {received}")

    def has(self, name: str) -> bool:
        """Return whether there is such a column, but for case."""
        return any(column.lower() == name.lower() for column in self.columns)

    def looks_dated(self, name: str) -> bool:
        """Return whether a column of texts begins with times."""
        column = self.columns[name]
        if not (pa.types.is_string(column.type)):
            return pa.types.is_timestamp(column.type) or pa.types.is_date(column.type)
        try:
            return parse_times([text for text in column.slice(0, PROBED_LINES).to_pylist() if text]) is not None
        except UserError:  # days and months cannot be told apart
            return True

    def holds_dates_in_digits(self, name: str) -> bool:
        """Return whether all numbers of a column are dates as 20240131, or rising seconds or milliseconds since 1970."""
        values, _ = numbers_of(self, name)
        if len(values) < 3 or not np.isfinite(values).all() or (values != np.floor(values)).any():
            return False
        if ((values >= 19000101) & (values <= 21001231)).all():
            month, day = values // 100 % 100, values % 100
            return bool(((month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)).all())
        rising = bool((np.diff(values) > 0).all() or (np.diff(values) < 0).all())
        return rising and any(
            bool(((values >= low) & (values < high)).all()) for low, high in (EPOCHS["s"], EPOCHS["ms"])
        )

    def counts_rows(self, name: str) -> bool:
        """Return whether a column holds 0, 1, 2, ... or 1, 2, 3, ..."""
        values, _ = numbers_of(self, name)
        return bool(len(values) > 1 and values[0] in (0, 1) and np.all(np.diff(values) == 1))

    @cached_property
    def texts(self) -> dict[str, bool]:
        """Return for each column whether none of its cells is a number: missing ones aside, it holds texts or times."""
        return {name: _all_texts(column, self.decimal_comma) for name, column in self.columns.items()}


def read_number_table(path: Path, encoding: str, kind: str | None = None, name: str | None = None) -> NumberTable:
    """Return the columns of a csv, tsv or Parquet file.

    A first line that is nothing but numbers (and a time) is a row, unless it counts the columns; they are then numbers from 0.

    Args:
        path: The file, `.gz` of it too.
        encoding: Of its text.
        kind: `csv`, `tsv` or `parquet`; by default what the ending says.
        name: What it is called in messages; by default its name.

    Raises:
        UserError: if the file cannot be read, or holds no row.
    """
    path = Path(path)
    kind, name = kind or table_format(path) or "csv", name or path.name
    if kind == "parquet":
        columns = _read_parquet(path)
        rows = len(next(iter(columns.values()))) if columns else 0
        if not rows:
            raise UserError(f"{path}: expected at least one row. Received: none")
        return NumberTable(path, name, columns, np.arange(1, rows + 1))
    lines = read_lines(path, encoding)
    faults = line_faults(lines, encoding)
    excel = EXCEL_DELIMITER.fullmatch(lines[0])
    numbers = [
        number
        for number, line in enumerate(lines, 1)
        if line.strip() and number not in faults and not (excel and number == 1)
    ]
    if not numbers:
        raise UserError(f"{path}: expected at least one row. Received: none")
    texts = [lines[number - 1] for number in numbers]
    delimiter = excel.group(1) if excel else "\t" if kind == "tsv" else find_delimiter(texts[:PROBED_LINES])
    problems = [Problem(f"{name}:{number}", fault) for number, fault in faults.items()]
    return _parse(path, name, texts, np.array(numbers), delimiter, problems)


def _parse(
    path: Path, name: str, texts: list[str], numbers: np.ndarray, delimiter: str, problems: list[Problem]
) -> NumberTable:
    header = _cells(texts[0], delimiter)
    while header and not header[-1]:
        header.pop()
    if not header:
        raise UserError(f"{path}:{numbers[0]}: expected the names of columns. Received: an empty line")
    twice = next((cell for cell in header if cell and header.count(cell) > 1), None)
    headerless = _is_row(header)
    if twice is not None and not headerless:
        raise UserError(f"{path}:{numbers[0]}: expected one column {twice!r}. Received: {header.count(twice)}")
    if headerless:
        header = list(map(str, range(len(header))))
    else:
        header = [cell or f"column {place}" for place, cell in enumerate(header)]
        texts, numbers = texts[1:], numbers[1:]
    if not texts:
        raise UserError(f"{path}: expected at least one row below the header. Received: none")
    table, wrong = _read_csv(texts, header, delimiter)
    if wrong:
        texts = [_without_empty_end(text, delimiter, len(header)) for text in texts]
        table, wrong = _read_csv(texts, header, delimiter)
    if wrong:
        expected = f"expected {len(header)} columns ({', '.join(header[:10])}{', ...' if len(header) > 10 else ''})"
        problems += [
            Problem(f"{name}:{numbers[row]}", f"{expected}. Received: {count}") for row, count in wrong.items()
        ]
        numbers = np.delete(numbers, list(wrong))
    columns = dict(zip(header, table.columns, strict=True))
    comma = delimiter != "," and any(_has_decimal_commas(column) for column in columns.values())
    return NumberTable(path, name, columns, numbers, problems, comma)


def _read_csv(texts: list[str], header: list[str], delimiter: str) -> tuple[Any, dict[int, int]]:
    """Return a pyarrow table of texts, and the rows that have another number of cells, with that number."""
    wrong: dict[int, int] = {}

    def note(row: Any) -> str:
        wrong[row.number - 1] = row.actual_columns
        return "skip"

    data = pa.py_buffer("\n".join(texts).encode("utf-8", "surrogatepass"))
    table = csv.read_csv(
        pa.BufferReader(data),
        csv.ReadOptions(column_names=header, use_threads=False, block_size=max(1 << 20, len(data) + 1)),
        csv.ParseOptions(delimiter=delimiter, invalid_row_handler=note, ignore_empty_lines=False),
        csv.ConvertOptions(column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False),
    )
    return table, wrong


def _cells(text: str, delimiter: str) -> list[str]:
    return [cell.strip() for cell in next(reader([text], delimiter=delimiter), [])]


def _without_empty_end(text: str, delimiter: str, count: int) -> str:
    while text.count(delimiter) >= count and text.rstrip(" ").endswith(delimiter):
        text = text.rstrip(" ")[: -len(delimiter)]
    return text


def _is_row(header: Sequence[str]) -> bool:
    """Return whether a first line is a row of numbers rather than names of columns."""
    numbers = [cell for cell in header if NUMBER.fullmatch(cell)]
    if len(numbers) < max(1, len(header) - 1):
        return False
    counted = [int(cell) for cell in numbers if cell.isdigit()]
    if len(counted) == len(numbers) and counted in (list(range(len(counted))), list(range(1, len(counted) + 1))):
        return False
    others = [cell for cell in header if not NUMBER.fullmatch(cell)]
    return not others or re.match(r"\d", others[0]) is not None


def _all_texts(column: Any, decimal_comma: bool) -> bool:
    if not pa.types.is_string(column.type) and not pa.types.is_large_string(column.type):
        return not (
            pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_boolean(column.type)
        )
    different = _words(column.slice(0, 1000).unique())
    if not different:
        different = _words(column.unique())
    form = COMMA_NUMBER if decimal_comma else NUMBER
    return bool(different) and not any(form.fullmatch(text) or NUMBER.fullmatch(text) for text in different)


def _words(column: Any) -> set[str]:
    """Return the different texts of cells that are there."""
    texts = {text.strip() for text in column.to_pylist() if text}
    return {text for text in texts if text.lower() not in MISSING}


def _has_decimal_commas(column: Any) -> bool:
    different = _words(column.slice(0, 1000))
    commas = sum(COMMA_NUMBER.fullmatch(text) is not None for text in different)
    plain = sum(NUMBER.fullmatch(text) is not None for text in different)
    return commas > 0 and commas + plain == len(different) and not any("." in text for text in different)


def _read_parquet(path: Path) -> dict[str, Any]:
    data = read_bytes(path)
    if not data:
        raise UserError(f"{path}: the file is empty")
    try:
        table = parquet.ParquetFile(pa.BufferReader(data)).read()
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise UserError(f"{path}: expected a Parquet file: {reason}") from error
    columns = dict(zip(table.column_names, table.columns, strict=True))
    return {name: _decoded(column.combine_chunks()) for name, column in columns.items()}


def _decoded(column: Any) -> Any:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _decoded(column.cast(kind.value_type))
    if pa.types.is_decimal(kind) or pa.types.is_boolean(kind) or pa.types.is_float16(kind):
        return column.cast(pa.float64())
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind) or pa.types.is_null(kind):
        return column.cast(pa.string())
    return column


def numbers_of(table: NumberTable, column: str) -> tuple[np.ndarray, list[Problem]]:
    """Return a column as float64 `(rows,)`, NaN where a cell is empty or says that it is missing, or is at fault.

    What is at fault: a text, an infinity, a number too large for float32. Each such row is a problem, up to a number of them.
    """
    cells = table.columns[column]
    if isinstance(cells, pa.ChunkedArray):
        cells = cells.combine_chunks()
    kind = cells.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        values = cells.cast(pa.float64()).to_numpy(zero_copy_only=False)
        return _finite(table, column, values.copy(), {})
    if not pa.types.is_string(kind):
        return np.full(len(cells), np.nan), [
            Problem(table.name, f"expected numbers in the column {column!r}. Received: {kind}")
        ]
    try:
        return _finite(table, column, cells.cast(pa.float64()).to_numpy(zero_copy_only=False).copy(), {})
    except pa.ArrowInvalid:
        pass  # some cell is missing, or no number as arrow writes it
    encoded = compute.dictionary_encode(compute.fill_null(cells, ""))
    different, faults = np.empty(len(encoded.dictionary)), {}
    for place, text in enumerate(encoded.dictionary.to_pylist()):
        number = _number(text.strip(), table.decimal_comma)
        different[place] = np.nan if number is None else number
        if number is None:
            faults[place] = text
    codes = encoded.indices.to_numpy()
    wrong = {
        int(row): faults[int(codes[row])] for row in np.flatnonzero(np.isin(codes, list(faults)))[: MOST_FAULTS + 1]
    }
    return _finite(table, column, different[codes], wrong)


def _number(text: str, decimal_comma: bool) -> float | None:
    """Return the number that a cell is, NaN if it is missing, None if it is no number."""
    if text.lower() in MISSING:
        return math.nan
    if text.lower().lstrip("+-") in ("inf", "infinity"):
        return math.inf
    if decimal_comma and COMMA_NUMBER.fullmatch(text):
        text = text.replace(",", ".")
    return float(text) if NUMBER.fullmatch(text) else None


def _finite(
    table: NumberTable, column: str, values: np.ndarray, texts: dict[int, str]
) -> tuple[np.ndarray, list[Problem]]:
    """Return values with NaN for those that are no finite float32, and all faults in the order of the rows."""
    infinite = np.flatnonzero(np.abs(values) > LARGEST)
    faults = {**texts, **{int(row): str(values[row]) for row in infinite[: MOST_FAULTS + 1]}}
    values[infinite] = np.nan
    problems = [
        Problem(table.place(row), f"expected a finite number in the column {column!r}. Received: {faults[row][:60]!r}")
        for row in sorted(faults)
    ]
    return values, problems
