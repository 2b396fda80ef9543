"""Side-by-side measurements of the recurrent layers: ours, Keras' and, where installed, PyTorch's."""

import ctypes
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

SHAPES = ((32, 200, 128, 256), (16, 400, 40, 128), (64, 100, 64, 64), (1, 200, 128, 256))
CELLS = ("lstm", "gru", "simple_rnn")
MODES = ("train", "forward")


def measure(
    cells: Sequence[str] = CELLS,
    shapes: Sequence[tuple[int, ...]] = SHAPES,
    modes: Sequence[str] = MODES,
    rounds: int = 7,
    progress: Callable[[dict[str, Any]], None] | None = None,
) -> list[dict[str, Any]]:
    """Milliseconds of a train step and of a forward pass, every contender with the same weights.

    A train step is the forward pass over all steps, a weighted sum of the outputs as loss, and its gradients by the
    inputs and all weights. Ours and Keras' run in a `tf.function`, as in `fit`; `keras_xla` is Keras' under
    `jit_compile=True`; PyTorch's runs as it is. The contenders take turns; each turn is one run to warm up and two that
    count, and the median of all counts.

    Args:
        cells: Of `CELLS`.
        shapes: Tuples `(batch, time, features, units)`.
        modes: Of `MODES`.
        rounds: Turns of each contender.
        progress: Function called with each finished row, or None.

    Returns:
        List of rows: dicts of `cell`, `mode`, `shape`, `milliseconds` and `ratios` by contender (times of theirs
        over ours) and `difference`, the largest from Keras' in any result, relative to the largest value of it.
    """
    rows = []
    for cell in cells:
        for shape in shapes:
            contenders = _contenders(cell, shape)
            for mode in modes:
                runs = {name: steps[mode] for name, steps in contenders.items()}
                row = {"cell": cell, "mode": mode, "shape": list(shape), **_compare(runs, rounds)}
                rows.append(row)
                if progress:
                    progress(row)
    return rows


def summarize(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The median and least ratio of each contender to ours over the shapes with more than one row of the batch."""
    summary = []
    for cell in dict.fromkeys(row["cell"] for row in rows):
        for mode in MODES:
            batched_rows = [r for r in rows if r["cell"] == cell and r["mode"] == mode and r["shape"][0] > 1]
            for name in batched_rows[0]["ratios"] if batched_rows else ():
                ratios = [row["ratios"][name] for row in batched_rows]
                median = round(statistics.median(ratios), 2)
                summary.append({"cell": cell, "mode": mode, "against": name, "median": median, "least": min(ratios)})
    return summary


def report(deterministic: str = "both", **options) -> dict[str, Any]:
    """Everything `suite benchmark recurrent` shows, as one object.

    Args:
        deterministic: Op determinism `"on"`, `"off"`, or `"both"` (measured in a process of its own, since TensorFlow
            cannot leave it again).
        options: Of `measure`.
    """
    import keras
    import tensorflow as tf

    if deterministic == "on":
        keras.utils.set_random_seed(0)
        tf.config.experimental.enable_op_determinism()
    rows = measure(**options)
    result = {
        "machine": {"cores": os.cpu_count(), "processor": platform.processor() or platform.machine()},
        "versions": {"tensorflow": tf.__version__, "keras": keras.__version__},
        "op_determinism": deterministic == "on",
        "rows": rows,
        "summary": summarize(rows),
    }
    if deterministic == "both":
        options.pop("progress", None)
        child = _child("report", deterministic="on", **options)
        result["deterministic"] = {"rows": child["rows"], "summary": child["summary"]}
    return result


def peak_memory(cell: str, shape: tuple[int, ...], contender: str) -> float:
    """Megabytes that a train step of `contender` adds at its peak (Linux only), in a process of its own."""
    return _child("peak_memory_here", cell=cell, shape=shape, contender=contender)


def peak_memory_here(cell: str, shape: tuple[int, ...], contender: str) -> float:
    """As `peak_memory`, in this process: the high-water mark of the train steps over what stood before the layer.

    Weights, inputs and compiled code count; the libraries, brought in by a tiny layer beforehand, and what compiling
    needed and gave back do not.
    """
    from suite.recurrent.policy import compilation

    with compilation(True):
        for steps in _contenders(cell, (2, 20, 3, 8)).values():
            steps["train"]()
    ctypes.CDLL(None).malloc_trim(0)
    before = _status("VmRSS")
    step = _contenders(cell, shape, only=contender)[contender]["train"]
    step()
    ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")
    for _ in range(3):
        step()
    return round((_status("VmHWM") - before) / 1024, 1)


def _status(field: str) -> int:
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(field + ":"))


def _child(function: str, **arguments) -> Any:
    code = (
        "import json, sys; from suite.recurrent import benchmark; arguments = json.load(sys.stdin); "
        f"print('\\n' + json.dumps(benchmark.{function}(**arguments)))"
    )
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    process = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(arguments), capture_output=True, text=True, env=environment
    )
    if process.returncode:
        raise RuntimeError(f"The measuring process failed. Received: {process.stderr.strip().splitlines()[-1:]}")
    return json.loads(process.stdout.strip().splitlines()[-1])


def _compare(runs: dict[str, Callable], rounds: int) -> dict[str, Any]:
    results = {name: [as_numpy(value) for value in run()] for name, run in runs.items()}
    times = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            run()
            for _ in range(2):
                start = time.perf_counter()
                run()
                times[name].append(time.perf_counter() - start)
    middle = {name: statistics.median(values) * 1e3 for name, values in times.items()}
    difference = max(
        float(abs(mine - theirs).max() / max(abs(theirs).max(), 1e-30))
        for mine, theirs in zip(results["suite"], results["keras"], strict=True)
    )
    return {
        "milliseconds": {name: round(value, 2) for name, value in middle.items()},
        "ratios": {name: round(value / middle["suite"], 2) for name, value in middle.items() if name != "suite"},
        "difference": difference,
    }


def as_numpy(value: Any) -> Any:
    """A result of any of the contenders as a numpy array."""
    return value.detach().numpy() if hasattr(value, "detach") else value.numpy()


def _contenders(cell: str, shape: tuple[int, ...], only: str | None = None) -> dict[str, dict[str, Callable]]:
    """`{name: {"train": run, "forward": run}}`; a run ends when its results are there."""
    import keras
    import numpy as np

    from suite.recurrent import GRU, LSTM, SimpleRNN

    batch, length, features, units = shape
    random = np.random.default_rng(0)
    inputs = random.normal(size=(batch, length, features)).astype("float32")
    factors = random.normal(size=(batch, length, units)).astype("float32")
    theirs = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU, "simple_rnn": keras.layers.SimpleRNN}[cell]
    ours = {"lstm": LSTM, "gru": GRU, "simple_rnn": SimpleRNN}[cell]
    layers = {"suite": ours(units, return_sequences=True), "keras": theirs(units, return_sequences=True)}
    for layer in layers.values():
        layer.build(inputs.shape)
    layers["keras"].set_weights(layers["suite"].get_weights())
    layers["keras_xla"] = layers["keras"]
    contenders = {
        name: _tensorflow_steps(layer, inputs, factors, name == "keras_xla" or None)
        for name, layer in layers.items()
        if only in (None, name)
    }
    if only in (None, "torch") and importlib.util.find_spec("torch"):
        contenders["torch"] = _torch_steps(cell, layers["suite"].get_weights(), inputs, factors)
    return contenders


def _tensorflow_steps(layer: Any, inputs: Any, factors: Any, jit_compile: bool | None) -> dict[str, Callable]:
    import tensorflow as tf

    inputs, factors = tf.constant(inputs), tf.constant(factors)
    weights = [weight.value for weight in layer.trainable_weights]

    @tf.function(jit_compile=jit_compile)
    def train(inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            loss = tf.reduce_sum(layer(inputs, training=True) * factors)
        return tape.gradient(loss, [inputs, *weights])

    @tf.function(jit_compile=jit_compile)
    def forward(inputs):
        return [layer(inputs, training=False)]

    def finished(step):
        # Reading a number waits for the results without copying them.
        def run():
            results = step(inputs)
            for result in results:
                tf.reshape(result, [-1])[0].numpy()
            return results

        return run

    return {"train": finished(train), "forward": finished(forward)}


def _torch_steps(cell: str, weights: list, inputs: Any, factors: Any) -> dict[str, Callable]:
    import numpy as np
    import torch

    kernel, recurrent, bias = weights
    units = recurrent.shape[0]
    order = np.arange(kernel.shape[1])
    if cell == "gru":
        order = np.concatenate([order[units : 2 * units], order[:units], order[2 * units :]])
    biases = bias if bias.ndim == 2 else np.stack([bias, np.zeros_like(bias)])
    layer = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "simple_rnn": torch.nn.RNN}[cell](
        kernel.shape[0], units, batch_first=True
    )
    values = (kernel.T[order], recurrent.T[order], biases[0][order], biases[1][order])
    with torch.no_grad():
        for parameter, value in zip(layer.parameters(), values, strict=True):
            parameter.copy_(torch.from_numpy(np.ascontiguousarray(value)))
    inputs, factors = torch.from_numpy(inputs).requires_grad_(), torch.from_numpy(factors)

    def train():
        layer.zero_grad()
        inputs.grad = None
        (layer(inputs)[0] * factors).sum().backward()
        return [inputs.grad, *[parameter.grad for parameter in layer.parameters()]]

    def forward():
        with torch.no_grad():
            return [layer(inputs)[0]]

    return {"train": train, "forward": forward}
