"""`suite runs`: the tracked runs of a task, best first."""

from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from suite.commands.output import emit, show, terminal
from suite.registry import PIPELINES


def runs(
    task: Annotated[str, typer.Argument(help=f"which task's runs: {', '.join(PIPELINES)}")],
    count: Annotated[int | None, typer.Option(help="the best ones alone; all by default", min=1)] = None,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """List the tracked runs of a task, best primary metric on dev first."""
    from suite.registry import load_pipeline
    from suite.tracking.store import list_runs, tracking_uri

    metrics = load_pipeline(task).METRICS
    with terminal().status("opening the tracking store"):
        tracked = list_runs(task, metrics)
    listed = tracked[:count]
    if json:
        emit({"task": task, "tracking_uri": tracking_uri(), "total": len(tracked), "runs": listed})
        return
    if not tracked:
        terminal().print(
            f"no runs of {task} in {tracking_uri()}; `suite train {task} --data PATH` makes one",
            markup=False,
            highlight=False,
        )
        return
    show(f"{task}: {tracking_uri()}")
    show(_table(listed, metrics))
    if len(listed) < len(tracked):
        show(f"{len(listed)} of {len(tracked)} runs; without --count all are listed")


def _table(listed: list[dict[str, Any]], metrics: dict[str, tuple[str, str]]) -> Table:
    names = list(dict.fromkeys(name for run in listed for name in run["metrics"]))
    table = Table()
    for column in ("name", "status", "started"):
        table.add_column(column)
    for column in [*names, "seconds"]:
        table.add_column(column, justify="right")
    for run in listed:
        started = datetime.fromtimestamp(run["started"] / 1000).strftime("%Y-%m-%d %H:%M")
        figures = [f"{run['metrics'][name]:.4f}" if name in run["metrics"] else "" for name in names]
        table.add_row(run["name"], run["status"], started, *figures, f"{run['seconds']:.0f}" if run["seconds"] else "")
    return table
