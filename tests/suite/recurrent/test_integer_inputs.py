"""Integers and booleans into the layers: the numbers that Keras' own layers give."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from suite.recurrent import GRU, LSTM, Bidirectional, SimpleRNN, from_keras

PAIRS = {"lstm": (LSTM, keras.layers.LSTM), "gru": (GRU, keras.layers.GRU), "rnn": (SimpleRNN, keras.layers.SimpleRNN)}
COUNTS = np.random.default_rng(0).integers(0, 5, (2, 4, 3))


def pair(name, **options):
    ours, theirs = (layer_class(4, **options) for layer_class in PAIRS[name])
    for layer in (ours, theirs):
        layer.build(COUNTS.shape)
    theirs.set_weights(ours.get_weights())
    return ours, theirs


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8", "bool", "float64", "float16"])
@pytest.mark.parametrize("name", PAIRS)
def test_a_layer_gives_what_keras_gives(name, dtype):
    ours, theirs = pair(name, return_sequences=True, return_state=True)
    inputs = COUNTS.astype(dtype)
    for mine, expected in zip(ours(inputs), theirs(inputs), strict=True):
        assert mine.dtype == expected.dtype
        np.testing.assert_allclose(mine, expected, atol=1e-6)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float64"])
@pytest.mark.parametrize("name", PAIRS)
def test_under_other_policies_too(name, policy):
    ours, theirs = pair(name, dtype=policy)
    mine, expected = ours(COUNTS), theirs(COUNTS)
    assert mine.dtype == expected.dtype
    np.testing.assert_allclose(tf.cast(mine, "float64"), tf.cast(expected, "float64"), atol=2e-2)


@pytest.mark.parametrize("name", PAIRS)
def test_symbolic_and_trained(name):
    """A model with an integer input: dtypes as declared, and the weights learn what Keras' learn."""
    losses = []
    ours, theirs = pair(name)
    for layer in (ours, theirs):
        inputs = keras.Input((4, 3), dtype="int32")
        model = keras.Model(inputs, layer(inputs))
        assert model.output.dtype == model(COUNTS).dtype.name == "float32"
        model.compile(keras.optimizers.SGD(0.5), "mse")
        losses.append(model.fit(COUNTS, np.ones((2, 4)), epochs=3, verbose=0).history["loss"])
    # The last one is near 0: what rounding of outputs near 1 leaves of it is absolute.
    np.testing.assert_allclose(*losses, rtol=1e-5, atol=1e-7)
    assert losses[0][-1] < losses[0][0]


@pytest.mark.parametrize("name", PAIRS)
def test_models_from_keras(name):
    theirs = PAIRS[name][1]
    inputs = keras.Input((None, 3), dtype="int32")
    both = keras.layers.Bidirectional(theirs(4, return_sequences=True))
    model = keras.Model(inputs, theirs(5)(both(inputs)))
    np.testing.assert_allclose(from_keras(model)(COUNTS), model(COUNTS), atol=1e-6)


def test_both_directions_and_whole_number_states():
    ours, theirs = Bidirectional(LSTM(4)), keras.layers.Bidirectional(keras.layers.LSTM(4))
    for layer in (ours, theirs):
        layer.build(COUNTS.shape)
    theirs.set_weights(ours.get_weights())
    states = [np.full((2, 4), value) for value in (1, 0, -1, 2)]
    expected = theirs(COUNTS, initial_state=states)
    np.testing.assert_allclose(ours(COUNTS, initial_state=states), expected, atol=1e-6)


@pytest.mark.parametrize("name", PAIRS)
def test_dropout_of_counts_is_that_of_the_same_floats(name):
    ours, _ = pair(name, dropout=0.5, seed=3)
    outputs = []
    for inputs in (COUNTS, COUNTS.astype("float32")):
        ours.cell.seed_generator.state.assign([3, 0])
        outputs.append(ours(inputs, training=True))
    np.testing.assert_array_equal(*outputs)
