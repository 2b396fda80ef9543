"""`suite evaluate`: a saved model on data."""

from pathlib import Path
from typing import Annotated

import typer

from suite.commands.model_dir import ModelOrFile
from suite.commands.output import emit, show_figures, start_tensorflow, terminal
from suite.commands.predict_ray import ActorsAsked, spread_on_ray
from suite.commands.train import OnBadExample
from suite.errors import UserError

SPLITS = ("train", "dev", "test", "all")


def evaluate(
    model_dir: ModelOrFile,
    data: Annotated[Path, typer.Option(help="file or folder with examples")],
    split: Annotated[
        str | None, typer.Option(help="train, dev, test or all; default: the test part where the data has one")
    ] = None,
    format: Annotated[str | None, typer.Option(help="format of the data; recognised from the files by default")] = None,
    set: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="a setting for reading this data (columns, encoding)")
    ] = None,
    runtime: Annotated[str, typer.Option(help="keras, or tflite for an exported file")] = "keras",
    tflite: Annotated[Path | None, typer.Option(help="the exported file; default: the float32 interpreter one")] = None,
    on_bad_example: Annotated[OnBadExample, typer.Option(help="stop, or go on without them")] = OnBadExample.FAIL,
    ray: Annotated[
        str | None,
        typer.Option(
            metavar="[ADDRESS]", help="answer with actors of a Ray cluster; without ADDRESS on this machine alone"
        ),
    ] = None,
    actors: Annotated[
        int | None, typer.Option(help="--ray: how many; as many as there are cores by default", min=1)
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="print the result as one JSON object")] = False,
) -> None:
    """Evaluate a saved model on data."""
    if split in ("valid", "val"):
        split = "dev"
    if split not in (None, *SPLITS):
        raise UserError(f"--split: expected one of {', '.join(SPLITS)}. Received: {split!r}")
    from suite.runtime.model_in_file import is_file_model, open_model

    artifact = open_model(model_dir)
    task, runtime = artifact.task, "tflite" if tflite or is_file_model(model_dir) else runtime
    if runtime == "keras":
        start_tensorflow()
    from suite.evaluation import Reading, score, select

    spread = None
    if ray is not None:
        from suite.cluster.answering import Model

        shared = Model(str(model_dir.absolute()), runtime, str(tflite.absolute()) if tflite else None, {})
        spread = spread_on_ray(shared, ActorsAsked(ray, actors))
    elif actors is not None:
        raise UserError("--actors goes with --ray")
    reading = Reading(format, tuple(set or ()), on_bad_example.value)
    with terminal().status(f"evaluating {model_dir}"):
        scored = score(artifact, select(artifact, data, split, reading), runtime, tflite, spread)
    part, count, evaluation = scored.part, scored.examples, scored.evaluation
    if scored.trained_on:
        terminal().print(
            f"note: the run was trained on {scored.trained_on:,} of these {count:,} examples; figures on what it has "
            "seen say little of what it has not",
            highlight=False,
        )
    if json:
        emit(
            {
                "task": task,
                "split": part,
                "examples": count,
                **({} if scored.trained_on is None else {"trained_on": scored.trained_on}),
                "runtime": runtime,
                "metrics": evaluation.metrics,
                "details": evaluation.details,
            }
        )
        return
    show_figures(
        f"{task}: {model_dir} on {count} examples ({part}), {runtime}",
        {part: evaluation.metrics},
        artifact.pipeline.METRICS,
    )
    for title, rows in evaluation.details.items():
        show_figures(title, rows)
