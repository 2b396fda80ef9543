"""Rows of a table that are one thing together, as the tokens of a sentence."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from suite.data.cells import cell_text
from suite.data.examples import Problem
from suite.data.tables import Row, Table


def group_rows(table: Table, names: Sequence[str]) -> tuple[list[list[Row]], list[Problem]]:
    """Return the rows that have the same cell in a column, one behind another, and what is wrong with the others.

    An empty cell goes on with the rows above. A group is left out if a line beside or between its rows cannot be read,
    which might be one of them.

    Args:
        table: As read; its problems are among those returned.
        names: What the column may be called; the first that is there counts.

    Raises:
        UserError: if there is no such column.
    """
    present = (column for name in names if (column := table.find_column(name)) is not None)
    column = next(present, None) or table.column(names[0])
    bad_lines = {_line(problem.name) for problem in table.problems}
    groups, problems = [], list(table.problems)
    begun: dict[str, str] = {}
    for name, pairs in groupby(_with_names(table.rows, column), key=lambda pair: pair[0]):
        rows = [row for _, row in pairs]
        earlier = begun.setdefault(name, rows[0].name)
        if not name:
            problems.append(Problem(rows[0].name, f"expected a name in the column {column!r}. Received: none"))
        elif earlier != rows[0].name:
            expected = f"expected the rows of {name!r} together"
            problems.append(Problem(rows[0].name, f"{expected}. Received: others of it at {earlier}"))
        elif bad_lines.isdisjoint(range(_line(rows[0].name) - 1, _line(rows[-1].name) + 2)):
            groups.append(rows)
    return groups, problems


def _with_names(rows: Sequence[Row], column: str) -> Iterator[tuple[str, Row]]:
    name = ""
    for row in rows:
        name = cell_text(row.values.get(column)) or name
        yield name, row


def _line(place: str) -> int:
    return int(place.rpartition(":")[2])
