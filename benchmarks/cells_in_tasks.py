"""What the recurrent cell of a whole trained task costs in each file: ops, bytes, score, milliseconds for 100 and 500 steps.

    suite export MODEL_DIR --deployment all          for each model, of sentiment or speech
    python benchmarks/cells_in_tasks.py MODEL_DIR... [--browser]

Prints a table with a row for each model and deployment. Ops, bytes and score are those of the exported files, from
`report.json`. Milliseconds are medians on one thread, from raw input to answer, by LiteRT's interpreter; `compiled` files
are made again for each length and also run by LiteRT's CompiledModel in Python and, with `--browser`, by LiteRT.js in
Chromium (WebAssembly). A `streaming` file takes as many chunks as the steps need. `difference` is the largest one of the
500-step answer of the `compiled` file, or of the `interpreter` one, from the trained model's.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from ai_edge_litert.compiled_model import CompiledModel
from ai_edge_litert.options import CpuOptions, Options
from in_browser import time_in_browser

from suite.artifact import Artifact, load_model, read_artifact, write_settings
from suite.export.convert import Conversion
from suite.export.offers import form_of
from suite.export.report import read_report
from suite.export.worker import convert
from suite.runtime.keras_runtime import KerasPredictor
from suite.runtime.tflite_runtime import TfLitePredictor
from suite.signature import Arrays

LENGTHS, ROUNDS = (100, 500), 30
COLUMNS = (
    "model",
    "file",
    "ops",
    "KB",
    "score",
    "Keras",
    "100, 500 steps: ms",
    "CompiledModel",
    "LiteRT.js",
    "difference",
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--browser", action="store_true", help="run the compiled files in Chromium too")
    arguments = parser.parse_args()
    print(f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|", flush=True)
    for model_dir in arguments.models:
        for row in rows_of(read_artifact(model_dir), arguments.browser):
            print(f"| {model_dir.name} | {' | '.join(row)} |", flush=True)


def rows_of(artifact: Artifact, browser: bool) -> list[list[str]]:
    """Return the rows of a model, one for each of its exported float32 files."""
    reference = KerasPredictor(load_model(artifact), artifact.pipeline.signatures(artifact.assets, artifact.settings))
    rows = []
    for entry in read_report(artifact.path)["files"]:
        if entry["quantization"] != "none":
            continue
        deployment, columns, differences = entry["deployment"], [[], [], []], []
        with tempfile.TemporaryDirectory() as folder:
            for steps in LENGTHS:
                path = artifact.path / "tflite" / entry["file"]
                if deployment == "compiled":
                    path = of_length(artifact, steps, Path(folder))
                times, difference = measure(artifact, path, deployment, steps, reference, browser)
                differences.append(difference)
                for column, milliseconds in zip(columns, times, strict=True):
                    column.append("" if milliseconds is None else f"{milliseconds:.2f}")
        scores = [next(iter(entry["metrics"][runtime].items())) for runtime in ("tflite", "keras")]
        rows.append(
            [
                deployment,
                f"{sum(entry['ops'].values())}{', loop' if 'WHILE' in entry['ops'] else ''}",
                f"{entry['bytes'] / 1024:.0f}",
                f"{scores[0][0]} {scores[0][1]:.4f}",
                f"{scores[1][1]:.4f}",
                *(", ".join(filter(None, column)) for column in columns),
                "" if differences[-1] is None else f"{differences[-1]:.0e}",
            ]
        )
    return rows


def of_length(artifact: Artifact, steps: int, folder: Path) -> Path:
    """Return a `compiled` file of a model for so many steps."""
    copy, path = folder / f"model-{steps}", folder / f"{steps}.tflite"
    copy.mkdir()
    for part in artifact.path.iterdir():
        if part.name != "settings.yaml":
            (copy / part.name).symlink_to(part.absolute())
    settings = artifact.settings
    if artifact.task == "sentiment":  # a byte may be a token
        change: dict[str, Any] = {"compiled_bytes": steps, "max_tokens": max(steps, settings.max_tokens)}
    else:
        change = {"compiled_seconds": (steps * settings.step_samples - settings.tail_samples) / settings.sample_rate}
    write_settings(copy / "settings.yaml", settings.model_copy(update=change))
    name = artifact.pipeline.signatures(artifact.assets, artifact.settings)[0].name
    convert(Conversion(copy, [name], "compiled", form_of("compiled", "none"), "none", path))
    return path


def measure(
    artifact: Artifact, path: Path, deployment: str, steps: int, reference: KerasPredictor, browser: bool
) -> tuple[list[float | None], float | None]:
    """Return the milliseconds by the interpreter, CompiledModel and LiteRT.js, and the difference from the trained model."""
    signature = artifact.pipeline.signatures(artifact.assets, artifact.settings)[0]
    predictor = TfLitePredictor(path, 1, signature.name)
    if deployment == "streaming":
        chunk, chunk_steps = _chunk(artifact, predictor)
        calls = -(-steps // chunk_steps)
        return [timed(lambda: predictor.call(chunk)) * calls, None, None], None
    arrays = raw_input(artifact, deployment, steps)
    answer, expected = predictor.call(arrays), reference([arrays])[0]
    common = [name for name in answer if np.issubdtype(answer[name].dtype, np.floating)]
    difference = max(_difference(answer[name], np.asarray(expected[name])) for name in common)
    times: list[float | None] = [timed(lambda: predictor.call(arrays)), None, None]
    if deployment == "compiled":
        times[1] = in_compiled_model(path, signature.name, arrays)
        if browser:
            times[2] = time_in_browser(path, signature.name, arrays, ROUNDS)
    return times, difference


def raw_input(artifact: Artifact, deployment: str, steps: int) -> Arrays:
    """Return an input of so many steps; in a `compiled` file of text every byte is one."""
    random, settings = np.random.default_rng(0), artifact.settings
    if artifact.task == "sentiment":
        words = random.integers(ord("a"), ord("z") + 1, 2 * steps, dtype=np.uint8)
        words[1::2] = ord(" ")
        return {"text": words[:steps] if deployment == "compiled" else words}
    samples = random.normal(0, 0.1, steps * settings.step_samples - settings.tail_samples).astype(np.float32)
    return {"samples": samples, "length": np.int32(len(samples))}


def _chunk(artifact: Artifact, predictor: TfLitePredictor) -> tuple[Arrays, int]:
    """Return the inputs of one call of a `streaming` file, and its steps."""
    chunk = {name: np.zeros(shape, dtype) for name, (shape, dtype) in predictor.inputs.items()}
    if artifact.task == "sentiment":
        chunk["text"] = np.resize(np.frombuffer(b"a ", np.uint8), len(chunk["text"]))
        return chunk, len(chunk["text"])
    chunk["length"] = np.int32(len(chunk["samples"]))
    return chunk, len(chunk["samples"]) // artifact.settings.step_samples


def _difference(answer: np.ndarray, expected: np.ndarray) -> float:
    if answer.ndim:  # the file may have steps more, which only pad
        answer = answer[: len(expected)]
    return float(np.abs(answer - expected[: len(answer)] if answer.ndim else answer - expected).max())


def in_compiled_model(path: Path, signature: str, arrays: Arrays) -> float:
    """Return the median milliseconds of a call of LiteRT's CompiledModel on one thread."""
    model = CompiledModel.from_file(str(path), options=Options(cpu_options=CpuOptions(num_threads=1)))
    inputs = {name: model.create_input_buffer_by_name(signature, name) for name in arrays}
    names = model.get_signature_list()[signature]["outputs"]
    outputs = {name: model.create_output_buffer_by_name(signature, name) for name in names}
    for name, buffer in inputs.items():
        buffer.write(np.ascontiguousarray(np.asarray(arrays[name])[np.newaxis]))
    return timed(lambda: model.run_by_name(signature, inputs, outputs))


def timed(call: Callable[[], Any]) -> float:
    """Return the median milliseconds of a call, after two that do not count."""
    times = []
    for _ in range(ROUNDS + 2):
        begin = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - begin))
    return statistics.median(times[2:])


if __name__ == "__main__":
    main()
