"""Whole models exchange their recurrent layers with Keras and keep their outputs."""

import keras
import numpy as np
import pytest

from suite.recurrent import GRU, LSTM, Bidirectional, SimpleRNN, from_keras, to_keras

layers = keras.layers


def sequential():
    return keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            layers.Embedding(20, 6, mask_zero=True),
            layers.Bidirectional(layers.LSTM(5, return_sequences=True), merge_mode="sum", name="both"),
            layers.GRU(4, return_sequences=True, reset_after=False),
            layers.SimpleRNN(3, go_backwards=True),
            layers.Dense(2),
        ]
    )


def functional():
    tokens = keras.Input((None,), dtype="int32")
    x = layers.Embedding(20, 6, mask_zero=True)(tokens)
    states = layers.LSTM(6, return_state=True)(x)[1:]
    y = layers.LSTM(6, return_sequences=True)(x, initial_state=states)
    backward = layers.LSTM(3, go_backwards=True, return_sequences=True, activation="relu")
    both = layers.Bidirectional(layers.LSTM(3, return_sequences=True), backward_layer=backward)(y)
    return keras.Model(tokens, [layers.GlobalMaxPooling1D()(both), *states])


def nested():
    tokens = keras.Input((None,), dtype="int32")
    inner_in = keras.Input((None, 6))
    inner = keras.Model(inner_in, layers.GRU(6, return_sequences=True)(inner_in), name="inner")
    x = layers.Embedding(20, 6)(tokens)
    return keras.Model(tokens, layers.Dense(3)(inner(inner(x))))


def wrapped():
    pictures = keras.Input((3, None, 4))
    return keras.Model(pictures, layers.TimeDistributed(layers.LSTM(5))(pictures))


def recurrent_types(model):
    found = set()
    for layer in model._flatten_layers():
        if isinstance(layer, (layers.RNN, layers.Bidirectional)):
            found.add(type(layer))
    return found


@pytest.mark.parametrize("make", [sequential, functional, nested, wrapped])
def test_there_and_back(make):
    model = make()
    random = np.random.default_rng(0)
    shape = [d or n for d, n in zip(model.input_shape, (4, 7, 7, 0), strict=False)]
    inputs = random.normal(size=shape) if len(shape) > 2 else random.integers(0, 20, shape)
    expected = keras.tree.flatten(model(inputs))
    ours = from_keras(model)
    assert recurrent_types(ours) <= {LSTM, GRU, SimpleRNN, Bidirectional}
    back = to_keras(ours)
    assert recurrent_types(back) == recurrent_types(model)
    for other in (ours, back):
        assert [layer.name for layer in other.layers] == [layer.name for layer in model.layers]
        for one, two in zip(keras.tree.flatten(other(inputs)), expected, strict=True):
            np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-6)
    ours.set_weights([weight * 0 for weight in ours.get_weights()])
    assert any(np.any(weight) for weight in model.get_weights())


def test_one_layer():
    layer = layers.LSTM(3)
    inputs = np.random.default_rng(0).normal(size=(2, 5, 4))
    expected = layer(inputs)
    ours = from_keras(layer)
    assert type(ours) is LSTM
    np.testing.assert_allclose(ours(inputs), expected, atol=1e-6)


def test_saved_and_loaded(tmp_path):
    ours = from_keras(sequential())
    ours.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert recurrent_types(loaded) == {LSTM, GRU, SimpleRNN, Bidirectional}
    tokens = np.random.default_rng(0).integers(0, 20, (3, 6))
    np.testing.assert_allclose(ours(tokens), loaded(tokens), atol=1e-6)


def test_a_model_of_its_own_class_is_refused():
    class Own(keras.Model):
        pass

    with pytest.raises(ValueError, match="Received: model="):
        from_keras(Own())
