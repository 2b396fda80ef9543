"""Latency and memory of an exported file, in a process of its own: `python -m suite.export.measure`."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from suite.signature import Arrays, Signature

CALLS = 100


def measure(path: Path, signature: Signature, arrays: Arrays, threads: int) -> dict[str, float]:
    """Return the median milliseconds of 100 calls with one input, and the bytes that loading and calling added at most.

    Args:
        path: The file.
        signature: The one to call.
        arrays: Inputs of exactly the file's shapes where those are fixed, without the batch axis.
        threads: CPU threads of the interpreter.
    """
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder) / "inputs.npz", **arrays)
        custom = str(int(bool(signature.custom_ops)))
        arguments = [str(path), f"{folder}/inputs.npz", str(threads), signature.name, custom]
        command = [sys.executable, "-m", "suite.export.measure", *arguments]
        root = str(Path(__file__).resolve().parents[2])
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return json.loads(done.stdout.splitlines()[-1])


def _measure_here(path: str, inputs: str, threads: int, signature: str, custom_ops: bool) -> dict[str, float]:
    # The libraries' own memory is not the model's.
    import ai_edge_litert.interpreter  # noqa: F401

    from suite.runtime.tflite_runtime import TfLitePredictor

    if custom_ops:
        import tensorflow_text  # noqa: F401

    with np.load(inputs, allow_pickle=False) as arrays:
        fed = {name: arrays[name] for name in arrays.files}
    before = _resident_bytes()
    predictor = TfLitePredictor(path, threads, signature, custom_ops)
    predictor.call(fed)
    times = []
    for _ in range(CALLS):
        started = time.perf_counter()
        predictor.call(fed)
        times.append(time.perf_counter() - started)
    # The interpreter keeps its arena, so what it takes after the calls is the most that it took.
    return {"latency_ms": 1000 * statistics.median(times), "peak_memory_bytes": _resident_bytes() - before}


def _resident_bytes() -> int:
    """Return the resident memory of this process; on systems without /proc its peak so far."""
    pages = Path("/proc/self/statm")
    if pages.exists():
        return int(pages.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    try:
        import resource
    except ImportError:  # Windows
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    file, fed, threads, name, custom = sys.argv[1:]
    print(json.dumps(_measure_here(file, fed, int(threads), name, custom == "1")))
