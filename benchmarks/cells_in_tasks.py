"""What the recurrent cell of a whole trained task costs in each file: ops, bytes, score, milliseconds for 100 and 500 steps.

    python benchmarks/cells_in_tasks.py MODEL_DIR... [--browser]

Prints a table with a row for each model, of a task that reads text or speech, and each deployment. Milliseconds are medians
on one thread, from raw input to answer, by LiteRT's interpreter; `compiled` files are made for each length, and also run by
LiteRT's CompiledModel in Python and, with `--browser`, by LiteRT.js in Chromium (WebAssembly). Ops, bytes and score, on the
data that the model was trained on, are those of the 500-step one. A `streaming` file takes as many chunks as the steps need.
`difference` is the largest one of the 500-step answer of the `compiled` file, or of the `interpreter` one, from the trained
model's.
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
from suite.data.examples import Example
from suite.export.convert import Conversion
from suite.export.inspect import inspect_file
from suite.export.offers import DEPLOYMENTS, form_of, model_facts, refusal
from suite.export.worker import convert
from suite.pipeline import primary_metric
from suite.runs import read_data
from suite.runtime.deployed import deployed_predictor
from suite.runtime.keras_runtime import KerasPredictor
from suite.runtime.tflite_runtime import TfLitePredictor
from suite.signature import Arrays, Predictor

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
    """Return the rows of a model, one for each deployment."""
    signatures = artifact.pipeline.signatures(artifact.assets, artifact.settings)
    model = load_model(artifact)
    reference = KerasPredictor(model, signatures)
    data = read_data(
        artifact.task, Path(artifact.record["data"]["path"]), artifact.settings, None, "skip", artifact.assets
    )
    scored = data.part("test") or data.part("dev")
    keras_score = _score(artifact, reference, scored)
    rows = []
    for deployment in DEPLOYMENTS:
        if refusal(model_facts(model, signatures[0]), deployment, "none"):
            continue
        columns: list[list[str]] = [[], [], []]
        with tempfile.TemporaryDirectory() as folder:
            for steps in LENGTHS:
                if deployment == "compiled" or steps == LENGTHS[0]:
                    path = file_of(artifact, deployment, steps, Path(folder))
                times, difference = measure(artifact, path, deployment, steps, reference, browser)
                for column, milliseconds in zip(columns, times, strict=True):
                    column.append("" if milliseconds is None else f"{milliseconds:.2f}")
            contents, size = inspect_file(path), path.stat().st_size
            score = _score(artifact, deployed_predictor(path, deployment, signatures[0], 1, signatures), scored)
        marks = {"WHILE": "loop", "UNIDIRECTIONAL_SEQUENCE_LSTM": "fused"}
        ops = [str(sum(contents.ops.values())), *(mark for op, mark in marks.items() if op in contents.ops)]
        shown = "" if difference is None else f"{difference:.0e}"
        timed_columns = (", ".join(filter(None, column)) for column in columns)
        rows.append([deployment, ", ".join(ops), f"{size / 1024:.0f}", score, keras_score, *timed_columns, shown])
    return rows


def _score(artifact: Artifact, predictor: Predictor, examples: list[Example]) -> str:
    metrics = artifact.pipeline.evaluate(predictor, examples, artifact.assets, artifact.settings).metrics
    name, _ = primary_metric(artifact.pipeline.METRICS)
    return f"{name} {metrics[name]:.4f}"


def file_of(artifact: Artifact, deployment: str, steps: int, folder: Path) -> Path:
    """Return a file of a model; a `compiled` one is for so many steps."""
    copy, path = folder / f"model-{steps}", folder / f"{steps}.tflite"
    copy.mkdir()
    for part in artifact.path.iterdir():
        if part.name != "settings.yaml":
            (copy / part.name).symlink_to(part.absolute())
    settings = artifact.settings
    if hasattr(settings, "compiled_bytes"):  # a byte may be a token
        change: dict[str, Any] = {"compiled_bytes": steps, "max_tokens": max(steps, settings.max_tokens)}
    else:
        change = {"compiled_seconds": (steps * settings.step_samples - settings.tail_samples) / settings.sample_rate}
    write_settings(copy / "settings.yaml", settings.model_copy(update=change))
    name = artifact.pipeline.signatures(artifact.assets, artifact.settings)[0].name
    convert(Conversion(copy, [name], deployment, form_of(deployment, "none"), "none", path))
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
    if hasattr(settings, "compiled_bytes"):
        words = random.integers(ord("a"), ord("z") + 1, 2 * steps, dtype=np.uint8)
        words[1::2] = ord(" ")
        return {"text": words[:steps] if deployment == "compiled" else words}
    samples = random.normal(0, 0.1, steps * settings.step_samples - settings.tail_samples).astype(np.float32)
    return {"samples": samples, "length": np.int32(len(samples))}


def _chunk(artifact: Artifact, predictor: TfLitePredictor) -> tuple[Arrays, int]:
    """Return the inputs of one call of a `streaming` file, and its steps."""
    chunk = {name: np.zeros(shape, dtype) for name, (shape, dtype) in predictor.inputs.items()}
    if hasattr(artifact.settings, "compiled_bytes"):
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
