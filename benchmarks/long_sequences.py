"""Training on long sequences: does time grow linearly, and how does MinGRU compare with LSTM?

Usage: python benchmarks/long_sequences.py [--units N] [--json]

One JSON object per row: milliseconds of a train step (median of three) by layer and length.
"""

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

LENGTHS = (500, 2000, 20000)
BATCH, FEATURES = 4, 32


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=64)
    parser.add_argument("--json", action="store_true", help="rows are JSON either way; this leaves out the ratio lines")
    options = parser.parse_args()
    import tensorflow as tf

    from suite.recurrent import GRU, LSTM, MinGRU, SimpleRNN

    times = {}
    for layer in (SimpleRNN, LSTM, GRU, MinGRU):
        for length in LENGTHS:
            inputs = tf.random.stateless_normal((BATCH, length, FEATURES), (1, 2))
            times[layer.__name__, length] = step_time(layer(options.units, return_sequences=True), inputs)
            row = {"layer": layer.__name__, "length": length, "milliseconds": round(times[layer.__name__, length], 1)}
            print(json.dumps(row), flush=True)
    if not options.json:
        for name in dict.fromkeys(name for name, _ in times):
            growth = times[name, 20000] / times[name, 2000]
            print(f"{name}: ten times the length takes {growth:.1f} times as long")
        print(f"LSTM / MinGRU at 2000 steps: {times['LSTM', 2000] / times['MinGRU', 2000]:.2f}")


def step_time(layer, inputs):
    """Milliseconds of a train step, median of three after a first."""
    import tensorflow as tf

    layer.build(inputs.shape)
    weights = [weight.value for weight in layer.trainable_weights]

    @tf.function
    def train(inputs):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(layer(inputs, training=True)))
        return tape.gradient(loss, weights)

    times = []
    for _ in range(4):
        start = time.perf_counter()
        for gradient in train(inputs):
            gradient.numpy()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:]) * 1e3


if __name__ == "__main__":
    main()
