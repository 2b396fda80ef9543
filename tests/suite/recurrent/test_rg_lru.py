"""RGLRU: against its equations in NumPy, padded on either side, numeric gradients, and files without a loop."""

import numpy as np
import pytest
import tensorflow as tf

from suite.recurrent import RGLRU, Bidirectional
from tests.suite.recurrent.files import answer, convert, noise, ops_of

BATCH, TIME, FEATURES, UNITS = 3, 9, 4, 5
LENGTHS = np.array([9, 2, 0])
MASK = np.arange(TIME) < LENGTHS[:, None]


def make(dtype="float32", **options):
    """A built layer with random weights."""
    layer = RGLRU(UNITS, dtype=dtype, return_sequences=True, **options)
    layer.build((BATCH, None, FEATURES))
    random = np.random.default_rng(7)
    layer.set_weights([weight + random.normal(0, 0.3, weight.shape) for weight in layer.get_weights()])
    return layer


def by_hand(layer, sequence):
    """The equations over one sequence `(time, features)`, in NumPy and double precision: outputs, h, convolution."""
    weights = {
        w.path.split("/")[-1]: np.float64(value) for w, value in zip(layer.weights, layer.get_weights(), strict=True)
    }

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    h, seen, outputs = np.zeros(UNITS), [np.zeros(UNITS)] * 3, []
    for x in sequence:
        g, u = np.split(x @ weights["kernel"] + weights["bias"], 2)
        seen.append(u)
        v = (
            sum(k * past for k, past in zip(weights["convolution"], seen[-4:], strict=True))
            + weights["convolution_bias"]
        )
        r, i = np.split(sigmoid(v @ weights["gate_kernel"] + weights["gate_bias"]), 2)
        a = np.exp(-8 * np.log1p(np.exp(weights["rate"])) * r)
        h = a * h + np.sqrt(1 - a * a + 1e-6) * i * v
        gelu = 0.5 * g * (1 + np.tanh(np.sqrt(2 / np.pi) * (g + 0.044715 * g**3)))
        outputs.append((gelu * h) @ weights["output_kernel"] + weights["output_bias"])
    return np.reshape(outputs, (-1, UNITS)), h, np.concatenate(seen[-3:])


def test_equals_the_equations_and_padding_changes_nothing():
    layer, inputs = make(return_state=True), noise(BATCH, TIME, FEATURES)
    outputs, h, convolution = layer(inputs, mask=MASK)
    last = RGLRU.from_config({**layer.get_config(), "return_sequences": False, "return_state": False})
    last.build(inputs.shape)
    last.set_weights(layer.get_weights())
    for row, length in enumerate(LENGTHS):
        expected = by_hand(layer, inputs[row, :length])
        np.testing.assert_allclose(outputs[row, :length], expected[0], atol=1e-5)
        assert not np.any(outputs[row, length:])
        np.testing.assert_allclose(h[row], expected[1], atol=1e-5)
        np.testing.assert_allclose(convolution[row], expected[2], atol=1e-5)
        np.testing.assert_allclose(last(inputs, mask=MASK)[row], expected[0][-1] if length else 0, atol=1e-5)


def test_read_backwards_the_padding_stands_in_front():
    layer = Bidirectional(make())
    inputs = noise(BATCH, TIME, FEATURES)
    outputs = layer(inputs, mask=MASK)
    for row, length in enumerate(LENGTHS[:2]):
        np.testing.assert_allclose(outputs[row, :length], layer(inputs[row : row + 1, :length])[0], atol=1e-5)


def test_goes_on_from_a_state():
    layer, inputs = make(return_state=True), noise(BATCH, TIME, FEATURES)
    whole, *ends = layer(inputs)
    _, *states = layer(inputs[:, :4])
    outputs, *after = layer(inputs[:, 4:], initial_state=states)
    np.testing.assert_allclose(outputs, whole[:, 4:], atol=1e-5)
    for state, end in zip(after, ends, strict=True):
        np.testing.assert_allclose(state, end, atol=1e-5)


def test_gradients_are_numerically_right():
    layer, random = make(dtype="float64"), np.random.default_rng(1)
    weights = [weight.value for weight in layer.trainable_weights]
    points = [tf.constant(random.normal(size=(BATCH, TIME, FEATURES))), *map(tf.identity, weights)]

    def loss(inputs, *values):
        for weight, value in zip(weights, values, strict=True):
            weight.assign(value)
        return tf.reduce_sum(tf.sin(layer(inputs, mask=MASK)))

    with tf.GradientTape() as tape:
        tape.watch(points[0])
        value = tf.reduce_sum(tf.sin(layer(points[0], mask=MASK)))
    exact = tape.gradient(value, [points[0], *weights])
    for index, (point, gradient) in enumerate(zip(points, exact, strict=True)):
        direction = random.normal(size=point.shape)
        up, down = (loss(*points[:index], point + step * direction, *points[index + 1 :]) for step in (1e-6, -1e-6))
        assert float(up - down) / 2e-6 == pytest.approx(float(np.sum(gradient * direction)), rel=1e-5, abs=1e-7)


def test_units_remember_long_at_the_beginning():
    layer = RGLRU(200)
    layer.build((None, None, 3))
    decays = np.exp(-8 * np.log1p(np.exp(layer.rate.numpy())))
    assert 0.899 < decays.min() < 0.92 and 0.98 < decays.max() < 0.9995


def test_a_file_of_fixed_shape_has_no_loop(tmp_path):
    layer, inputs = make(), noise(1, 21, FEATURES)
    mask = np.arange(21)[None] < 15
    content = convert(layer, (21, FEATURES), tmp_path, mask=True)
    np.testing.assert_allclose(
        answer(content, sequences=inputs, mask=mask)["outputs"], layer(inputs, mask=mask), atol=1e-5
    )
    assert "WHILE" not in ops_of(content) and not any(op.startswith("Flex") for op in ops_of(content))


@pytest.mark.parametrize("chunk", [pytest.param(1, marks=pytest.mark.slow), 4])
def test_chunks_of_a_stream_are_the_whole(chunk, tmp_path):
    layer, inputs = make(name="layer"), noise(1, 12, FEATURES)
    content = convert(layer, (chunk, FEATURES), tmp_path, streaming=True)
    assert "WHILE" not in ops_of(content)
    states = {"layer_h": np.zeros((1, UNITS), np.float32), "layer_convolution": np.zeros((1, 3 * UNITS), np.float32)}
    outputs = []
    for begin in range(0, 12, chunk):
        got = answer(content, sequences=inputs[:, begin : begin + chunk], **states)
        outputs.append(got["outputs"])
        states = {name: got[name] for name in states}
    np.testing.assert_allclose(np.concatenate(outputs, 1), layer(inputs), atol=1e-5)
