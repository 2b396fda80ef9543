"""`suite train`: one run from data to tracked, saved model."""

from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from suite.commands.output import emit, reading, show, show_figures, words
from suite.errors import UserError
from suite.registry import PIPELINES

if TYPE_CHECKING:
    from suite.config import TrainingSettings
    from suite.data.examples import Examples
    from suite.training.unfinished import Request
    from suite.training.workers.cluster import Place


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
    init: Annotated[Path | None, typer.Option(help="saved model to begin from (warm start)")] = None,
    folds: Annotated[int | None, typer.Option(help="train K times, each with another part as dev", min=2)] = None,
    on_bad_example: Annotated[
        OnBadExample, typer.Option(help="stop before training, or go on without them")
    ] = OnBadExample.FAIL,
    workers: Annotated[
        int | None, typer.Option(help="train with N processes that share every batch (docs/scale.md)", min=1)
    ] = None,
    ray: Annotated[
        str | None,
        typer.Option(metavar="[ADDRESS]", help="workers placed by Ray on a cluster; without ADDRESS on this machine"),
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
    place = _place(workers, ray, folds)
    if place is None and (workers or 1) > 1:
        raise typer.Exit(_run_workers(workers, ray, context))
    from suite.quiet import import_tensorflow
    from suite.runs import Request, read_data, train, train_folds

    console = words()
    with reading(data):
        examples = read_data(task, data, values, format, on_bad_example.value)
    with console.status("starting TensorFlow"):
        import_tensorflow()
    request = Request(task, values, name, output, resume, init)
    if place is not None:
        from suite.training.workers.cluster import join

        with console.status(f"waiting for {len(place.addresses)} workers"):
            request = replace(request, workers=join(place))
        if place.index:
            _follow(request, examples)
            return
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


def _place(workers: int | None, ray: str | None, folds: int | None) -> "Place | None":
    """Return the place of this process among workers that somebody has started already, if it has one."""
    from suite.training.workers.cluster import VARIABLE, read_place

    place = read_place()
    if place is not None and workers not in (None, len(place.addresses)):
        raise UserError(f"--workers: {VARIABLE} names {len(place.addresses)} workers. Received: {workers}")
    if folds and (place is not None or (workers or 1) > 1):
        raise UserError(
            "--folds does not go with several workers: each fold is a run of its own; start them side by side"
        )
    if ray is not None and (place is not None or (workers or 1) < 2):
        raise UserError("--ray goes with --workers N, of 2 or more, for it places these")
    return place


def _run_workers(count: int, ray: str | None, context: typer.Context) -> int:
    """Start the workers, each as this command without the options that have started it, and wait for them."""
    from suite.training.workers.local import run_on_this_machine, suite_command

    command = suite_command(["train", *_typed(context, {"workers", "ray"})])
    console = words()
    say = partial(console.print, markup=False, highlight=False)
    if ray is None:
        return run_on_this_machine(command, count, say)
    from suite.cluster.workers_on_ray import run_on_ray

    return run_on_ray(command, count, ray, say)


def _typed(context: typer.Context, left_out: set[str]) -> list[str]:
    """Return the arguments and options that were typed, but for some."""
    typed: list[str] = []
    for parameter in context.command.params:
        value = context.params[parameter.name]
        source = context.get_parameter_source(parameter.name)
        if source is None or source.name != "COMMANDLINE" or parameter.name in left_out:
            continue
        values = value if isinstance(value, list | tuple) else [value]
        if parameter.param_type_name == "argument":
            typed += map(_word, values)
        elif getattr(parameter, "is_flag", False):
            typed += parameter.opts[:1]
        else:
            typed += [word for each in values for word in (parameter.opts[0], _word(each))]
    return typed


def _word(value: Any) -> str:
    return str(value.value if isinstance(value, StrEnum) else value)


def _follow(request: "Request", examples: "Examples") -> None:
    from suite.training.workers.cluster import naming_lost_workers
    from suite.training.workers.turns import follow

    with naming_lost_workers(request.workers):
        follow(request, examples)


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
    for column in ("name", "type", "default", "meaning"):
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(row["name"], row["type"], str(row["default"]), row["meaning"])
    show(table)
