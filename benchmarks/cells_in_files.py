"""What each recurrent cell costs: to train, and as a file of each deployment.

    python benchmarks/cells_in_files.py [--cells lstm cifg ...] [--units 256] [--features 128]

One layer that reads in one direction and returns all steps. A table: weights; milliseconds of a train step of 32 x 100 steps;
the `interpreter` file's kilobytes in float and with 8-bit weights; for `interpreter` and `compiled` the number of ops, whether
there is a loop or a variable tensor, and milliseconds for 100 and 500 steps on one thread; which delegates' public op lists hold all
ops of the `compiled` file; microseconds a step of a `streaming` file with chunks of four, and the numbers of its state; the largest
difference of any of these files from the layer.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from suite.answers.outputs import QUANTITY
from suite.export.delegates import full_delegates, unlisted_ops
from suite.export.fused_lstm import write_fused_lstms
from suite.export.inspect import inspect_file
from suite.export.offers import form_of
from suite.export.trace import trace_signature
from suite.recurrent import TransformerEncoder, recurrent_stack
from suite.recurrent.stack import CELLS
from suite.signature import Output, RawInput, Signature

LENGTHS, BATCH, CHUNK, ROUNDS = (100, 500), 32, 4, 30
COLUMNS = (
    "cell",
    "weights, K",
    "train, ms",
    "interpreter, KB (8 bits)",
    "interpreter ops",
    "100, 500 steps, ms",
    "compiled ops",
    "100, 500 steps, ms",
    "compiled: op lists",
    "streaming, microseconds a step",
    "state",
    "difference",
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", nargs="+", default=CELLS, choices=CELLS)
    parser.add_argument("--units", type=int, default=256)
    parser.add_argument("--features", type=int, default=128)
    arguments = parser.parse_args()
    print(f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|", flush=True)
    for cell in arguments.cells:
        keras.utils.set_random_seed(1)
        inputs = keras.Input((None, arguments.features))
        model = keras.Model(inputs, recurrent_stack(inputs, arguments.units, cell=cell))
        print(f"| {' | '.join([cell, *row(model, arguments.features)])} |", flush=True)


def row(model: keras.Model, features: int) -> list[str]:
    """Return the cells of one row of the table."""
    fluid, small = convert(model, features, "interpreter", 0), convert(model, features, "interpreter", 0, "dynamic")
    sequences = {length: np.random.default_rng(0).normal(size=(1, length, features)) for length in LENGTHS}
    sequences = {length: values.astype("float32") for length, values in sequences.items()}
    expected = {length: np.asarray(model(values)) for length, values in sequences.items()}
    figures, differences = [], []
    for deployment in ("interpreter", "compiled"):
        times = []
        for length in LENGTHS:
            content = fluid if deployment == "interpreter" else convert(model, features, deployment, length)
            milliseconds, outputs = run(content, {"sequences": sequences[length]})
            times.append(f"{milliseconds:.2f}")
            differences.append(np.abs(outputs["outputs"] - expected[length]).max())
        figures += [what_is_in(content), ", ".join(times)]
    figures.append(delegates_of(content))
    if any(isinstance(layer, TransformerEncoder) for layer in model.layers):
        figures += ["no", "no"]
    else:
        chunk = convert(model, features, "streaming", CHUNK)
        details = Interpreter(model_content=chunk).get_signature_runner().get_input_details()
        fed = {name: np.zeros(detail["shape"], np.float32) for name, detail in details.items()}
        state = sum(value.size for name, value in fed.items() if name != "sequences")
        fed["sequences"] = sequences[LENGTHS[0]][:, :CHUNK]
        milliseconds, outputs = run(chunk, fed)
        differences.append(np.abs(outputs["outputs"] - expected[LENGTHS[0]][:, :CHUNK]).max())
        figures += [f"{1000 * milliseconds / CHUNK:.0f}", str(state)]
    return [
        f"{model.count_params() / 1000:.0f}",
        f"{train_step(model, features):.1f}",
        f"{len(fluid) / 1024:.0f} ({len(small) / 1024:.0f})",
        *figures,
        f"{max(differences):.0e}",
    ]


def convert(model: keras.Model, features: int, deployment: str, steps: int, quantization: str = "none") -> bytes:
    """Return the file of a deployment; its length is `steps` where it is fixed."""
    fixed = (steps, features)
    signature = Signature(
        "read",
        {"sequences": RawInput("float32", (None, features), "features", fixed=fixed, chunk=fixed)},
        {"outputs": Output(QUANTITY, "outputs")},
        lambda model: lambda sequences: {"outputs": model(sequences)},
    )
    concrete, _ = trace_signature(model, signature, [signature], form_of(deployment, quantization), deployment)
    module = tf.Module()
    module.function = concrete
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(module, folder, signatures=concrete)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.allow_custom_ops = True
        if quantization == "dynamic":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        path = Path(folder) / "file.tflite"
        path.write_bytes(converter.convert())
        write_fused_lstms(path, quantization)
        return path.read_bytes()


def run(content: bytes, inputs: dict[str, np.ndarray]) -> tuple[float, dict[str, np.ndarray]]:
    """Return the median milliseconds of a call on one thread, and the outputs of the first."""
    interpreter = Interpreter(model_content=content, num_threads=1)
    runner = interpreter.get_signature_runner()
    outputs = {name: value.copy() for name, value in runner(**inputs).items()}
    return timed(lambda: runner(**inputs)), outputs


def train_step(model: keras.Model, features: int) -> float:
    """Return the milliseconds of a forward and a backward pass."""
    inputs = tf.random.stateless_normal((BATCH, LENGTHS[0], features), (1, 2))
    weights = [weight.value for weight in model.trainable_weights]

    @tf.function
    def step() -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(inputs, training=True)))
        return tape.gradient(loss, weights)

    return timed(lambda: step()[0].numpy())


def timed(call: Callable) -> float:
    """Return the median milliseconds of a call, after two that do not count."""
    times = []
    for _ in range(ROUNDS + 2):
        begin = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - begin))
    return statistics.median(times[2:])


def delegates_of(content: bytes) -> str:
    """Return the delegates whose public op lists hold all ops of a file."""
    with tempfile.NamedTemporaryFile(suffix=".tflite") as file:
        file.write(content)
        file.flush()
        return ", ".join(full_delegates(unlisted_ops(inspect_file(Path(file.name)).ops))) or "none"


def what_is_in(content: bytes) -> str:
    """Return how many ops a file has, and what keeps it from running everywhere."""
    interpreter = Interpreter(model_content=content)
    names = [op["op_name"] for op in interpreter._get_ops_details() if op["op_name"] != "DELEGATE"]
    marks = {"WHILE": "loop", "UNIDIRECTIONAL_SEQUENCE_LSTM": "fused"}
    return ", ".join([str(len(names)), *(mark for op, mark in marks.items() if op in names)])


if __name__ == "__main__":
    main()
