"""`suite demo`: sample data -> train -> evaluate -> export -> predict from the .tflite, for every task or those named."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from suite.commands.output import emit, show, show_figures, start_tensorflow, terminal
from suite.commands.side_by_side import side_by_side

if TYPE_CHECKING:
    from suite.artifact import Artifact
    from suite.data.examples import Example
    from suite.evaluation import Scored
    from suite.pipeline import Pipeline
    from suite.web.demo_page import Demonstrated


SAMPLES = Path("sample_data")
PAGE = "demo.html"
TOGETHER = 2  # tasks at once
PICTURES = ("", "training", "test")  # folders of a run's artifacts, "" for the learning curves


@dataclass(frozen=True)
class Shown:
    """What came of one task: its model and data, the answer to an example by the exported file, figures of the test part."""

    artifact: "Artifact"
    data: Path
    example: "Example"
    answer: Any
    scored: "Scored"


def demo(
    tasks: Annotated[list[str] | None, typer.Argument(help="tasks; all by default")] = None,
    output: Annotated[Path, typer.Option(help="folder that holds TASK/NAME")] = Path("saved_models"),
    json: Annotated[bool, typer.Option("--json", help="print one JSON object per task")] = False,
) -> None:
    """Make sample data, train on it, evaluate, export and predict from the .tflite, to see that everything works."""
    from suite.registry import PIPELINES, load_pipeline
    from suite.web.demo_page import write_demo_page

    names = list(tasks or PIPELINES)
    for name in names:
        load_pipeline(name)  # an unknown task is refused before anything begins
    page = output / PAGE
    jobs = [(name, output, json) for name in names]
    # One training hardly keeps two cores busy.
    together = len(jobs) > 1 and (os.cpu_count() or 1) > 1
    described: dict[str, Demonstrated] = {}
    results = side_by_side(demonstrate, jobs, TOGETHER) if together else (demonstrate(*job) for job in jobs)
    for description, facts in results:
        described[description.task] = description
        # After each task, for the next one may be interrupted.
        write_demo_page(page, [described[name] for name in names if name in described], facts)
    terminal().print(f"the page of this machine: {page}", highlight=False)


def demonstrate(task: str, output: Path, json: bool) -> tuple["Demonstrated", list[str]]:
    """Run the demo of one task and print what came of it; return what the page says of it and of the machine.

    Args:
        task: Its name.
        output: Folder that holds TASK/NAME.
        json: Whether to print a JSON object in place of tables.
    """
    from suite.registry import load_pipeline

    start_tensorflow()
    from suite.training.process import hardware

    shown = _demo(task, load_pipeline(task), output)
    (_emit if json else _show)(shown)
    return _describe(shown, output / PAGE), [f"{name.replace('_', ' ')}: {value}" for name, value in hardware().items()]


def _demo(task: str, pipeline: "Pipeline", output: Path) -> Shown:
    from suite.artifact import read_artifact
    from suite.config import load_settings
    from suite.evaluation import evaluate
    from suite.runs import Request, export, read_data, train
    from suite.runtime.loaded import load
    from suite.training.unfinished import free_name

    console = terminal()
    data = SAMPLES / task
    if not data.exists():
        pipeline.make_sample(data)
        console.print(f"sample data written to {data}", markup=False, highlight=False)
    settings = load_settings(pipeline.Settings, Path(pipeline.package.__path__[0]) / "recipes" / "sample.yaml")
    examples = read_data(task, data, settings, None, "fail")
    result = train(Request(task, settings, free_name(output / task, Path("demo")), output), examples, console)
    artifact = read_artifact(result.model_dir)
    scored = evaluate(artifact, data)
    export(artifact, [("interpreter", "none")], data, None, False, console)
    example = examples.part("test")[0]
    return Shown(artifact, data, example, load(artifact, "tflite").predict(example.input), scored)


def _describe(shown: Shown, page: Path) -> "Demonstrated":
    from suite.tracking.pictures import logged_pictures
    from suite.tracking.store import experiment_id, open_store, tracking_uri
    from suite.web.demo_page import describe

    artifact, run_id = shown.artifact, shown.artifact.record["run_id"]
    pictures: dict[str, bytes] = {}
    address = None
    try:
        pictures = logged_pictures(run_id, PICTURES)
        if tracking_uri().startswith(("http://", "https://")):
            experiment = experiment_id(open_store(), artifact.task)
            address = f"{tracking_uri()}/#/experiments/{experiment}/runs/{run_id}"
    except Exception as error:  # stores fail in many types, and the page is whole without its pictures
        terminal().print(f"note: no pictures of {artifact.task} in the page: {error}", markup=False, highlight=False)
    example = str(shown.example.input), "\n".join(shown.answer.lines()), str(shown.example.target or "")
    titles = {path.removesuffix(".png").replace("_", " ").replace("/", ": "): png for path, png in pictures.items()}
    return describe(artifact, page, example, titles, address)


def _emit(shown: Shown) -> None:
    from suite.runtime.loaded import plain

    emit(
        {
            "task": shown.artifact.task,
            "model_dir": str(shown.artifact.path),
            "split": shown.scored.part,
            "examples": shown.scored.examples,
            "metrics": shown.scored.evaluation.metrics,
            "input": str(shown.example.input),
            **plain(shown.answer),
        }
    )


def _show(shown: Shown) -> None:
    from suite.export.report import read_report

    artifact, scored, (exported,) = shown.artifact, shown.scored, read_report(shown.artifact.path)["files"]
    task, model_dir = artifact.task, artifact.path
    show_figures(
        f"{task}: {scored.examples} {scored.part} examples that training never saw, {artifact.record['seconds']:.0f} s",
        {scored.part: scored.evaluation.metrics},
        artifact.pipeline.METRICS,
    )
    entry = exported["parity"]
    show(
        f"for the phone: {exported['bytes'] / 1024:.0f} KB, Flex: {', '.join(exported['flex']) or 'none'}, "
        f"{exported['latency_ms']['1']:.2f} ms, at most {entry['max_difference']:.0e} off on {entry['inputs']} inputs; it says:"
    )
    lines = "\n        ".join(shown.answer.lines())
    truth = "" if shown.example.target is None else f"\ntruth:  {shown.example.target}"
    show(f"input:  {shown.example.input}\nanswer: {lines}{truth}")
    show(
        f"\nWhere to look next:\n  the data       {shown.data}\n  the model      {model_dir}/README.md\n"
        f"  for the phone  {model_dir}/tflite/GUIDE.md\n"
        f"  predict        suite predict {model_dir} INPUT\n  your own data  suite train {task} --data PATH\n"
        f"  the runs       suite runs {task}, or suite ui in a browser"
    )
