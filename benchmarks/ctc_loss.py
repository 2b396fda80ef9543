"""The CTC loss alone, and a whole training step of an LSTM with it, beside Keras and PyTorch.

Usage: python benchmarks/ctc_loss.py [--rounds 7] [--batch 32] [--frames 400] [--symbols 32] [--labels 60]
                                     [--features 80] [--units 256] [--json]

Loss: the loss and its gradient by the logits: ours, `tf.nn.ctc_loss` with sparse labels, `keras.losses.CTC`, and
`torch.nn.functional.ctc_loss`. Step: one bidirectional LSTM, a dense layer, the loss, all gradients: our LSTM with our
loss; our LSTM and Keras' LSTM with `keras.losses.CTC`; `torch.nn.LSTM` with PyTorch's loss. PyTorch is measured where
it is installed beside TensorFlow. The contenders take turns; medians count.
"""

import argparse
import importlib.util
import json
import os
import statistics
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    defaults = {"rounds": 7, "batch": 32, "frames": 400, "symbols": 32, "labels": 60, "features": 80, "units": 256}
    for name, default in defaults.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    generator = np.random.default_rng(0)
    data = {
        "inputs": generator.normal(size=(options.batch, options.frames, options.features)).astype(np.float32),
        "logits": generator.normal(size=(options.batch, options.frames, options.symbols)).astype(np.float32),
        "labels": generator.integers(1, options.symbols, (options.batch, options.labels)).astype(np.int32),
    }
    results = {}
    for part in ("loss", "step"):
        runs = tensorflow_runs(part, data, options)
        if importlib.util.find_spec("torch"):
            runs["torch"] = torch_run(part, data, options)
        times = {name: [] for name in runs}
        for run in runs.values():
            run()
        for _ in range(options.rounds):
            for name, run in runs.items():
                run()
                start = time.perf_counter()
                run()
                times[name].append(1e3 * (time.perf_counter() - start))
        results[part] = {name: round(statistics.median(values), 1) for name, values in times.items()}
    if options.json:
        print(json.dumps(results))
        return
    for part, row in results.items():
        ratios = (f"{name} {value:.1f} ms ({value / row['suite']:.2f})" for name, value in row.items())
        print(f"{part:5s}", "  ".join(ratios))


def tensorflow_runs(part, data, options):
    """Functions that run one loss or one step each and wait for its result."""
    import keras
    import tensorflow as tf

    from suite.decoding.ctc_loss import ctc_loss
    from suite.recurrent import LSTM, Bidirectional

    logits, labels, inputs = (tf.constant(data[name]) for name in ("logits", "labels", "inputs"))
    label_length, length = tf.fill([options.batch], options.labels), tf.fill([options.batch], options.frames)
    losses = {
        "suite": lambda x: tf.reduce_mean(ctc_loss(labels, label_length, x, length)),
        "keras": lambda x: keras.losses.CTC()(labels, x),
        "tensorflow_sparse": lambda x: tf.reduce_mean(
            tf.nn.ctc_loss(tf.sparse.from_dense(labels), x, None, length, logits_time_major=False, blank_index=0)
        ),
    }
    if part == "loss":
        return {name: _gradients(loss, logits, [logits]) for name, loss in losses.items()}

    def model(bidirectional, lstm):
        return keras.Sequential(
            [
                keras.Input((options.frames, options.features)),
                bidirectional(lstm(options.units, return_sequences=True)),
                keras.layers.Dense(options.symbols),
            ]
        )

    ours, theirs = model(Bidirectional, LSTM), model(keras.layers.Bidirectional, keras.layers.LSTM)
    theirs.set_weights(ours.get_weights())
    steps = {"suite": (ours, "suite"), "suite_lstm_keras_loss": (ours, "keras"), "keras": (theirs, "keras")}
    return {
        name: _gradients(
            lambda x, network=network, loss=losses[loss]: loss(network(x, training=True)),
            inputs,
            [weight.value for weight in network.trainable_weights],
        )
        for name, (network, loss) in steps.items()
    }


def _gradients(function, inputs, sources):
    import tensorflow as tf

    @tf.function
    def graph():
        with tf.GradientTape() as tape:
            tape.watch(sources)
            loss = function(inputs)
        return loss, tape.gradient(loss, sources)

    return lambda: graph()[0].numpy()


def torch_run(part, data, options):
    """The same in PyTorch."""
    import torch

    labels = torch.tensor(data["labels"], dtype=torch.long)
    lengths = torch.full((options.batch,), options.frames), torch.full((options.batch,), options.labels)

    def loss_of(logits):
        return torch.nn.functional.ctc_loss(logits.transpose(0, 1).log_softmax(-1), labels, *lengths)

    if part == "loss":
        logits = torch.tensor(data["logits"], requires_grad=True)
        return lambda: torch.autograd.grad(loss_of(logits), [logits])[0].numpy()
    inputs = torch.tensor(data["inputs"])
    lstm = torch.nn.LSTM(options.features, options.units, batch_first=True, bidirectional=True)
    dense = torch.nn.Linear(2 * options.units, options.symbols)
    weights = [*lstm.parameters(), *dense.parameters()]
    return lambda: torch.autograd.grad(loss_of(dense(lstm(inputs)[0])), weights)[0].numpy()


if __name__ == "__main__":
    main()
