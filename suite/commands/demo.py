"""`suite demo`: sample data -> train -> evaluate -> export -> predict from the .tflite, for every task or those named."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from suite.commands.output import emit, show, show_figures, start_tensorflow, words

if TYPE_CHECKING:
    from suite.pipeline import Pipeline


SAMPLES = Path("sample_data")


def demo(
    tasks: Annotated[list[str] | None, typer.Argument(help="tasks; all by default")] = None,
    output: Annotated[Path, typer.Option(help="folder that holds TASK/NAME")] = Path("saved_models"),
    json: Annotated[bool, typer.Option("--json", help="print one JSON object per task")] = False,
) -> None:
    """Make sample data, train on it, evaluate, export and predict from the .tflite, to see that everything works."""
    from suite.registry import PIPELINES, load_pipeline

    demonstrated = [(task, load_pipeline(task)) for task in tasks or PIPELINES]
    start_tensorflow()
    for task, pipeline in demonstrated:
        _demo(task, pipeline, output, json)


def _demo(task: str, pipeline: "Pipeline", output: Path, json: bool) -> None:
    from suite.artifact import read_artifact
    from suite.config import load_settings
    from suite.evaluation import evaluate
    from suite.runs import Request, export, read_data, train
    from suite.runtime.loaded import load, plain
    from suite.training.unfinished import free_name

    console = words()
    data = SAMPLES / task
    if not data.exists():
        pipeline.make_sample(data)
        console.print(f"sample data written to {data}", markup=False, highlight=False)
    settings = load_settings(pipeline.Settings, Path(pipeline.package.__path__[0]) / "recipes" / "sample.yaml")
    examples = read_data(task, data, settings, None, "fail")
    result = train(Request(task, settings, free_name(output / task, Path("demo")), output), examples, console)
    artifact = read_artifact(result.model_dir)
    scored = evaluate(artifact, data)
    report, _ = export(artifact, [("interpreter", "none")], data, None, False, console)
    (exported,) = report["files"]
    model = load(artifact, "tflite")
    example = examples.part("test")[0]
    answer = model.predict(example.input)
    if json:
        emit(
            {
                "task": task,
                "model_dir": str(result.model_dir),
                "split": scored.part,
                "examples": scored.examples,
                "metrics": scored.evaluation.metrics,
                "input": str(example.input),
                **plain(answer),
            }
        )
        return
    show_figures(
        f"{task}: {scored.examples} {scored.part} examples that training never saw, {result.seconds:.0f} s",
        {scored.part: scored.evaluation.metrics},
        pipeline.METRICS,
    )
    entry = exported["parity"]
    show(
        f"for the phone: {exported['bytes'] / 1024:.0f} KB, Flex: {', '.join(exported['flex']) or 'none'}, "
        f"{exported['latency_ms']['1']:.2f} ms, at most {entry['max_difference']:.0e} off on {entry['inputs']} inputs; it says:"
    )
    lines = "\n        ".join(answer.lines())
    show(f"input:  {example.input}\nanswer: {lines}\ntruth:  {example.target}")
    show(
        f"\nWhere to look next:\n  the data       {data}\n  the model      {result.model_dir}/README.md\n"
        f"  for the phone  {result.model_dir}/tflite/GUIDE.md\n"
        f"  predict        suite predict {result.model_dir} INPUT\n  your own data  suite train {task} --data PATH\n"
        f"  the runs       suite runs {task}, or suite ui in a browser"
    )
