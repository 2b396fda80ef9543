"""A training step of a BiLSTM-CRF tagger, and the CRF alone, beside plain Keras.

Usage: python benchmarks/crf.py [--rounds 15] [--batch 32] [--times 10 25 50] [--tags 9 33] [--features 100]
                                [--units 100] [--json]

Step: a bidirectional LSTM, a dense layer, the CRF, all gradients and Adam: our stack with our CRF; Keras' LSTM with a CRF
written the usual way (the forward algorithm over logarithms in `keras.ops.scan` or `tf.scan`, gradients by the tape).
CRF: the log-likelihood and its gradients alone. Steps are traced for any batch and length, but the one with
`keras.ops.scan`, which takes fixed shapes alone. Lengths of the rows lie between half and all of the time axis. The
contenders take turns; medians count.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import keras
import numpy as np
import tensorflow as tf

from suite.recurrent import recurrent_stack
from suite.sequence.crf import CRF

Likelihood = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in {"rounds": 15, "batch": 32, "features": 100, "units": 100}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    for name, defaults in {"times": [10, 25, 50], "tags": [9, 33]}.items():
        parser.add_argument(f"--{name}", type=int, nargs="+", default=defaults)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = []
    for tags in options.tags:
        for length in options.times:
            for part in ("step", "crf"):
                seconds = measure(contenders(part, length, tags, options), options.rounds)
                rates = {name: options.batch / value for name, value in seconds.items()}
                ratio = rates["suite"] / max(rate for name, rate in rates.items() if name != "suite")
                rows.append({"part": part, "tags": tags, "time": length, "sentences_per_second": rates, "ratio": ratio})
                if not options.json:
                    words = "  ".join(f"{name} {rate:,.0f}/s" for name, rate in rates.items())
                    print(f"{part:5s}{tags:3d} tags {length:3d} steps  {words}  ratio {ratio:.2f}", flush=True)
    if options.json:
        print(json.dumps(rows))


def measure(runs: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the median seconds of each, run in turns."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run(), run()
    for _ in range(rounds):
        for name, run in runs.items():
            begin = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - begin)
    return {name: statistics.median(values) for name, values in times.items()}


def contenders(part: str, length: int, tags: int, options: argparse.Namespace) -> dict[str, Callable[[], object]]:
    """Return functions that run one step, or one CRF with its gradients, and wait for it."""
    generator = np.random.default_rng(0)
    lengths = generator.integers(-(-length // 2), length + 1, options.batch)
    lengths[0] = length
    mask = tf.constant(np.arange(length) < lengths[:, None])
    inputs = tf.constant(generator.normal(size=(options.batch, length, options.features)), tf.float32)
    targets = tf.constant(generator.integers(0, tags, (options.batch, length)), tf.int32)
    every = [True] * tags
    runs = {}
    for name in ("suite", "keras_ops_scan", "tf_scan"):
        layer = CRF(every, [every] * tags, every)
        layer.build((None, None, tags))
        likelihood = layer.log_likelihood if name == "suite" else plain_likelihood(name, layer)
        any_length = name != "keras_ops_scan"  # which takes none
        if part == "step":
            model = tagger(name == "suite", tags, options)
            runs[name] = step(model, layer, likelihood, (inputs, mask, targets), any_length)
        else:
            logits = tf.constant(generator.normal(size=(options.batch, length, tags)), tf.float32)
            runs[name] = gradients(layer, likelihood, (logits, mask, targets), any_length)
    return runs


def tagger(ours: bool, tags: int, options: argparse.Namespace) -> keras.Model:
    """Return the model of `[inputs, mask]` that gives logits, of our layers or Keras'."""
    inputs, mask = keras.Input((None, options.features)), keras.Input((None,), dtype="bool")
    if ours:
        hidden = recurrent_stack(inputs, options.units, bidirectional=True, mask=mask)
    else:
        lstm = keras.layers.LSTM(options.units, return_sequences=True)
        hidden = keras.layers.Bidirectional(lstm)(inputs, mask=mask)
    return keras.Model([inputs, mask], keras.layers.Dense(tags)(hidden))


def step(
    model: keras.Model, layer: CRF, likelihood: Likelihood, batch: tuple[tf.Tensor, ...], any_length: bool
) -> Callable[[], np.ndarray]:
    """Return a function that trains on a batch once."""
    optimizer = keras.optimizers.Adam()
    variables = model.trainable_variables + layer.trainable_variables
    optimizer.build(variables)

    @tf.function(input_signature=specifications(batch, any_length))
    def train(inputs: tf.Tensor, mask: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(likelihood(model([inputs, mask], training=True), targets, mask))
        optimizer.apply(tape.gradient(loss, [variable.value for variable in variables]), variables)
        return loss

    return lambda: train(*batch).numpy()


def specifications(batch: tuple[tf.Tensor, ...], any_length: bool) -> list[tf.TensorSpec]:
    """Return what a step is traced for: any batch and length, as a training has them, or these."""
    front = (None, None) if any_length else tuple(batch[1].shape)
    return [tf.TensorSpec((*front, *tensor.shape[2:]), tensor.dtype) for tensor in batch]


def gradients(
    layer: CRF, likelihood: Likelihood, batch: tuple[tf.Tensor, ...], any_length: bool
) -> Callable[[], np.ndarray]:
    """Return a function that computes likelihoods and all of their gradients."""
    sources = [variable.value for variable in layer.trainable_variables]

    @tf.function(input_signature=specifications(batch, any_length))
    def run(logits: tf.Tensor, mask: tf.Tensor, targets: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
        with tf.GradientTape() as tape:
            tape.watch(logits)
            loss = -tf.reduce_mean(likelihood(logits, targets, mask))
        return loss, tape.gradient(loss, [logits, *sources])

    return lambda: run(*batch)[0].numpy()


def plain_likelihood(scan: str, layer: CRF) -> Likelihood:
    """Return the log-likelihood as it is usually written, with the layer's weights."""

    def likelihood(logits: tf.Tensor, targets: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        transitions, start, end = (tf.convert_to_tensor(v) for v in (layer.transitions, layer.start, layer.end))
        real = tf.cast(mask, tf.float32)
        last = tf.reduce_sum(tf.cast(mask, tf.int32), 1) - 1
        score = tf.reduce_sum(tf.gather(logits, targets, batch_dims=2) * real, 1) + tf.gather(start, targets[:, 0])
        pairs = tf.gather_nd(transitions, tf.stack([targets[:, :-1], targets[:, 1:]], -1))
        score += tf.reduce_sum(pairs * real[:, 1:], 1) + tf.gather(end, tf.gather(targets, last, batch_dims=1))

        def advance(before: tf.Tensor, now: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
            emission, counts = now
            after = tf.reduce_logsumexp(before[:, :, None] + transitions, 1) + emission
            return tf.where(counts[:, None], after, before)

        sequences = tf.transpose(logits[:, 1:], (1, 0, 2)), tf.transpose(mask[:, 1:])
        first = start + logits[:, 0]
        if scan == "tf_scan":
            alpha = tf.scan(advance, sequences, first)[-1]
        else:
            alpha, _ = keras.ops.scan(lambda before, now: (advance(before, now),) * 2, first, sequences)
        return score - tf.reduce_logsumexp(alpha + end, 1)

    return likelihood


if __name__ == "__main__":
    main()
