"""Attentions: weights, masks, shapes."""

import keras
import numpy as np
import pytest

from suite.recurrent import AdditiveAttention, AttentionPooling, DotAttention

MASK = np.array([[True, True, False, False], [False] * 4, [True, False, True, True]])
LAYERS = {
    "additive": lambda **kwargs: AdditiveAttention(5, **kwargs),
    "dot": lambda **kwargs: DotAttention("dot", **kwargs),
    "scaled": lambda **kwargs: DotAttention("dot", scale=True, **kwargs),
    "general": lambda **kwargs: DotAttention("general", **kwargs),
}


def check_weights(weights, mask):
    weights = np.asarray(weights, "float64")
    assert np.all(weights[~np.broadcast_to(mask, weights.shape)] == 0)
    np.testing.assert_allclose(weights.sum(-1), np.broadcast_to(mask.any(-1), weights.shape[:-1]), atol=2e-3)


@pytest.mark.parametrize("dtype", ["float32", "mixed_float16"])
@pytest.mark.parametrize("name", LAYERS)
def test_masked_values_have_no_weight(name, dtype):
    random = np.random.default_rng(0)
    layer = LAYERS[name](dtype=dtype)
    values = random.normal(size=(3, 4, 6)).astype("float32")
    query = random.normal(size=(3, 6)).astype("float32")
    context, weights = layer(query, values, mask=MASK)
    assert context.shape == (3, 6)
    check_weights(weights, MASK)
    assert np.all(np.asarray(context)[1] == 0)
    many, many_weights = layer(np.stack([query, -query], 1), values, mask=MASK)
    assert many.shape == (3, 2, 6)
    check_weights(many_weights, MASK[:, None])
    np.testing.assert_allclose(many[:, 0], context, atol=1e-2 if "16" in dtype else 1e-5)


@pytest.mark.parametrize("name", LAYERS)
def test_follows_the_equations(name):
    random = np.random.default_rng(1)
    layer = LAYERS[name]()
    q, x = random.normal(size=(1, 6)).astype("float32"), random.normal(size=(1, 4, 6)).astype("float32")
    context, weights = layer(q, x)
    if name == "additive":
        hidden = np.tanh(q @ layer.query_kernel + x[0] @ layer.key_kernel + layer.bias)
        scores = (hidden @ layer.context)[:, 0]
    else:
        scores = x[0] @ (q @ layer.kernel if name == "general" else q)[0]
        scores = scores / 6**0.5 if name == "scaled" else scores
    expected = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
    np.testing.assert_allclose(weights[0], expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(context[0], expected @ x[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(layer(q, x, keys=layer.keys(x))[0], context, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "mixed_float16", "mixed_bfloat16"])
def test_pooling(dtype):
    layer = AttentionPooling(5, dtype=dtype)
    inputs = np.random.default_rng(0).normal(size=(3, 4, 6)).astype("float32")
    pooled, weights = layer(inputs, mask=MASK)
    assert pooled.shape == (3, 6)
    check_weights(keras.ops.cast(weights, "float32"), MASK) if "bfloat16" not in dtype else None
    assert np.all(np.asarray(keras.ops.cast(pooled, "float32"))[1] == 0)
    assert not np.any(np.isnan(np.asarray(keras.ops.cast(pooled, "float32"))))


def test_the_mask_of_an_embedding_arrives(tmp_path):
    tokens = keras.Input((None,), dtype="int32")
    embedded = keras.layers.Embedding(9, 6, mask_zero=True)(tokens)
    last = keras.layers.LSTM(6)(embedded)
    model = keras.Model(tokens, [*AttentionPooling(3)(embedded), *AdditiveAttention(3)(last, embedded)])
    model.save(tmp_path / "model.keras")
    model = keras.saving.load_model(tmp_path / "model.keras")
    ids = np.array([[1, 2, 0, 0], [3, 4, 5, 0]])
    _, pool_weights, _, weights = model(ids)
    check_weights(pool_weights, ids > 0)
    check_weights(weights, ids > 0)
