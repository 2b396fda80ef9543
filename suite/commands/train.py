"""`suite train`: one run from data to tracked, saved model."""

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from suite.commands.model_dir import InitModel
from suite.commands.output import emit, reading, show, show_figures, terminal
from suite.commands.train_workers import own_place, run_workers, train_along
from suite.errors import UserError
from suite.registry import PIPELINES

if TYPE_CHECKING:
    from suite.config import TrainingSettings


class OnBadExample(StrEnum):
    """What to do about examples that cannot be used."""

    FAIL = "fail"
    SKIP = "skip"


def train(
    context: typer.Context,
    task: Annotated[str, typer.Argument(help=f"what to train: {', '.join(PIPELINES)}")],
    data: Annotated[Path | None, typer.Option(help="file or folder with the examples")] = None,
    format: Annotated[str | None, typer.Option(help="format of the data; recognised from the files by default")] = None,
    config: Annotated[Path | None, typer.Option(help="YAML file with settings")] = None,
    set: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="one setting; wins over --config")] = None,
    name: Annotated[
        str | None, typer.Option(help="name of run and model; made from the data's name by default")
    ] = None,
    output: Annotated[Path, typer.Option(help="folder that holds TASK/NAME")] = Path("saved_models"),
    resume: Annotated[bool, typer.Option("--resume", help="go on with an unfinished run")] = False,
    init: InitModel = None,
    folds: Annotated[int | None, typer.Option(help="train K times, each with another part as dev", min=2)] = None,
    on_bad_example: Annotated[
        OnBadExample, typer.Option(help="stop before training, or go on without them")
    ] = OnBadExample.FAIL,
    workers: Annotated[
        int | None, typer.Option(help="train with N processes that share every batch (docs/scale.md)", min=1)
    ] = None,
    ray: Annotated[
        str | None,
        typer.Option(metavar="[ADDRESS]", help="workers placed on a Ray cluster; without ADDRESS on this machine"),
    ] = None,
    settings: Annotated[
        bool, typer.Option("--settings", help="list every setting of the task with default and meaning")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="print the result as one JSON object")] = False,
) -> None:
    """Train a model on your data, evaluate, save and track it."""
    from suite.config import load_settings
    from suite.registry import load_pipeline

    pipeline = load_pipeline(task)
    if settings:
        _list_settings(pipeline.Settings, json)
        return
    values = load_settings(pipeline.Settings, config, set or [])
    if data is None:
        raise UserError(
            "train needs --data PATH, a file or folder with the examples; `suite data make` writes some to look at"
        )
    place = own_place(workers, ray, folds)
    if place is None and workers is not None and workers > 1:
        raise typer.Exit(run_workers(workers, ray, context))
    from suite.quiet import import_tensorflow
    from suite.runs import Request, read_data, train, train_folds

    console = terminal()
    with reading(data):
        examples = read_data(task, data, values, format, on_bad_example.value)
    with console.status("starting TensorFlow"):
        import_tensorflow()
    request = Request(task, values, name, output, resume, init)
    if place is not None:
        from suite.training.workers.cluster import join

        with console.status(f"waiting for {len(place.addresses)} workers"):
            together = join(place)
        if not together.is_chief:
            train_along(together, request, examples)
            return
        request = replace(request, workers=together)
    if folds:
        results, summary, run_id = train_folds(request, examples, folds, console)
        if json:
            emit({"task": task, "run_id": run_id, "folds": [_plain(result) for result in results], **summary})
        else:
            show_figures(f"{task}: {folds} folds", {"mean": summary["mean"], "std": summary["std"]}, pipeline.METRICS)
        return
    result = train(request, examples, console)
    if json:
        emit(_plain(result))
        return
    show_figures(f"{task}: {result.name}, {result.seconds:.0f} s", result.metrics, pipeline.METRICS)
    console.print(
        f"model:   {result.model_dir}\npredict: suite predict {result.model_dir} INPUT\ncompare: suite runs {task}, suite ui",
        highlight=False,
    )


def _plain(result: Any) -> dict:
    metrics = {f"{part}_{name}": value for part, figures in result.metrics.items() for name, value in figures.items()}
    return {
        "task": result.task,
        "name": result.name,
        "model_dir": str(result.model_dir),
        "run_id": result.run_id,
        "metrics": metrics,
        "seconds": result.seconds,
    }


def _list_settings(settings_class: "type[TrainingSettings]", json: bool) -> None:
    from suite.config import describe_settings

    rows = describe_settings(settings_class)
    if json:
        emit({row["name"]: {key: value for key, value in row.items() if key != "name"} for row in rows})
        return
    show("settings (--set NAME=VALUE, or a line NAME: VALUE in the --config file)")
    table = Table()
    for column in ("name", "type", "default", "meaning", "swept"):
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(row["name"], row["type"], str(row["default"]), row["meaning"], _swept(row["sweep"]))
    show(table)


def _swept(ranges: list | dict[str, Any] | None) -> str:
    """Return what `suite sweep` searches of a setting by itself, as a `--space` file has it."""
    if ranges is None:
        return ""
    return str(ranges) if isinstance(ranges, list) else ", ".join(f"{name} {value}" for name, value in ranges.items())
