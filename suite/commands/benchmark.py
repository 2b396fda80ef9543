"""`suite benchmark`: how fast things are on this machine."""

from typing import Annotated, Any

import typer
from rich.table import Table

from suite.commands.model_dir import read_model_dir
from suite.commands.output import emit, show, terminal
from suite.errors import UserError


def benchmark(
    what: Annotated[
        str,
        typer.Argument(
            metavar="recurrent|MODEL_DIR",
            help="the recurrent layers beside Keras' and PyTorch's, or a saved model beside its exported files",
        ),
    ],
    rounds: Annotated[int, typer.Option(min=1, help="turns of each contender; the median counts")] = 7,
    determinism: Annotated[str, typer.Option(help="recurrent: op determinism on, off or both")] = "both",
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Measure, side by side, on this machine."""
    if what != "recurrent":
        _benchmark_model(what, rounds, json)
        return
    if determinism not in ("on", "off", "both"):
        raise UserError(f"--determinism is one of on, off, both. Received: {determinism}")
    from suite.quiet import import_tensorflow

    import_tensorflow()
    from suite.recurrent.benchmark import CELLS, MODES, SHAPES, report

    total = len(CELLS) * len(MODES) * len(SHAPES)
    measured = 0

    def progress(row: dict[str, Any]) -> None:
        nonlocal measured
        measured += 1
        status.update(
            f"measured {measured} of {total}: {row['cell']}, {row['mode']}, {'x'.join(map(str, row['shape']))}"
        )

    with terminal().status(f"measuring {total} cases") as status:
        result = report(deterministic=determinism, rounds=rounds, progress=progress)
    if json:
        emit(result)
        return
    _show(result["rows"], "op determinism on" if result["op_determinism"] else "op determinism off")
    if "deterministic" in result:
        _show(result["deterministic"]["rows"], "op determinism on")
    _show_summary(result)


def _benchmark_model(model_dir: str, rounds: int, json: bool) -> None:
    folder = read_model_dir(model_dir)
    if not folder.is_dir():
        raise UserError(f"`suite benchmark` knows: recurrent, or the folder of a saved model. Received: {model_dir}")
    from suite.artifact import read_artifact

    artifact = read_artifact(folder)
    from suite.quiet import import_tensorflow

    import_tensorflow()
    from suite.runtime.benchmark import benchmark_model

    with terminal().status("measuring") as status:
        rows = benchmark_model(artifact, rounds, lambda what: status.update(f"measuring {what}"))
    if json:
        emit({"task": artifact.task, "model_dir": model_dir, "rows": rows})
        return
    table = Table(title=f"{model_dir}: raw input to answer")
    for column in ("runner", "threads", "milliseconds", "examples per second"):
        table.add_column(column, justify="left" if column == "runner" else "right")
    for row in rows:
        figures = f"{row['milliseconds']:.2f}", f"{row['examples_per_second']:,.0f}"
        table.add_row(row["runner"], str(row["threads"]), *figures)
    show(table)


def _show(rows: list[dict], title: str) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row["milliseconds"]))
    table = Table(title=f"milliseconds, {title} (in brackets: times ours)")
    for column in ("layer", "what", "batch x time x features x units", *names, "difference"):
        table.add_column(column)
    for row in rows:
        cells = [
            f"{row['milliseconds'][name]:.1f}" + (f" ({row['ratios'][name]:.2f})" if name in row["ratios"] else "")
            for name in names
        ]
        shape = "x".join(map(str, row["shape"]))
        table.add_row(row["cell"], row["mode"], shape, *cells, f"{row['difference']:.0e}")
    show(table)


def _show_summary(result: dict) -> None:
    table = Table(title="ratio of theirs to ours over the batched shapes")
    for column in ("layer", "what", "against", "median", "least"):
        table.add_column(column)
    for row in result["summary"]:
        table.add_row(row["cell"], row["mode"], row["against"], f"{row['median']:.2f}", f"{row['least']:.2f}")
    show(table)
