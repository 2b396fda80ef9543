"""Kernels with recurrent dropout, zoneout and layer normalization inside: against Keras' loop, NumPy and numeric gradients."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from suite.recurrent import GRU, LSTM, RNN, LayerNormLSTMCell, SimpleRNN, ZoneoutCell, compilation
from suite.recurrent.kernels import layer_norm_lstm
from tests.suite.recurrent.files import noise

BATCH, TIME, FEATURES, UNITS = 3, 9, 4, 5
DROPPED = {
    "lstm": (LSTM, keras.layers.LSTM, {}),
    "gru": (GRU, keras.layers.GRU, {}),
    "gru_reset_before": (GRU, keras.layers.GRU, {"reset_after": False}),
    "simple_rnn": (SimpleRNN, keras.layers.SimpleRNN, {}),
}
CELLS = {
    "lstm": keras.layers.LSTMCell,
    "gru": keras.layers.GRUCell,
    "gru_reset_before": lambda units, **options: keras.layers.GRUCell(units, reset_after=False, **options),
    "simple_rnn": keras.layers.SimpleRNNCell,
    "layer_norm_lstm": LayerNormLSTMCell,
}
COMPILED = [pytest.param(False, id="graph"), pytest.param(True, id="xla", marks=pytest.mark.slow)]
MASK = np.random.default_rng(1).random((BATCH, TIME)) < 0.7


def with_weights(layer):
    """The layer, built, with random weights."""
    layer.build((BATCH, None, FEATURES))
    random = np.random.default_rng(7)
    trainable = layer.trainable_weights
    for weight in trainable:
        weight.assign((weight.path.endswith("gamma")) + random.normal(0, 0.4, weight.shape))
    return layer


def run(layer, inputs, mask, training=True):
    """Outputs, states, and the gradients by inputs and weights of a random sum of them."""
    inputs = tf.constant(inputs)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        results = tf.nest.flatten(layer(inputs, mask=mask, training=training))
        loss = sum(tf.reduce_sum(tf.cast(noise(*r.shape, seed=5), r.dtype) * r) for r in results)
    return [*results, *tape.gradient(loss, [inputs, *[weight.value for weight in layer.trainable_weights]])]


def compare(left, right, tolerance=1e-5):
    for one_result, expected in zip(left, right, strict=True):
        np.testing.assert_allclose(one_result, expected, rtol=tolerance, atol=tolerance)


def slowly(layer, monkeypatch):
    """Let a layer run in Keras' loop."""
    monkeypatch.setattr("suite.recurrent.rnn.is_plain", lambda *_: False)
    return layer


@pytest.mark.parametrize("compiled", COMPILED)
@pytest.mark.parametrize("name", DROPPED)
def test_recurrent_dropout_is_keras_own(name, compiled, monkeypatch):
    monkeypatch.setattr("suite.recurrent.policy.SHARD_FROM", 0)  # in parts: each row has masks of its own
    monkeypatch.setattr("suite.recurrent.policy.ROWS_PER_SHARD", 1)
    monkeypatch.setattr("suite.recurrent.policy.cores", lambda: 2)
    ours, theirs, options = DROPPED[name]
    options = {**options, "recurrent_dropout": 0.4, "return_sequences": True, "return_state": True}
    fast, slow = (with_weights(cls(UNITS, seed=3, zero_output_for_mask=True, **options)) for cls in (ours, theirs))
    monkeypatch.setattr(keras.layers.RNN, "inner_loop", refuse_ours(keras.layers.RNN.inner_loop))
    with compilation(compiled):
        first = run(fast, noise(BATCH, TIME, FEATURES), MASK)
        compare(first, run(slow, noise(BATCH, TIME, FEATURES), MASK))
        again = run(fast, noise(BATCH, TIME, FEATURES), MASK)
        assert np.any(np.asarray(first[0]) != np.asarray(again[0]))  # drawn anew for the next batch
        compare(
            run(fast, noise(BATCH, TIME, FEATURES), MASK, False), run(slow, noise(BATCH, TIME, FEATURES), MASK, False)
        )


def refuse_ours(keras_loop):
    """Keras' loop, which fails where one of our layers falls back to it."""

    def loop(self, *arguments, **options):
        assert not type(self).__module__.startswith("suite."), "a kernel should have run"
        return keras_loop(self, *arguments, **options)

    return loop


@pytest.mark.parametrize("compiled", COMPILED)
def test_the_layer_normalized_kernel_is_the_cell(compiled, monkeypatch):
    layer = with_weights(RNN(LayerNormLSTMCell(UNITS), return_sequences=True, return_state=True))
    inputs = noise(BATCH, TIME, FEATURES)
    with monkeypatch.context() as patch, compilation(compiled):
        patch.setattr(keras.layers.RNN, "inner_loop", None)
        fast = [run(layer, inputs, mask, training) for mask in (None, MASK) for training in (False, True)]
    slow = slowly(layer, monkeypatch)
    for left, (mask, training) in zip(fast, [(None, False), (None, True), (MASK, False), (MASK, True)], strict=True):
        compare(left, run(slow, inputs, mask, training), 2e-5)
    assert RNN(LayerNormLSTMCell(UNITS, epsilon=1e-5)).cell.kernel_form(inputs, True) is None
    assert LayerNormLSTMCell(UNITS).epsilon == layer_norm_lstm.EPSILON


@pytest.mark.parametrize("name", CELLS)
def test_zoneout_mixes_states_as_the_cell_does(name, monkeypatch):
    """In inference both take the same mean; with draws that say "all" and "none" the kernel takes new and old values."""
    layer = with_weights(RNN(ZoneoutCell(CELLS[name](UNITS), 0.3, 2), return_sequences=True, return_state=True))
    inputs = noise(BATCH, TIME, FEATURES)
    plain = RNN(layer.cell.cell, return_sequences=True, return_state=True)
    draws = [lambda shape, rate, seed, dtype, value=value: tf.fill(shape, tf.cast(value, dtype)) for value in (1, 0)]
    results = []
    for draw in draws:
        monkeypatch.setattr("suite.recurrent.random_states.draw", draw)
        results.append(run(layer, inputs, MASK))
    mean = run(layer, inputs, MASK, False)
    slowly(layer, monkeypatch)
    compare(results[0], run(plain, inputs, MASK), 2e-5)
    assert not any(np.any(result) for result in results[1])
    compare(mean, run(layer, inputs, MASK, False), 2e-5)


@pytest.mark.parametrize("compiled", COMPILED)
@pytest.mark.parametrize("name", CELLS)
def test_gradients_of_drawn_states_are_numerically_right(name, compiled, monkeypatch):
    layer = with_weights(
        RNN(ZoneoutCell(CELLS[name](UNITS, dtype="float64"), 0.3), return_sequences=True, dtype="float64")
    )
    random, drawn = np.random.default_rng(3), {}

    def draw(shape, rate, seed, dtype):
        index = len(drawn) % len(layer.cell.rates)
        return tf.constant(np.random.default_rng(index).random([int(size) for size in shape]) >= rate, dtype)

    monkeypatch.setattr("suite.recurrent.random_states.draw", draw)
    weights = [weight.value for weight in layer.trainable_weights]
    points = [tf.constant(random.normal(size=(BATCH, TIME, FEATURES))), *map(tf.identity, weights)]

    def loss(inputs, *values):
        for weight, value in zip(weights, values, strict=True):
            weight.assign(value)
        return tf.reduce_sum(tf.sin(layer(inputs, mask=MASK, training=True)))

    with compilation(compiled):
        with tf.GradientTape() as tape:
            tape.watch(points[0])
            value = tf.reduce_sum(tf.sin(layer(points[0], mask=MASK, training=True)))
        exact = tape.gradient(value, [points[0], *weights])
        for index, (point, gradient) in enumerate(zip(points, exact, strict=True)):
            direction = random.normal(size=point.shape)
            ends = (loss(*points[:index], point + step * direction, *points[index + 1 :]) for step in (1e-6, -1e-6))
            up, down = ends
            assert float(up - down) / 2e-6 == pytest.approx(float(np.sum(gradient * direction)), rel=1e-5, abs=1e-7)


def test_zoneout_by_hand_in_numpy(monkeypatch):
    """An LSTM whose units are drawn at each step, each state by itself."""
    layer = with_weights(RNN(ZoneoutCell(keras.layers.LSTMCell(UNITS), [0.5, 0.2]), return_sequences=True))
    shares = [np.random.default_rng(seed).random((BATCH, TIME, UNITS)) >= 0.4 for seed in (1, 2)]
    queue = iter(shares)
    monkeypatch.setattr(
        "suite.recurrent.random_states.draw", lambda shape, rate, seed, dtype: tf.constant(next(queue), dtype)
    )
    inputs = noise(BATCH, TIME, FEATURES)
    outputs = layer(inputs, training=True)
    kernel, recurrent, bias = map(np.float64, layer.cell.cell.get_weights())
    h, c = np.zeros((BATCH, UNITS)), np.zeros((BATCH, UNITS))
    for step in range(TIME):
        i, f, g, o = np.split(inputs[:, step] @ kernel + bias + h @ recurrent, 4, axis=-1)
        i, f, g, o = 1 / (1 + np.exp(-i)), 1 / (1 + np.exp(-f)), np.tanh(g), 1 / (1 + np.exp(-o))
        new_c = f * c + i * g
        new_h = o * np.tanh(new_c)
        h, c = np.where(shares[0][:, step], new_h, h), np.where(shares[1][:, step], new_c, c)
        np.testing.assert_allclose(outputs[:, step], h, atol=1e-5)
