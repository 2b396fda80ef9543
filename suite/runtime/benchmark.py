"""How fast a saved model answers raw inputs: Keras and every exported file, the host's part included.

The inputs are those kept with the model (`assets/parity`). Threads of TensorFlow are set once in a process, so Keras runs
in a process of its own for each number of threads: `python -m suite.runtime.benchmark MODEL_DIR THREADS ROUNDS`.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from suite.artifact import Artifact, load_model, read_artifact, read_parity
from suite.errors import UserError
from suite.signature import Arrays, Predictor

KERAS = "keras"


def benchmark_model(artifact: Artifact, rounds: int, progress: Callable[[str], None]) -> list[dict[str, Any]]:
    """Measure a saved model.

    Args:
        artifact: The model.
        rounds: Passes over its inputs that are measured, after one that is not.
        progress: Told what is being measured.

    Returns:
        Rows `{"runner", "threads", "milliseconds", "examples_per_second"}`; the runner is `"keras"` or the name of a file.
        `milliseconds` is the median from one raw input to its answer. Examples per second are those of one pass over all
        inputs, which Keras answers in batches as `suite predict` and `suite evaluate` do, and a file one by one.

    Raises:
        UserError: if no inputs were kept with the model.
    """
    inputs = read_parity(artifact)
    if not inputs:
        raise UserError(f"{artifact.path}: no real inputs were kept with this model (setting parity_samples)")
    from suite.runtime.deployed import exported_predictor

    threads = list(dict.fromkeys((1, os.cpu_count() or 1)))
    rows = []
    for count in threads:
        progress(f"{KERAS}, {count} threads")
        rows.append(_row(KERAS, count, _keras_in_child(artifact.path, count, rounds)))
    for path in sorted((artifact.path / "tflite").glob("*.tflite")):
        for count in threads:
            progress(f"{path.name}, {count} threads")
            predictor = exported_predictor(artifact, path, count)
            rows.append(_row(path.name, count, measure_predictor(predictor, inputs, rounds)))
    return rows


def measure_predictor(predictor: Predictor, inputs: list[Arrays], rounds: int) -> dict[str, float]:
    """Return the median milliseconds for one input, and inputs per second where all are asked at once."""
    latencies, passes = [], []
    for turn in range(rounds + 1):
        started = time.perf_counter()
        predictor(inputs)
        ended = time.perf_counter()
        milliseconds = []
        for arrays in inputs:
            begun = time.perf_counter()
            predictor([arrays])
            milliseconds.append(time.perf_counter() - begun)
        if turn:  # the first pass allocates and traces
            passes.append(ended - started)
            latencies += milliseconds
    return {
        "milliseconds": 1000 * statistics.median(latencies),
        "examples_per_second": len(inputs) / statistics.median(passes),
    }


def _row(runner: str, threads: int, figures: dict[str, float]) -> dict[str, Any]:
    return {
        "runner": runner,
        "threads": threads,
        "milliseconds": round(figures["milliseconds"], 4),
        "examples_per_second": round(figures["examples_per_second"], 1),
    }


def _keras_in_child(path: Path, threads: int, rounds: int) -> dict[str, float]:
    root = str(Path(__file__).resolve().parents[2])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))}
    command = [sys.executable, "-m", "suite.runtime.benchmark", str(path), str(threads), str(rounds)]
    completed = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return json.loads(completed.stdout.splitlines()[-1])


def _measure_keras(path: str, threads: int, rounds: int) -> dict[str, float]:
    import tensorflow as tf

    from suite.runtime.keras_runtime import KerasPredictor

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    artifact = read_artifact(path, verify=False)
    signatures = artifact.pipeline.signatures(artifact.assets, artifact.settings)
    predictor = KerasPredictor(load_model(artifact), signatures)
    return measure_predictor(predictor, read_parity(artifact), rounds)


if __name__ == "__main__":
    print(json.dumps(_measure_keras(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
