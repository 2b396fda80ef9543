"""Records of a csv text: what parts its cells, where each record begins and ends, and what a stray quotation mark spoils."""

import csv
import re
from collections.abc import Sequence
from pathlib import Path

from suite.errors import UserError

Record = tuple[int, int, list[str] | str]  # first line, last line, cells or a fault in words

DELIMITERS = (",", ";", "\t", "|")
EXCEL_DELIMITER = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
LONGEST_FIELD = 2**31 - 1
PROBED_LINES = 200  # at the start of a file, to tell its delimiter


def split_csv(lines: Sequence[str], path: Path, delimiter: str | None = None) -> list[Record]:
    """Return the records of a csv file, blank ones left out.

    A record that is no csv row has a sentence in place of its cells, and reaches to the end of the text that its
    quotation marks enclose, as far as that can be told; see `_join_torn`.

    Args:
        lines: Without their ends.
        path: For messages.
        delimiter: What parts two cells; by default the line `sep=;` that Excel writes says so, else the first records.

    Raises:
        UserError: if a quotation mark that opens a field is never closed.
    """
    skipped = 0
    if delimiter is None and (named := EXCEL_DELIMITER.fullmatch(lines[0])):
        delimiter, skipped = named.group(1), 1
    lines = ["", *lines[1:]] if skipped else lines
    delimiter = delimiter or find_delimiter(lines)
    return _join_torn(_parse(lines, path, delimiter), lines, delimiter)


def _parse(lines: Sequence[str], path: Path, delimiter: str) -> list[Record]:
    records: list[Record] = []
    limit = csv.field_size_limit(LONGEST_FIELD)
    # strict: a stray quotation mark is then a fault at its line, not a field that swallows the rows after it
    reader = csv.reader((line + "\n" for line in lines), strict=True, delimiter=delimiter)
    try:
        while True:
            start = reader.line_num + 1
            try:
                cells: list[str] | str = next(reader)
            except StopIteration:
                return records
            except csv.Error as error:
                if "unexpected end" in str(error):
                    raise UserError(f"{path}:{start}: a quotation mark opened in this row is never closed") from error
                cells = _describe(error)
            if cells and any(map(str.strip, cells)):
                records.append((start, reader.line_num, cells))
    finally:
        csv.field_size_limit(limit)


def _describe(error: csv.Error) -> str:
    if "new-line" in str(error):
        return "not a csv row: a carriage return stands alone in it; within a field it is quoted"
    return f"not a csv row: {error}; a quotation mark inside a quoted field is written twice"


def find_delimiter(lines: Sequence[str]) -> str:
    """Return what parts the first record; of several the one that gives equal records, then the one without spaces after.

    The comma where all are alike, or where nothing parts the first record.
    """
    ranks: dict[str, tuple[bool, bool]] = {}
    for delimiter in DELIMITERS:
        try:
            records: list[list[str] | str] = [cells for _, _, cells in _parse(lines[:PROBED_LINES], Path(), delimiter)]
        except UserError:  # the last of these lines are within a quoted field, or a quotation mark is never closed
            records = [*csv.reader((line + "\n" for line in lines[:PROBED_LINES]), delimiter=delimiter)][:-1]
        rows = [cells for cells in records if not isinstance(cells, str)]
        if rows and len(rows[0]) > 1:
            spaced = all(cell.startswith(" ") for cells in rows for cell in cells[1:])
            ranks[delimiter] = (len({len(cells) for cells in rows}) > 1, spaced)
    return min(ranks, key=lambda delimiter: ranks[delimiter], default=",")


def _join_torn(records: list[Record], lines: Sequence[str], delimiter: str) -> list[Record]:
    """Return the records, each faulty one with the records after it that are the rest of its torn field.

    A stray quotation mark ends a quoted field too early; the field's later lines then look like records, until one
    holds the quotation mark that was to close it, where none may stand. Records between a faulty one and such a line
    that hold no quotation mark cannot be told from the field's text, so that they count as part of it.
    """
    cell = rf'(?:"(?:[^"]|"")*"|[^"{re.escape(delimiter)}]*)'
    well_formed = re.compile(rf"{cell}(?:{re.escape(delimiter)}{cell})*")
    width = len(records[0][2]) if records and not isinstance(records[0][2], str) else 0

    def text(record: Record) -> str:
        return "\n".join(lines[record[0] - 1 : record[1]])

    joined, index = [], 0
    while index < len(records):
        start, end, cells = record = records[index]
        index += 1
        if (isinstance(cells, str) or len(cells) != width) and '"' in text(record):
            marked = next((later for later in range(index, len(records)) if '"' in text(records[later])), None)
            if marked is not None and not well_formed.fullmatch(text(records[marked])):
                end, index = records[marked][1], marked + 1
                fault = (
                    cells if isinstance(cells, str) else "not a csv row: a stray quotation mark ends a field too early"
                )
                cells = f"{fault}; the row reaches to line {end}"
        joined.append((start, end, cells))
    return joined
