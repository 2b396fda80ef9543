"""Files of columns, as of the CoNLL shared tasks: a token a line, blank lines between sentences."""

import gzip
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from suite.data.examples import Problem
from suite.data.text_files import line_faults, read_lines
from suite.errors import UserError

DOCUMENT, CONLLU_DOCUMENT = "-DOCSTART-", "# newdoc"
ID = re.compile(r"\d+(?:[-.]\d+)?")  # of CoNLL-U: 3 is a token, 3-4 a range of tokens, 3.1 an empty node
PROBED_BYTES = 1 << 16


@dataclass(frozen=True)
class Block:
    """One sentence: the columns of its lines by the number of the line, and of which document it is, from 1; 0 of none."""

    rows: list[tuple[int, list[str]]]
    document: int


@dataclass(frozen=True)
class Columns:
    """What a file of columns holds.

    Attributes:
        width: Columns of a line.
        ids: The first column numbers the tokens of each sentence, as in CoNLL-U.
        blocks: The sentences all of whose lines can be read.
        problems: What is wrong with the lines of the others.
    """

    width: int
    ids: bool
    blocks: list[Block] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def is_column_file(path: Path) -> bool:
    """Return whether the begin of a file is sentences parted by blank lines, all of their lines in as many columns."""
    try:
        with (gzip.open if path.suffix.lower() == ".gz" else open)(path, "rb") as file:
            start = file.read(PROBED_BYTES).decode("latin-1")
    except (OSError, EOFError, zlib.error):
        return False
    lines = [line.rstrip("\r") for line in start.split("\n")]
    if len(start) == PROBED_BYTES:
        lines.pop()
    tokens = [line for line in lines if line.strip(" \t") and not line.startswith(("#", DOCUMENT))]
    blank_within = any(not line.strip(" \t") for line in "\n".join(lines).strip().split("\n"))
    widths = {len(split_columns(line, "\t" in line)) for line in tokens}
    return blank_within and len(widths) == 1 and widths != {1} and "\0" not in start


def split_columns(line: str, tabs: bool = False) -> list[str]:
    """Return the columns of a line, none of a blank one; empty ones at its end are dropped.

    Only blanks and tabs part: a token may hold other spaces.
    """
    line = line.rstrip(" \t")
    if not line:
        return []
    if tabs:
        return [cell.strip(" ") for cell in line.split("\t")]
    return [cell for cell in line.replace("\t", " ").split(" ") if cell]


def read_columns(path: Path, name: str, encoding: str) -> Columns:
    """Return the sentences of a file of columns, parted by tabs where most lines have one, else by blanks.

    All lines are to have as many columns as most. What begins with `#` and has not as many, or stands before lines with
    ids, is a comment. Of CoNLL-U, ranges of tokens and empty nodes are left out. A document begins at a line `-DOCSTART-`,
    or `# newdoc`.

    Args:
        path: The file.
        name: What it is called, before `:LINE`.
        encoding: As for `read_lines`.

    Raises:
        UserError: if the file cannot be read, or has one column.
    """
    lines = read_lines(path, encoding)
    faults = line_faults(lines, encoding)
    written = [line for line in lines if line.strip(" \t") and not line.startswith("#")]
    tabs = 2 * sum("\t" in line for line in written) > len(written)
    split = [split_columns(line, tabs) for line in lines]
    of_tokens = [cells for cells in split if cells and not cells[0].startswith(("#", DOCUMENT))] or split
    width = Counter(map(len, of_tokens)).most_common(1)[0][0]
    if width < 2:
        raise UserError(
            f"{path}: expected columns parted by blanks or tabs, as a token and its tag. Received: one column"
        )
    columns = Columns(width, all(ID.fullmatch(cells[0]) for cells in of_tokens if len(cells) == width))
    parted = "tabs" if tabs else "blanks"
    rows: list[tuple[int, list[str]]] = []
    broken, document = False, 0
    for number, cells, begins in _walk(lines, split, columns):
        fault = faults.get(number)
        if not cells and not fault:
            if rows and not broken:
                columns.blocks.append(Block(rows, document))
            rows, broken, document = [], False, document + begins
        elif not fault and len(cells) != width:
            fault = f"expected {width} columns parted by {parted}, as most lines have. Received: {len(cells)}"
        if fault:
            broken = True
            columns.problems.append(Problem(f"{name}:{number}", fault))
        elif cells:
            rows.append((number, cells))
    return columns


def _walk(lines: Sequence[str], split: Sequence[list[str]], columns: Columns) -> Iterator[tuple[int, list[str], bool]]:
    """Yield number and columns of each line that counts, none at the end of a sentence, and whether a document begins."""
    for number, (line, cells) in enumerate(zip(lines, split, strict=True), 1):
        is_comment = line.startswith("#") and (columns.ids or len(cells) != columns.width)
        if line.startswith(DOCUMENT) or (is_comment and line.startswith(CONLLU_DOCUMENT)):
            yield number, [], True
        elif not is_comment and not (columns.ids and cells and not cells[0].isdecimal() and ID.fullmatch(cells[0])):
            yield number, cells, False
    yield len(lines) + 1, [], False
