"""Texts in files: documents, lines, tables; with labels to learn from or alone to predict."""

from pathlib import Path
from typing import Any

from suite.data.examples import Example, Problem
from suite.data.sources import SourceFile, list_folder, require_path
from suite.data.tables import read_table, table_format
from suite.data.text_files import SETTING, has_surrogate, line_faults, read_lines
from suite.errors import UserError, naming

HALF_PAIR = "half of a surrogate pair, which is no character"
PREDICT_OPTION = "--encoding "  # how `suite predict` takes the name of an encoding


def text_fault(text: Any) -> str | None:
    """Return why a text cannot be used, else None."""
    if not isinstance(text, str):
        return f"expected a text. Received: {str(text)[:60]!r} ({type(text).__name__})"
    if not text.strip():
        return "the text is empty"
    if "\0" in text:
        return "the text holds a zero byte"
    return f"the text holds {HALF_PAIR}" if has_surrogate(text) else None


def read_document(
    source: SourceFile, encoding: str | None, option: str = SETTING
) -> tuple[list[Example], list[Problem]]:
    """Return the one example of a file that is a text, or the problem with it."""
    try:
        with naming(source.path):
            lines = read_lines(source.path, encoding, option)
    except UserError as error:
        return [], [Problem(source.name, str(error).removeprefix(f"{source.path}").lstrip(": "))]
    for number, fault in sorted(line_faults(lines, encoding, option).items()):
        return [], [Problem(f"{source.name}:{number}", fault)]
    return [Example(source.name, "\n".join(lines), source.label, source.part, source.group)], []


def read_text_lines(
    source: SourceFile, encoding: str | None, option: str = SETTING
) -> tuple[list[Example], list[Problem]]:
    """Return the examples of a file that holds one text per line, all with the label of the file."""
    lines = read_lines(source.path, encoding, option)
    faults = line_faults(lines, encoding, option)
    problems = [Problem(f"{source.name}:{number}", fault) for number, fault in sorted(faults.items())]
    rows = [
        Example(f"{source.name}:{number}", line, source.label, source.part, source.group)
        for number, line in enumerate(lines, 1)
        if number not in faults
    ]
    return rows, problems


def read_texts(
    path: Path | str, settings: Any, encoding: str | None = None
) -> tuple[list[tuple[str, str]], list[Problem]]:
    """Return `(name, text)` of every input in a file or folder without asking for labels, and the unusable ones.

    A table gives its text column (a csv or tsv may lack the header, as in training; one column that is not called so
    is texts alone, from its first line on), any other file is one text, a folder gives its .txt files.

    Args:
        settings: Of the model: the names of columns. How the training data was encoded says nothing about this file.
        encoding: Of the files; by default what a file's byte order mark says, else UTF-8.

    Raises:
        UserError: if the path or the column is missing, or a whole file cannot be read.
    """
    path = Path(path)
    require_path(path)
    if path.is_dir():
        files = [file for file in list_folder(path)[0] if file.name.lower().endswith((".txt", ".txt.gz"))]
        if not files:
            raise UserError(f"{path}: expected .txt files in the folder. Received: none")
    else:
        files = [path]
    rows, problems = [], []
    for file in files:
        examples, faults = _read_text_file(SourceFile(file, file.name), settings, encoding)
        problems += faults
        for example in examples:
            if fault := text_fault(example.input):
                problems.append(Problem(example.name, fault))
            else:
                rows.append((example.name, example.input.strip()))
    return rows, problems


def _read_text_file(source: SourceFile, settings: Any, encoding: str | None) -> tuple[list[Example], list[Problem]]:
    kind = table_format(source.path)
    if kind is None:
        return read_document(source, encoding, PREDICT_OPTION)
    columns = (settings.text_column, getattr(settings, "label_column", "label"))
    table = read_table(source.path, encoding, kind, source.name, columns, PREDICT_OPTION)
    if kind in ("csv", "tsv") and len(table.columns) == 1 and table.find_column(settings.text_column) is None:
        if kind == "tsv":
            return read_text_lines(source, encoding, PREDICT_OPTION)
        (first,) = table.columns
        texts = [(f"{source.name}:1", first), *((row.name, row.values[first]) for row in table.rows)]
        return [Example(name, text, None) for name, text in texts], table.problems
    if not table.rows and table.problems:
        return [], table.problems
    column = table.column(settings.text_column)
    return [Example(row.name, row.values.get(column, ""), None) for row in table.rows], table.problems
