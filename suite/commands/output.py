"""What commands share in talking to people and programs: words to stderr, JSON to stdout."""

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

Item = TypeVar("Item")
FEW = 3  # that need no bar


def terminal() -> Console:
    """Return the console for people: stderr, so that stdout can be pure JSON; unbroken lines where it is no terminal."""
    console = Console(stderr=True)
    return console if console.is_terminal else Console(stderr=True, width=400)


def start_tensorflow() -> None:
    """Import TensorFlow, which takes seconds, and say so."""
    from suite.quiet import import_tensorflow

    with terminal().status("starting TensorFlow"):
        import_tensorflow()


@contextmanager
def reading(data: Path) -> Iterator[None]:
    """Show that data is being read, and how many of its files are done where the reader tells."""
    from suite.data.progress import listening

    def update(count: int, total: int) -> None:
        status.update(f"reading {data}: {count:,} of {total:,}")

    with terminal().status(f"reading {data}") as status, listening(update):
        yield


def progress(items: Iterable[Item], total: int | None, verb: str) -> Iterator[Item]:
    """Yield items, with a bar and the time left on stderr where that is a terminal and there are many."""
    console = Console(stderr=True)
    if not console.is_terminal or (total is not None and total <= FEW):
        yield from items
        return
    columns = TextColumn(verb), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True) as display:
        task = display.add_task(verb, total=total)
        for item in items:
            display.advance(task)
            yield item


def show(result: Table | Text | str) -> None:
    """Print a result for people to stdout; lines are broken by a terminal alone, so that a pipe has them whole."""
    console = Console()
    console = console if console.is_terminal else Console(width=160)
    lines = not isinstance(result, Table)
    console.print(result, highlight=False, markup=not lines, soft_wrap=lines)


def emit(value: Any) -> None:
    """Print one JSON object on one line of stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _figure(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}"


def show_figures(
    title: str, metrics: dict[str, dict[str, float]], units: dict[str, tuple[str, str]] | None = None
) -> None:
    """Print a title and a table with a row per metric and a column per part (or class, or group).

    Args:
        title: The line above.
        metrics: Column -> metric -> figure.
        units: The pipeline's METRICS, whose units then stand beside the names.
    """
    table = Table()
    table.add_column("metric")
    for part in metrics:
        table.add_column({"val": "dev"}.get(part, part), justify="right")
    if units:
        table.add_column("unit")
    for name in dict.fromkeys(name for figures in metrics.values() for name in figures):
        cells = [_figure(figures[name]) if name in figures else "" for figures in metrics.values()]
        table.add_row(name, *cells, *([units.get(name, ("", ""))[1]] if units else []))
    show(title)
    show(table)
