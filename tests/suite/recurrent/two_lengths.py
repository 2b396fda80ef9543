"""Trains a layer on two lengths in one process, as `python two_lengths.py '[case, ...]'`, and prints what differs from Keras.

A case: `{"layer", "units", "calls", "compiled", "sequences", "mask", "backwards", "dtype", "graph"}`. `calls` is a list of
lists of lengths: those of one list are called one after the other in one function, each from the states of the one before
(a tied encoder and decoder), and the function's gradient is taken.
"""

import json
import sys

import keras
import numpy as np
import tensorflow as tf

from suite.recurrent import GRU, LSTM, SimpleRNN, compilation

PAIRS = {"lstm": (LSTM, keras.layers.LSTM), "gru": (GRU, keras.layers.GRU), "rnn": (SimpleRNN, keras.layers.SimpleRNN)}
BATCH, TIME, FEATURES = 4, 24, 5


def differences(case: dict) -> list[float]:
    """Per call the largest difference of any output or gradient, relative to the largest value of it."""
    options = {
        "return_state": True,
        "return_sequences": case.get("sequences", False),
        "go_backwards": case.get("backwards", False),
        "dtype": case.get("dtype", "float32"),
    }
    ours, theirs = (layer_class(case["units"], **options) for layer_class in PAIRS[case["layer"]])
    random = np.random.default_rng(0)
    inputs = tf.constant(random.normal(size=(BATCH, TIME, FEATURES)), "float32")
    mask = tf.constant(random.random((BATCH, TIME)) < 0.7) if case.get("mask") else None
    for layer in (ours, theirs):
        layer.build(inputs.shape)
    theirs.set_weights(ours.get_weights())
    worst = []
    for lengths in case["calls"]:
        with compilation(case.get("compiled", True)):
            mine = train(ours, inputs, mask, lengths, graph=case.get("graph", True))
        expected = train(theirs, inputs, mask, lengths, graph=True)
        pairs = zip(map(as_array, mine), map(as_array, expected), strict=True)
        worst.append(max(float(abs(one - two).max() / max(abs(two).max(), 1e-3)) for one, two in pairs))
    return worst


def train(layer, inputs, mask, lengths, *, graph):
    """All outputs, and the gradients of the sum of their squares by the inputs and the weights."""

    def step(inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            states, outputs = None, []
            for length in lengths:
                part = None if mask is None else mask[:, :length]
                output, *states = layer(inputs[:, :length], initial_state=states, mask=part, training=True)
                outputs.append(output)
            loss = sum(tf.reduce_sum(tf.cast(output, "float32") ** 2) for output in outputs)
        return outputs, tape.gradient(loss, [inputs, *[weight.value for weight in layer.trainable_weights]])

    return tf.nest.flatten((tf.function(step) if graph else step)(inputs))


def as_array(tensor):
    return np.asarray(tf.cast(tensor, "float64"))


if __name__ == "__main__":
    print("\n" + json.dumps([differences(case) for case in json.loads(sys.argv[1])]))
