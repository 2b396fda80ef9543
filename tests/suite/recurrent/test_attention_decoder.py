"""The attention decoder against `keras.layers.RNN` over a plain cell with the same equations."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from suite.recurrent import AttentionDecoder, compilation

BATCH, TIME, FEATURES, PLACES, WIDTH, UNITS, ATTENTION = 3, 5, 4, 6, 7, 8, 9


class PlainCell(keras.layers.Layer):
    """The decoder's equations for one step; the values stand behind each input."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer
        self.state_size = [UNITS, UNITS][: 2 if layer.cell_name == "lstm" else 1]
        self.output_size = UNITS + WIDTH + PLACES

    def call(self, inputs, states):
        layer, h = self.layer, states[0]
        x, values = inputs[:, :FEATURES], ops.reshape(inputs[:, FEATURES:], (-1, PLACES, WIDTH))
        scorer, cell = layer.attention, layer.cell
        hidden = ops.tanh((h @ scorer.query_kernel)[:, None] + values @ scorer.key_kernel + scorer.bias)
        a = ops.softmax(ops.squeeze(hidden @ scorer.context, -1))
        context = ops.sum(a[..., None] * values, axis=1)
        if layer.gate:
            context *= ops.sigmoid(h @ layer.gate_kernel + layer.gate_bias)
        x = ops.concatenate([x, context], -1) @ cell.kernel
        if layer.cell_name == "lstm":
            i, f, g, o = ops.split(x + h @ cell.recurrent_kernel + cell.bias, 4, axis=-1)
            c = ops.sigmoid(f) * states[1] + ops.sigmoid(i) * ops.tanh(g)
            states = [ops.sigmoid(o) * ops.tanh(c), c]
        else:
            inner = h @ cell.recurrent_kernel + cell.bias[1]
            (xz, xr, xn), (hz, hr, hn) = ops.split(x + cell.bias[0], 3, axis=-1), ops.split(inner, 3, axis=-1)
            z = ops.sigmoid(xz + hz)
            states = [z * h + (1 - z) * ops.tanh(xn + ops.sigmoid(xr + hr) * hn)]
        return ops.concatenate([states[0], context, a], -1), states


def example(seed=0):
    random = np.random.default_rng(seed)
    shapes = (BATCH, TIME, FEATURES), (BATCH, PLACES, WIDTH), (BATCH, UNITS), (BATCH, UNITS)
    inputs, values, *states = (tf.constant(random.normal(size=shape), "float32") for shape in shapes)
    return inputs, values, states


def make(cell, gate, **kwargs):
    keras.utils.set_random_seed(1)
    layer = AttentionDecoder(UNITS, ATTENTION, cell=cell, gate=gate, **kwargs)
    inputs, values, _ = example()
    layer(inputs, values)
    random = np.random.default_rng(2)
    layer.set_weights([weight + random.normal(scale=0.3, size=weight.shape) for weight in layer.get_weights()])
    return layer


def by_keras(layer, inputs, values, states, mask):
    repeated = ops.repeat(ops.reshape(values, (BATCH, 1, -1)), inputs.shape[1], axis=1)
    run = keras.layers.RNN(PlainCell(layer), return_sequences=True, zero_output_for_mask=True)
    found = run(ops.concatenate([inputs, repeated], -1), initial_state=states, mask=mask)
    return found[..., :UNITS], found[..., UNITS : UNITS + WIDTH], found[..., UNITS + WIDTH :]


def outputs_and_gradients(function, layer, inputs, values, states):
    random = np.random.default_rng(3)
    with tf.GradientTape() as tape:
        tape.watch([inputs, values, *states])
        outputs = function()
        loss = sum(tf.reduce_sum(output * random.normal(size=output.shape)) for output in outputs)
    watched = [inputs, values, *states, *(weight.value for weight in layer.trainable_weights)]
    return [*outputs, *tape.gradient(loss, watched)]


MASKS = {
    "none": None,
    "padding": np.arange(TIME) < np.array([[5], [2], [0]]),
    "holes": np.array([[1, 0, 1, 1, 0], [0, 1, 1, 0, 1], [1, 1, 1, 1, 1]], bool),
}


@pytest.mark.parametrize(
    ("cell", "gate", "mask", "compiled"),
    [
        ("lstm", True, "none", True),
        ("lstm", True, "padding", False),
        ("lstm", False, "holes", False),
        ("gru", True, "holes", False),
        ("gru", False, "none", True),
    ],
)
def test_outputs_and_all_gradients_are_those_of_keras_over_a_plain_cell(cell, gate, mask, compiled):
    layer, (inputs, values, states) = make(cell, gate), example()
    states, mask = states[: len(layer.start(values))], MASKS[mask]

    def ours():
        with compilation(compiled):
            return layer(inputs, values, initial_state=states, mask=mask, training=True)

    found = outputs_and_gradients(ours, layer, inputs, values, states)
    expected = outputs_and_gradients(
        lambda: by_keras(layer, inputs, values, states, mask), layer, inputs, values, states
    )
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(("cell", "gate"), [("lstm", True), ("gru", False)])
def test_steps_one_by_one_equal_the_sequence(cell, gate):
    layer, (inputs, values, _) = make(cell, gate), example()
    outputs, contexts, attention = layer(inputs, values)
    state, keys = layer.start(values), layer.keys(values)
    for time in range(TIME):
        output, context, weights, state = layer.step(inputs[:, time], values, keys, state)
        np.testing.assert_allclose(output, outputs[:, time], atol=1e-5)
        np.testing.assert_allclose(context, contexts[:, time], atol=1e-5)
        np.testing.assert_allclose(weights, attention[:, time], atol=1e-5)
    np.testing.assert_allclose(np.sum(attention, -1), 1, atol=1e-5)


def test_shards_unknown_shapes_and_padding_change_nothing():
    layer, (inputs, values, _) = make("lstm", True), example()
    many = [tf.tile(tensor, (8, *[1] * (len(tensor.shape) - 1))) for tensor in (inputs, values)]
    expected = outputs_and_gradients(lambda: layer(*many, training=True), layer, *many, [])

    @tf.function(
        autograph=False, input_signature=[tf.TensorSpec((None, None, FEATURES)), tf.TensorSpec((None, PLACES, WIDTH))]
    )
    def unknown(inputs, values):
        with compilation(True):
            return layer(inputs, values, mask=tf.sequence_mask([TIME] * 24, tf.shape(inputs)[1]), training=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("suite.recurrent.policy.SHARD_FROM", 0)
        patch.setattr("suite.recurrent.policy.cores", lambda: 2)
        longer = lambda: [output[:, :TIME] for output in unknown(tf.pad(many[0], [[0, 0], [0, 4], [0, 0]]), many[1])]  # noqa: E731
        found = outputs_and_gradients(longer, layer, *many, [])
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=5e-5, rtol=1e-4)


def test_gradient_without_training_is_the_same():
    layer, (inputs, values, states) = make("lstm", True), example()
    found = [
        outputs_and_gradients(lambda: layer(inputs, values, states, training=training), layer, inputs, values, states)  # noqa: B023
        for training in (False, True)
    ]
    for once, again in zip(*found, strict=True):
        np.testing.assert_allclose(once, again, atol=1e-6)


def test_second_derivatives_are_refused():
    layer, (inputs, values, _) = make("gru", True), example()
    with tf.GradientTape() as outer:
        outer.watch(inputs)
        with tf.GradientTape() as inner:
            inner.watch(inputs)
            total = tf.reduce_sum(layer(inputs, values)[0] ** 2)
        gradient = inner.gradient(total, inputs)
    with pytest.raises(LookupError, match="first derivatives only"):
        outer.gradient(gradient, inputs)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_saved_and_loaded_in_a_model(tmp_path, cell):
    tokens, values = keras.Input((None,), dtype="int32"), keras.Input((PLACES, WIDTH))
    embedded = keras.layers.Embedding(11, FEATURES, mask_zero=True)(tokens)
    model = keras.Model([tokens, values], AttentionDecoder(UNITS, ATTENTION, cell=cell)(embedded, values))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    words = tf.constant([[3, 4, 5, 0], [6, 0, 0, 0], [1, 2, 3, 4]])
    expected = model([words, example()[1]])
    for mine, theirs in zip(loaded([words, example()[1]]), expected, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)
    assert np.all(expected[0][0, 3] == 0)  # the mask of the embedding arrived
    assert np.any(expected[0][0, 2] != 0)


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "float64"])
def test_other_precisions(dtype):
    layer, (inputs, values, _) = make("lstm", True, dtype=dtype), example()
    plain = make("lstm", True)
    plain.set_weights(layer.get_weights())
    for mine, theirs in zip(layer(inputs, values), plain(inputs, values), strict=True):
        assert keras.backend.standardize_dtype(mine.dtype) == layer.compute_dtype
        np.testing.assert_allclose(ops.cast(mine, "float32"), theirs, atol=0.05 if "16" in dtype else 1e-5)


def test_bad_arguments():
    with pytest.raises(ValueError, match="must be one of lstm, gru"):
        AttentionDecoder(4, 4, cell="rnn")
    with pytest.raises(ValueError, match="places must be known"):
        AttentionDecoder(4, 4)(keras.Input((None, 3)), keras.Input((None, 5)))
