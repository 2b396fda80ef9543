"""Inputs that are files: one by its path, all of a folder, or those that a table lists."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from suite.data.tables import read_table, table_format
from suite.data.texts import PREDICT_OPTION
from suite.errors import UserError
from suite.inputs.kind import Input


def read_media_path(path: Path, settings: Any, encoding: str | None, column: str) -> Iterator[Input]:
    """Yield a file, the files of a folder in the order of their names, or those that a table's column names.

    Args:
        column: The setting that names the column; paths in a table are relative to its folder.
    """
    if path.is_dir():
        yield from (Input(str(file), file) for file in sorted(path.iterdir()) if file.is_file())
    elif table_format(path) is None:
        yield Input(str(path), path)
    else:
        try:
            table = read_table(path, encoding, option=PREDICT_OPTION)
            name = table.column(getattr(settings, column))
        except UserError as error:
            yield Input(str(path), error=str(error))
            return
        for row in table.rows:
            file = path.parent / str(row.values.get(name) or "")
            yield (
                Input(str(file), file)
                if file.is_file()
                else Input(str(file), error=f"{row.name}: {file}: no such file")
            )
        yield from (Input(fault.name, error=f"{fault.name}: {fault.message}") for fault in table.problems)
