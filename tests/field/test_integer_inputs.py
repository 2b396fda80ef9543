"""Inputs that are not floating-point numbers (counts, pixels, flags), and layers of another precision than their inputs.

The kind: a layer that computes in the dtype of what it is handed rounds its own results to whole numbers, or fails, where
Keras' layers cast. Every public layer is handed the same numbers in five dtypes under three policies; what it gives for
floats is the oracle, and its results have the layer's `compute_dtype`.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf

from suite.recurrent import (
    GRU,
    LSTM,
    RGLRU,
    RNN,
    AdditiveAttention,
    AttentionDecoder,
    AttentionPooling,
    Bidirectional,
    CompactLSTM,
    DotAttention,
    LastPooling,
    LayerNormLSTMCell,
    MaxMeanPooling,
    MinGRU,
    MinLSTM,
    SimpleRNN,
    ZoneoutCell,
)

COUNTS = np.random.default_rng(0).integers(0, 2, (2, 4, 3))
MASK = np.array([[True, True, True, False], [True, True, False, False]])


def masked(layer):
    return lambda inputs: layer(inputs, mask=MASK)


def attending(make):
    def build(policy):
        layer = make(policy)
        return lambda inputs: layer(inputs, inputs)

    return build


def stepping(make):
    def build(policy):
        layer = make(policy)
        layer.build(COUNTS.shape)
        return lambda inputs: layer.step(inputs[:, 0], layer.start(2))[0]

    return build


def decoding(cell):
    """One step of a decoder, and the whole of it."""

    def build(policy):
        layer = AttentionDecoder(4, 3, cell=cell, dtype=policy)
        layer.build(COUNTS.shape, COUNTS.shape)

        def run(inputs):
            step = layer.step(inputs[:, 0], inputs, layer.keys(inputs), layer.start(inputs))[:3]
            return [*step, *layer(inputs, inputs)]

        return run

    return build


LAYERS = {
    "bidirectional": lambda policy: Bidirectional(GRU(4, dtype=policy), dtype=policy),
    "min_gru": lambda policy: MinGRU(4, dtype=policy),
    "min_lstm": lambda policy: MinLSTM(4, dtype=policy),
    "rg_lru": lambda policy: RGLRU(4, dtype=policy),
    "compact": lambda policy: CompactLSTM(4, projection=3, layer_norm=True, dtype=policy),
    "layer_norm": lambda policy: RNN(LayerNormLSTMCell(4, dtype=policy), dtype=policy),
    "zoneout": lambda policy: RNN(ZoneoutCell(keras.layers.GRUCell(4, dtype=policy), dtype=policy), dtype=policy),
    "attention_pooling": lambda policy: AttentionPooling(dtype=policy),
    "max_mean": lambda policy: masked(MaxMeanPooling(dtype=policy)),
    "last": lambda policy: masked(LastPooling(True, dtype=policy)),
    "additive": attending(lambda policy: AdditiveAttention(4, dtype=policy)),
    "dot": attending(lambda policy: DotAttention("dot", dtype=policy)),
    "general": attending(lambda policy: DotAttention("general", scale=True, dtype=policy)),
    "decoder_lstm": decoding("lstm"),
    "decoder_gru": decoding("gru"),
    "step_lstm": stepping(lambda policy: LSTM(4, dtype=policy)),
    "step_gru": stepping(lambda policy: GRU(4, dtype=policy)),
    "step_simple": stepping(lambda policy: SimpleRNN(4, dtype=policy)),
    "step_min_gru": stepping(lambda policy: MinGRU(4, dtype=policy)),
    "step_min_lstm": stepping(lambda policy: MinLSTM(4, dtype=policy)),
    "step_rg_lru": stepping(lambda policy: RGLRU(4, dtype=policy)),
    "step_compact": stepping(lambda policy: CompactLSTM(4, projection=3, layer_norm=True, dtype=policy)),
    "step_layer_norm": stepping(lambda policy: RNN(LayerNormLSTMCell(4, dtype=policy), dtype=policy)),
}


@pytest.mark.parametrize("policy", ["float32", "float64", "mixed_float16"])
@pytest.mark.parametrize("name", LAYERS)
def test_counts_and_flags_are_the_floats_of_their_value(name, policy):
    layer = LAYERS[name](policy)
    expected = keras.tree.flatten(layer(COUNTS.astype("float32")))
    dtypes = {keras.backend.standardize_dtype(tensor.dtype) for tensor in expected}
    assert dtypes == {keras.DTypePolicy(policy).compute_dtype}
    for dtype in ("float64", "int64", "uint8", "bool"):
        for mine, other in zip(keras.tree.flatten(layer(COUNTS.astype(dtype))), expected, strict=True):
            assert mine.dtype == other.dtype
            np.testing.assert_array_equal(tf.cast(mine, "float64"), tf.cast(other, "float64"), err_msg=dtype)


def test_dropout_of_a_minimal_layer():
    layer = MinGRU(4, dropout=0.5, seed=1)
    layer.build(COUNTS.shape)
    outputs = []
    for inputs in (COUNTS, COUNTS.astype("float32")):
        layer.seed_generator.state.assign([1, 0])
        outputs.append(layer(inputs, training=True))
    np.testing.assert_array_equal(*outputs)
