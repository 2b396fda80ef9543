"""The training step of a decoder with attention, beside `keras.layers.RNN` over a cell with the same equations.

Usage: python benchmarks/caption_decoder.py [--rounds 7] [--batch 128] [--steps 16] [--places 36] [--value-features 512]
                                            [--attention-units 256] [--units 512] [--features 256] [--words 2900]
                                            [--cell lstm] [--only NAME] [--json]

decoder: outputs, contexts and attention from given inputs and values, and all gradients. step: the same with word
embeddings, a dense layer to all words (the embeddings transposed), cross-entropy, and all gradients. The contenders have
the same weights and take turns; medians count. `keras` computes the keys before the loop, `keras_keys_inside` in the cell
with all other equations, and `keras_xla` is `keras` inside `tf.function(jit_compile=True)`.
"""

import argparse
import functools
import json
import os
import statistics
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from suite.recurrent import AttentionDecoder

DEFAULTS = {
    "rounds": 7,
    "batch": 128,
    "steps": 16,
    "places": 36,
    "value-features": 512,
    "attention-units": 256,
    "units": 512,
    "features": 256,
    "words": 2900,
}


class PlainCell(keras.layers.Layer):
    """One step of `AttentionDecoder` with its weights; `values` are set before the loop, and `keys`, unless None."""

    def __init__(self, decoder):
        super().__init__()
        self.decoder = decoder
        self.state_size = [decoder.units] * (2 if decoder.cell_name == "lstm" else 1)
        self.output_size = decoder.units

    def call(self, inputs, states):
        output, context, attention, state = self.decoder.step(inputs, self.values, self.keys, states)
        return ops.concatenate([output, context, attention], axis=-1), list(state)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in DEFAULTS.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--cell", choices=("lstm", "gru"), default="lstm")
    parser.add_argument("--only", choices=("suite", "keras", "keras_xla", "keras_keys_inside"))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results = {}
    for part in ("decoder", "step"):
        runs = contenders(part, options)
        runs = {name: run for name, run in runs.items() if options.only in (None, name)}
        times = {name: [] for name in runs}
        for run in runs.values():
            run()
        for _ in range(options.rounds):
            for name, run in runs.items():
                started = time.perf_counter()
                run()
                times[name].append(1e3 * (time.perf_counter() - started))
        results[part] = {name: round(statistics.median(values), 1) for name, values in times.items()}
    if options.json:
        print(json.dumps(results))
        return
    for part, row in results.items():
        base = row.get("suite", 1)
        print(f"{part:8s}", "  ".join(f"{name} {value:.1f} ms ({value / base:.2f})" for name, value in row.items()))


def contenders(part, options):
    """Functions that run one training step each and wait for its gradients."""
    random = np.random.default_rng(0)
    shape = (options.batch, options.steps)
    values = tf.constant(random.normal(size=(options.batch, options.places, options.value_features)), tf.float32)
    inputs = tf.constant(random.normal(size=(*shape, options.features)), tf.float32)
    words = tf.constant(random.integers(0, options.words, shape))
    table = tf.Variable(random.normal(size=(options.words, options.features), scale=0.05), dtype=tf.float32)
    deep = tf.Variable(
        random.normal(size=(options.units + options.value_features, options.features), scale=0.05), dtype=tf.float32
    )
    layer = AttentionDecoder(options.units, options.attention_units, cell=options.cell)
    layer(inputs, values)
    cell = PlainCell(layer)
    loop = keras.layers.RNN(cell, return_sequences=True)
    widths = (options.units, options.value_features, options.places)

    def suite(inputs, values):
        return layer(inputs, values, training=True)

    def plain(inputs, values, keys_inside=False):
        cell.values, cell.keys = values, None if keys_inside else layer.keys(values)
        return tf.split(loop(inputs, training=True), widths, axis=-1)

    weights = [weight.value for weight in layer.trainable_weights]
    targets = [tf.constant(random.normal(size=(*shape, width)), tf.float32) for width in widths]

    def decoder_step(decode, inputs, values):
        with tf.GradientTape() as tape:
            tape.watch([inputs, values])
            results = decode(inputs, values)
            loss = sum(tf.reduce_sum(one * target) for one, target in zip(results, targets, strict=True))
        return tape.gradient(loss, [inputs, values, *weights])

    def whole_step(decode, words, values):
        with tf.GradientTape() as tape:
            tape.watch(values)
            outputs, contexts, _ = decode(tf.gather(table, words), values)
            hidden = tf.tanh(tf.tensordot(tf.concat([outputs, contexts], -1), deep, 1))
            logits = tf.matmul(tf.reshape(hidden, (-1, options.features)), table, transpose_b=True)
            loss = tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(tf.reshape(tf.roll(words, -1, 1), (-1,)), logits)
            )
        return tape.gradient(loss, [values, table, deep, *weights])

    step, given = (decoder_step, inputs) if part == "decoder" else (whole_step, words)

    def run_of(decode, compiled=None):
        function = tf.function(lambda given, values: step(decode, given, values), jit_compile=compiled)

        def run():
            for gradient in function(given, values):
                tf.convert_to_tensor(gradient).numpy()

        return run

    inside = functools.partial(plain, keys_inside=True)
    return {
        "suite": run_of(suite),
        "keras": run_of(plain),
        "keras_xla": run_of(plain, True),
        "keras_keys_inside": run_of(inside),
    }


if __name__ == "__main__":
    main()
