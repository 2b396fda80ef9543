"""Every recurrent cell, direction, deployment and quantisation that is offered, in one table.

    python benchmarks/export_matrix.py --data PATH --config pipelines/sentiment/recipes/mr.yaml [--set epochs=2]

Trains one model for each cell and direction on the data, exports all that it allows (float32 and quantised, each checked
against the trained model as `suite export` does), and prints a table: accuracy of file and model on the same part, largest
difference of an answer, bytes, milliseconds, and whether any op is not built in. What is not offered is listed with its
reason. Models go to a temporary folder, runs to the tracking store.
"""

import argparse
import tempfile
from pathlib import Path

from rich.console import Console

from pipelines.sentiment.config import Settings
from suite.config import load_settings
from suite.export.convert import ConversionError
from suite.export.offers import DEPLOYMENTS, QUANTIZATIONS
from suite.export.report import read_report
from suite.runs import Request, export, read_data, train

CELLS = ("lstm", "gru", "simple_rnn", "min_gru", "rg_lru", "cifg_projected", "indy_lstm")
COLUMNS = ("cell", "directions", "file", "accuracy", "Keras", "difference", "KB", "ms", "Flex or custom")


def main() -> None:
    """Train, export and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--cells", nargs="+", default=CELLS)
    arguments = parser.parse_args()

    console = Console(stderr=True)
    print(f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|", flush=True)
    remarks = []
    with tempfile.TemporaryDirectory() as folder:
        for cell in arguments.cells:
            for directions in (1, 2):
                assignments = [*arguments.set, f"cell={cell}", f"bidirectional={str(directions == 2).lower()}"]
                settings = load_settings(Settings, arguments.config, assignments)
                examples = read_data("sentiment", arguments.data, settings, None, "fail")
                request = Request("sentiment", settings, f"{cell}-{directions}", Path(folder))
                model_dir = train(request, examples, console).model_dir
                try:
                    _, left_out = export(
                        model_dir, DEPLOYMENTS, QUANTIZATIONS, arguments.data, None, only_offered=True, console=console
                    )
                    remarks += [f"{cell}, {directions}: {reason}" for reason in left_out]
                except ConversionError as error:
                    remarks.append(f"{cell}, {directions}: FAILED: {error}")
                for entry in read_report(model_dir)["files"]:
                    print(_row(cell, directions, entry), flush=True)
    print("\nNot offered:\n\n" + "\n".join(f"- {remark}" for remark in remarks))


def _row(cell: str, directions: int, entry: dict) -> str:
    metrics = entry["metrics"]
    cells = (
        cell,
        str(directions),
        entry["file"],
        f"{metrics['tflite']['accuracy']:.4f}",
        f"{metrics['keras']['accuracy']:.4f}",
        f"{entry['parity']['max_difference']:.1e}",
        f"{entry['bytes'] / 1024:.0f}",
        f"{entry['latency_ms']['1']:.2f}",
        ", ".join(entry["flex"] + entry["custom"]) or "none",
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
