"""`suite export`: a saved model as `.tflite` files that take the raw input, checked against the trained model."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from suite.commands.model_dir import OwnModelDir
from suite.commands.output import emit, show, start_tensorflow, terminal
from suite.errors import UserError


def export(
    model_dir: OwnModelDir,
    quantize: Annotated[str, typer.Option(help="none, float16, dynamic, int8 or all")] = "none",
    deployment: Annotated[str, typer.Option(help="interpreter, compiled, streaming or all")] = "interpreter",
    data: Annotated[
        Path | None, typer.Option(help="real inputs to check and calibrate on; default: those of the run")
    ] = None,
    web: Annotated[Path | None, typer.Option(help="folder for a page that runs the model in a browser")] = None,
    json: Annotated[bool, typer.Option("--json", help="print the report as one JSON object")] = False,
) -> None:
    """Write the model as .tflite files that take the raw input and need built-in ops only."""
    from suite.artifact import read_artifact
    from suite.export.offers import DEPLOYMENTS, QUANTIZATIONS

    artifact = read_artifact(model_dir)
    names: list[Sequence[str]] = []
    for option, value, known in (("--deployment", deployment, DEPLOYMENTS), ("--quantize", quantize, QUANTIZATIONS)):
        if value not in (*known, "all"):
            raise UserError(f"{option}: expected one of {', '.join(known)}, all. Received: {value!r}")
        names.append(known if value == "all" else (value,))
    start_tensorflow()
    from suite.runs import export

    combinations = list(product(names[0], names[1]))
    report, left_out = export(artifact, combinations, data, web, "all" in (deployment, quantize), terminal())
    if json:
        emit(report | {"left_out": left_out})
        return
    _show(report, model_dir)
    if web is not None:
        terminal().print(
            f"page: python -m http.server --directory {web} --bind 127.0.0.1, then http://127.0.0.1:8000",
            highlight=False,
        )
    for reason in left_out:
        terminal().print(f"not offered: {reason}", markup=False, highlight=False)


def _show(report: dict, model_dir: Path) -> None:
    table = Table()
    for column in ("file", "KB", "ops", "Flex", "difference", "metric", "Keras", "ms, 1 thread", "MB at most"):
        table.add_column(column, justify="left" if column == "file" else "right")
    for entry in report["files"]:
        name = next(iter(entry["metrics"]["tflite"])) if "metrics" in entry else None
        scores = [f"{entry['metrics'][runtime][name]:.4f}" if name else "" for runtime in ("tflite", "keras")]
        table.add_row(
            entry["file"],
            f"{entry['bytes'] / 1024:.0f}",
            str(sum(entry["ops"].values())),
            ", ".join(entry["flex"]) or "none",
            f"{entry['parity']['max_difference']:.1e}",
            *scores,
            f"{entry['latency_ms']['1']:.2f}",
            f"{entry['peak_memory_bytes'] / 1e6:.0f}",
        )
    show(table)
    for note in dict.fromkeys(note for entry in report["files"] for note in entry["notes"]):
        show(f"note: {note}")
    show(f"files and report.json in {model_dir}/tflite")
