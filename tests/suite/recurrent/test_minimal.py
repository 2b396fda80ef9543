"""MinGRU and MinLSTM: the parallel form, the one-step form, and the rest of the layer interface."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from suite.recurrent import Bidirectional, MinGRU, MinLSTM
from suite.recurrent.scanning import linear_scan

LAYERS = (MinGRU, MinLSTM)


def step_through(layer, inputs, mask=None):
    state, outputs = layer.start(inputs.shape[0]), []
    for time in range(inputs.shape[1]):
        _, after = layer.step(inputs[:, time], state)
        if mask is not None:
            after = type(after)(tf.where(mask[:, time, None], after.h, state.h))
        state = after
        outputs.append(state.h)
    return np.stack(outputs, 1), state


@pytest.mark.parametrize("time", [1, 2, 8, 9, 64, 65, 700])
@pytest.mark.parametrize("cls", LAYERS)
def test_one_step_form_equals_the_parallel_form(cls, time):
    layer = cls(5, return_sequences=True, return_state=True)
    inputs = tf.random.stateless_normal((3, time, 4), (1, time)) * 3
    outputs, last = layer(inputs)
    expected, state = step_through(layer, inputs)
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(last, state.h, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("cls", LAYERS)
def test_masks_directions_and_states(cls):
    random = np.random.default_rng(0)
    inputs = tf.constant(random.normal(size=(4, 11, 3)), tf.float32)
    mask = tf.constant(random.random((4, 11)) < 0.6)
    layer = cls(5, return_sequences=True)
    np.testing.assert_allclose(layer(inputs, mask=mask), step_through(layer, inputs, mask)[0], rtol=1e-5, atol=1e-5)
    backwards = cls.from_config({**layer.get_config(), "go_backwards": True})
    backwards.build(inputs.shape)
    backwards.set_weights(layer.get_weights())
    np.testing.assert_allclose(backwards(inputs), layer(inputs[:, ::-1]), atol=1e-6)
    middle = layer(inputs[:, :6])[:, -1]
    np.testing.assert_allclose(layer(inputs[:, 6:], initial_state=[middle]), layer(inputs)[:, 6:], rtol=1e-5, atol=1e-5)
    both = Bidirectional(cls(5, return_sequences=True))
    result = both(inputs, mask=mask)
    assert result.shape == (4, 11, 10)
    assert np.all(np.asarray(result)[~np.asarray(mask)] == 0)


@pytest.mark.parametrize("cls", LAYERS)
def test_stateful_goes_on_where_it_stopped(cls):
    inputs = tf.random.stateless_normal((2, 8, 3), (1, 2))
    layer = cls(4, stateful=True)
    first, second = layer(inputs[:, :5]), layer(inputs[:, 5:])
    layer.reset_state()
    np.testing.assert_allclose(layer(inputs), second, rtol=1e-5, atol=1e-5)
    assert np.any(first != second)


@pytest.mark.parametrize("cls", LAYERS)
def test_unknown_length_is_the_same(cls):
    layer = cls(5, return_sequences=True)
    layer.build((None, None, 4))
    call = tf.function(layer, input_signature=[tf.TensorSpec((None, None, 4))])
    for time in (1, 7, 600, 1100):
        inputs = tf.random.stateless_normal((2, time, 4), (1, time))
        np.testing.assert_allclose(call(inputs), layer(inputs), rtol=1e-5, atol=1e-5)


def test_gradients_of_the_scan_first_and_second():
    random = np.random.default_rng(0)
    arguments = [tf.constant(random.uniform(0.2, 0.9, shape)) for shape in ((2, 19, 3), (2, 19, 3), (2, 3))]
    exact, numeric = tf.test.compute_gradient(lambda *a: tf.reduce_sum(tf.sin(linear_scan(*a))), arguments)
    for one, two in zip(exact, numeric, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-6)

    def slope(decay):
        with tf.GradientTape() as tape:
            tape.watch(decay)
            value = tf.reduce_sum(tf.sin(linear_scan(decay, *arguments[1:])))
        return tf.reduce_sum(tape.gradient(value, decay) ** 2)

    (exact,), (numeric,) = tf.test.compute_gradient(slope, arguments[:1])
    np.testing.assert_allclose(exact, numeric, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16", "float64"])
@pytest.mark.parametrize("cls", LAYERS)
def test_saved_and_loaded(cls, dtype, tmp_path):
    inputs = keras.Input((None, 4))
    model = keras.Model(inputs, cls(3, dropout=0.2, kernel_regularizer="l2", dtype=dtype)(inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    batch = tf.random.stateless_normal((2, 6, 4), (1, 2))
    np.testing.assert_array_equal(model(batch), loaded(batch))


def test_no_units_are_refused():
    with pytest.raises(ValueError, match="Received: units=0"):
        MinGRU(0)
