"""Layers that meet several lengths in one process, and a gradient that comes later than the forward pass it belongs to.

The kind: forward and backward loops are functions traced apart, each for the shapes it happened to meet before; nothing but
what the forward pass saved may tell the backward pass how long the sequences are. Oracles: Keras' own layers, and for the
attention decoder its own single step, repeated and differentiated by TensorFlow. Every test has a width of its own, so that
none of its loops was traced before.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf

from suite.recurrent import GRU, LSTM, AttentionDecoder, Bidirectional, MinGRU, compilation

RANDOM = np.random.default_rng(0)


def series(batch, time, features=5):
    return tf.constant(RANDOM.normal(size=(batch, time, features)), "float32")


def assert_same(mine, expected):
    for one, two in zip(tf.nest.flatten(mine), tf.nest.flatten(expected), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-4)


def same_weights(ours, theirs, features=5):
    for layer in (ours, theirs):
        layer.build((None, None, features))
    theirs.set_weights(ours.get_weights())
    return ours, theirs


@pytest.mark.parametrize(("cell", "lengths"), [("lstm", (5, 2)), pytest.param("gru", (2, 5), marks=pytest.mark.slow)])
def test_attention_decoder(cell, lengths):
    """Two sentences over one picture, in one function: as the decoder's single step gives, one after the other."""
    layer = AttentionDecoder(10 + lengths[0], 3, cell=cell)
    words, values = series(2, 5), series(2, 6, 4)
    layer.build(words.shape, values.shape)
    weights = [weight.value for weight in layer.trainable_weights]

    def stepped(words):
        state, keys, outputs = layer.start(values), layer.keys(values), []
        for time in range(words.shape[1]):
            output, _, _, state = layer.step(words[:, time], values, keys, state)
            outputs.append(output)
        return tf.stack(outputs, axis=1)

    @tf.function
    def train(decode):
        with tf.GradientTape() as tape:
            outputs = [decode(words[:, :length]) for length in lengths]
            loss = sum(tf.reduce_sum(tf.sin(output)) for output in outputs)
        return outputs, tape.gradient(loss, weights)

    with compilation(True):
        mine = train(lambda words: layer(words, values, training=True)[0])
    assert_same(mine, train(stepped))


def test_the_gradient_of_a_pass_made_before_lengths_varied():
    """Forward at 20 steps, both passes at 7 and 9, and only then the gradient of the first."""
    ours, theirs = same_weights(GRU(11, return_sequences=True), keras.layers.GRU(11, return_sequences=True))
    inputs, gradients = series(3, 20), []
    for layer in (ours, theirs):
        weights = [weight.value for weight in layer.trainable_weights]
        with compilation(True), tf.GradientTape() as early:
            loss = tf.reduce_sum(layer(inputs, training=True) ** 2)
        for length in (7, 9):
            with compilation(True), tf.GradientTape() as tape:
                later = tf.reduce_sum(layer(inputs[:, :length], training=True) ** 2)
            gradients.append(tape.gradient(later, weights))
        gradients.append(early.gradient(loss, weights))
    assert_same(gradients[:3], gradients[3:])


def test_a_forecaster_that_reads_and_decodes_with_one_layer():
    """Segments of a series read one way, one step decoded for each segment ahead (batch times segments rows of length 1)."""
    ours, theirs = same_weights(GRU(12, return_state=True), keras.layers.GRU(12, return_state=True))
    inputs, places = series(4, 15), series(3, 1)

    @tf.function
    def train(inputs, layer):
        weights = [weight.value for weight in layer.trainable_weights]
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            _, state = layer(inputs, training=True)
            ahead = tf.tile(places, (4, 1, 1))
            outputs, _ = layer(ahead, initial_state=tf.repeat(state, 3, axis=0), training=True)
            loss = tf.reduce_sum(outputs**2)
        return outputs, tape.gradient(loss, [inputs, *weights])

    with compilation(True):
        mine = train(inputs, ours)
    assert_same(mine, train(inputs, theirs))


@pytest.mark.parametrize("training", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_both_directions(training):
    """Also where the forward pass keeps nothing and the gradient runs it again."""
    make = [Bidirectional(LSTM(13 + training, return_sequences=True))]
    make.append(keras.layers.Bidirectional(keras.layers.LSTM(13 + training, return_sequences=True)))
    ours, theirs = same_weights(*make)
    inputs = series(3, 16)

    @tf.function
    def train(inputs, layer):
        weights = [weight.value for weight in layer.trainable_weights]
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = [layer(inputs[:, :length], training=training) for length in (16, 5)]
            loss = sum(tf.reduce_sum(output**2) for output in outputs)
        return outputs, tape.gradient(loss, [inputs, *weights])

    with compilation(True):
        mine = train(inputs, ours)
    assert_same(mine, train(inputs, theirs))


def test_minimal_layers():
    """The scan over all times at once has one gradient for all lengths: that of the steps one after the other."""
    layer = MinGRU(14, return_sequences=True)
    inputs = series(3, 19)
    layer.build(inputs.shape)
    weights = [weight.value for weight in layer.trainable_weights]

    def stepped(inputs):
        state, outputs = layer.start(3), []
        for time in range(inputs.shape[1]):
            output, state = layer.step(inputs[:, time], state)
            outputs.append(output)
        return tf.stack(outputs, axis=1)

    @tf.function
    def train(run):
        with tf.GradientTape() as tape:
            outputs = [run(inputs[:, :length]) for length in (19, 6)]
            loss = sum(tf.reduce_sum(output**2) for output in outputs)
        return outputs, tape.gradient(loss, weights)

    assert_same(train(lambda inputs: layer(inputs, training=True)), train(stepped))
