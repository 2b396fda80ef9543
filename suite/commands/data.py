"""`suite data`: write sample data, or check data without training."""

from inspect import signature
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from suite.commands.output import emit, reading, show, terminal
from suite.errors import UserError

app = typer.Typer(help="Write sample data, or check data without training.", no_args_is_help=True)


@app.command()
def make(
    task: Annotated[str, typer.Argument(help="which task's sample")],
    directory: Annotated[Path, typer.Argument(help="a new or empty folder")],
    format: Annotated[str | None, typer.Option(help="one of the task's documented formats")] = None,
    seed: Annotated[int, typer.Option(help="another seed makes other examples")] = 0,
    source: Annotated[
        Path | None,
        typer.Option("--from", help="data that the sample is made of, for formats that join or cut examples"),
    ] = None,
    phrases: Annotated[
        str | None, typer.Option(help="words to speak in many voices, parted by commas, for tasks that hear them")
    ] = None,
) -> None:
    """Write the embedded sample data of a task in a documented format."""
    from suite.registry import load_pipeline

    make_sample = load_pipeline(task).make_sample
    choices = {"format": format, "source": source, "phrases": phrases}
    options = {name: value for name, value in choices.items() if value is not None}
    if source is not None and "source" not in signature(make_sample).parameters:
        raise UserError(f"--from: the {task} sample is made of nothing else. Received: {source}")
    if phrases is not None and "phrases" not in signature(make_sample).parameters:
        raise UserError(f"--phrases: the {task} sample speaks no phrases. Received: {phrases!r}")
    with terminal().status(f"writing {directory}"):
        written = make_sample(directory, seed, **options)
    terminal().print(
        f"sample data in {written}\ntrain: suite train {task} --data {written}", markup=False, highlight=False
    )


@app.command()
def check(
    task: Annotated[str, typer.Argument(help="the task that the data is for")],
    data: Annotated[Path, typer.Option(help="file or folder with the examples")],
    format: Annotated[str | None, typer.Option(help="format of the data; recognised from the files by default")] = None,
    config: Annotated[Path | None, typer.Option(help="YAML file with settings")] = None,
    set: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="one setting; wins over --config")] = None,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Count examples, say which format was recognised and why, and list what is wrong; train nothing."""
    from suite.config import load_settings
    from suite.data.reading import read_examples
    from suite.data.summary import summarize
    from suite.registry import load_pipeline

    pipeline = load_pipeline(task)
    settings = load_settings(pipeline.Settings, config, set or [])
    with reading(data):
        summary = summarize(read_examples(pipeline, data, settings, format))
    if json:
        emit(summary)
    else:
        _show(summary)
    if summary["problems"]:
        raise typer.Exit(2)


def _show(summary: dict) -> None:
    show(f"{summary['path']}: format {summary['format']} ({summary['reason']})")
    named = ", ".join(summary["named_parts"]) or "none, so they are drawn"
    show(f"parts named by the data: {named}")
    table = Table()
    labels = list(dict.fromkeys(label for counts in summary["labels"].values() for label in counts))
    for column in ("part", "examples", *labels[:12], *next(iter(summary["lengths"].values()), {})):
        table.add_column(column, justify="left" if column == "part" else "right")
    for part, size in summary["sizes"].items():
        counts = [str(summary["labels"].get(part, {}).get(label, 0)) for label in labels[:12]]
        lengths = [f"{q['p50']:g} (5 % over {q['p95']:g})" for q in summary["lengths"].get(part, {}).values()]
        table.add_row(part, str(size), *counts, *lengths)
    show(table)
    if len(labels) > 12:
        show(f"and {len(labels) - 12} labels more (--json lists all)")
    if summary["groups"]:
        show(
            f"groups: {len(summary['groups'])} ({', '.join(list(summary['groups'])[:12])}{', ...' if len(summary['groups']) > 12 else ''})"
        )
    for note in summary["notes"]:
        show(f"note: {note}")
    for problem in summary["problems"]:
        show(f"problem: {problem['name']}: {problem['message']}")
    if summary["problems"]:
        show(f"{len(summary['problems'])} examples cannot be used; --on-bad-example skip trains without them")
