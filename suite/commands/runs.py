"""`suite runs`: the tracked runs of a task, best first."""

from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from suite.commands.output import emit, show, words


def runs(
    task: Annotated[str, typer.Argument(help="which task's runs")],
    count: Annotated[int, typer.Option(help="at most so many", min=1)] = 20,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """List the tracked runs of a task, best primary metric on dev first."""
    from suite.registry import load_pipeline
    from suite.tracking.store import list_runs, tracking_uri

    metrics = load_pipeline(task).METRICS
    with words().status("opening the tracking store"):
        found = list_runs(task, metrics, count)
    if json:
        emit({"task": task, "tracking_uri": tracking_uri(), "runs": found})
        return
    if not found:
        words().print(
            f"no runs of {task} in {tracking_uri()}; `suite train {task} --data PATH` makes one",
            markup=False,
            highlight=False,
        )
        return
    names = list(dict.fromkeys(name for run in found for name in run["metrics"]))
    show(f"{task}: {tracking_uri()}")
    table = Table()
    for column in ("name", "status", "started"):
        table.add_column(column)
    for column in [*names, "seconds"]:
        table.add_column(column, justify="right")
    for run in found:
        started = datetime.fromtimestamp(run["started"] / 1000).strftime("%Y-%m-%d %H:%M")
        figures = [f"{run['metrics'][name]:.4f}" if name in run["metrics"] else "" for name in names]
        table.add_row(run["name"], run["status"], started, *figures, f"{run['seconds']:.0f}" if run["seconds"] else "")
    show(table)
