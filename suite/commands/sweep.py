"""`suite sweep`: a search over settings that goes on where it stopped."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from suite.commands.output import emit, reading, show, terminal
from suite.errors import UserError
from suite.registry import PIPELINES

if TYPE_CHECKING:
    from suite.data.examples import Examples
    from suite.sweep.plan import Sweep
    from suite.sweep.report import Report
    from suite.sweep.workers import Workers

SHOWN = 10


def sweep(
    task: Annotated[str, typer.Argument(help=f"what to train: {', '.join(PIPELINES)}")],
    data: Annotated[Path, typer.Option(help="file or folder with the examples")],
    trials: Annotated[int, typer.Option(help="trials in all, whichever processes run them", min=1)],
    space: Annotated[
        Path | None, typer.Option(help="YAML file of what is searched: `KEY: [a, b]` or `KEY: {low: 1, high: 9}`")
    ] = None,
    format: Annotated[str | None, typer.Option(help="format of the data; recognised from the files by default")] = None,
    config: Annotated[Path | None, typer.Option(help="YAML file with the settings of all trials")] = None,
    set: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="one setting of all trials; wins over --config")
    ] = None,
    name: Annotated[str | None, typer.Option(help="name of the sweep; made from the data's name by default")] = None,
    output: Annotated[Path, typer.Option(help="folder that holds TASK/NAME-trial0 and so on")] = Path("saved_models"),
    storage: Annotated[
        str | None, typer.Option(help="postgresql://... of a study that several machines share; a file by default")
    ] = None,
    ray: Annotated[
        str | None, typer.Option(metavar="[ADDRESS]", help="trials as Ray tasks; without ADDRESS on this machine alone")
    ] = None,
    cores: Annotated[int | None, typer.Option(help="--ray: cores of one trial; 1 by default", min=1)] = None,
    memory: Annotated[float | None, typer.Option(help="--ray: memory of one trial, GB", min=0.1)] = None,
    models: Annotated[int, typer.Option(help="how many of the best models stay on disk", min=1)] = 1,
    json: Annotated[bool, typer.Option("--json", help="print the result as one JSON object")] = False,
) -> None:
    """Search over settings: the same command goes on where it stopped, and several of it share the work."""
    from suite.config import load_settings
    from suite.registry import load_pipeline
    from suite.runs import read_data
    from suite.sweep.plan import Sweep, sweep_name
    from suite.sweep.run import run_sweep
    from suite.sweep.space import check_reading, read_space
    from suite.sweep.study import check_storage

    check_storage(storage)
    if ray is None and (cores or memory):
        raise UserError("--cores and --memory are what a Ray task asks for: they need --ray")
    settings = load_settings(load_pipeline(task).Settings, config, set or [])
    searched = read_space(settings, space)
    with reading(data):
        examples = read_data(task, data, settings, format, "fail")
        check_reading(settings, searched, examples, lambda other: read_data(task, data, other, format, "fail"))
    plan = Sweep(task, name or sweep_name(data), settings, searched, trials, output, storage, models)
    workers = _workers(plan, examples, ray, cores, memory)
    report = run_sweep(plan, examples, workers, terminal())
    if json:
        emit(_plain(report))
    else:
        _show(report, data)


def _workers(
    plan: "Sweep", examples: "Examples", ray: str | None, cores: int | None, memory: float | None
) -> "Workers":
    from suite.sweep.workers import LocalWorker

    if ray is None:
        return LocalWorker(examples)
    from suite.sweep.ray_workers import RayWorkers

    with terminal().status("starting Ray"):
        return RayWorkers(plan, examples, ray, cores or 1, memory)


def _plain(report: "Report") -> dict[str, Any]:
    best = report.trials[0]
    metrics = {f"{part}_{name}": value for part, figures in best["metrics"].items() for name, value in figures.items()}
    return {
        "task": report.sweep.task,
        "name": report.sweep.name,
        "run_id": report.run_id,
        "trials": report.counts,
        "best": {key: best[key] for key in ("number", "value", "params", "run_id", "seconds", "epochs")}
        | {"metrics": metrics, "model_dir": report.model_dir},
        "importance": report.importance,
        "settings": str(report.settings_file),
    }


def _show(report: "Report", data: Path) -> None:
    from suite.pipeline import primary_metric
    from suite.registry import load_pipeline

    sweep = report.sweep
    metric, _ = primary_metric(load_pipeline(sweep.task).METRICS)
    counts = ", ".join(f"{count} {state}" for state, count in report.counts.items() if count)
    show(f"{sweep.task}: sweep {sweep.name}, trials: {counts}; the best of them")
    table = Table()
    for column in ("trial", metric, "epochs", "seconds", *sweep.space):
        table.add_column(column, justify="right")
    for trial in report.trials[:SHOWN]:
        figures = [str(trial["number"]), f"{trial['value']:.4f}", str(trial["epochs"]), f"{trial['seconds']:.0f}"]
        table.add_row(*figures, *(_cell(trial["params"].get(key)) for key in sweep.space))
    if report.importance:
        table.add_section()
        table.add_row("", "", "", "share", *(f"{report.importance.get(key, 0):.0%}" for key in sweep.space))
    show(table)
    show(
        f"model:    {report.model_dir}\nsettings: {report.settings_file}\n"
        f"again:    suite train {sweep.task} --data {data} --config {report.settings_file}\n"
        f"compare:  suite runs {sweep.task}, suite ui"
    )


def _cell(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
