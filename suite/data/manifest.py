"""The rows of a manifest: a table with a column of inputs, one of targets, and perhaps one of parts and one of groups."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from suite.config import TrainingSettings
from suite.data.cells import cell_text
from suite.data.examples import PARTS, Example, Problem
from suite.data.parts import part_in_column
from suite.data.sources import SourceFile
from suite.data.tables import Row, Table, read_table


@dataclass(frozen=True)
class Columns:
    """What a manifest's columns are called.

    Attributes:
        input, target: The settings that hold the names of these columns.
        groups: Names of a column of groups; the first that is there counts.
        absent: What stands for a cell that a row does not have, as JSON lines may lack a key.
        optional: Names of columns that may be there: an example's `facts` are their cells by name, None where there is none.
    """

    input: str
    target: str
    groups: tuple[str, ...] = ("group",)
    absent: Any = None
    optional: tuple[str, ...] = ()


def read_manifest(
    source: SourceFile,
    settings: TrainingSettings,
    columns: Columns,
    fault: Callable[[Any, Any], str | None],
    kind: str | None = None,
) -> tuple[list[Example], list[Problem]]:
    """Return the rows of one file that can be used, and what is wrong with the others, in the order of the file.

    An example is called by its place (`"train.csv:17"`) and has input and target as their cells have them. Its part and
    group are those of the columns `split` and `group`; where there is no such column, of the file.

    Args:
        source: The file.
        settings: Has `encoding`, and the names of the columns.
        columns: Which settings these are.
        fault: Says what is wrong with an input and a target; None where nothing is.
        kind: As for `read_table`.

    Raises:
        UserError: if the file cannot be read or lacks a column.
    """
    input_name, target_name = getattr(settings, columns.input), getattr(settings, columns.target)
    table = read_table(source.path, settings.encoding, kind, source.name, (input_name, target_name))
    if not table.rows and table.problems:
        return [], table.problems
    input_column = table.column(input_name, columns.input)
    target_column = table.column(target_name, columns.target)
    place = placing(table, source, columns.groups)
    optional = {name: column for name in columns.optional if (column := table.find_column(name)) is not None}
    examples, problems = [], list(table.problems)
    for row in table.rows:
        cells = row.values.get(input_column, columns.absent), row.values.get(target_column, columns.absent)
        part, group = place(row)
        if message := fault(*cells):
            problems.append(Problem(row.name, message))
        elif part not in (None, *PARTS):
            problems.append(Problem(row.name, part))
        else:
            facts = {name: row.values.get(column) for name, column in optional.items()} if columns.optional else None
            examples.append(Example(row.name, *cells, part, group, facts=facts))
    return examples, problems


def placing(
    table: Table, source: SourceFile, groups: Sequence[str] = ("group",)
) -> Callable[[Row], tuple[str | None, str | None]]:
    """Return a function that gives part and group of a row: those of the columns `split` and `groups`, else of the file.

    A part that is none of `PARTS` is a sentence that says what is wrong with it.
    """
    split = table.find_column("split")
    group = next((column for name in groups if (column := table.find_column(name)) is not None), None)

    def place(row: Row) -> tuple[str | None, str | None]:
        part = source.part if split is None else part_in_column(row.values.get(split))
        return part, source.group if group is None else cell_text(row.values.get(group))

    return place


def path_fault(value: Any, medium: str) -> str | None:
    """Return what is wrong with a cell that should hold the path of a file.

    Args:
        value: The cell.
        medium: What the file holds, with its article: `"a picture"`.
    """
    if isinstance(value, str) and value.strip():
        return None
    return f"expected the path of {medium}. Received: {value!r}"
