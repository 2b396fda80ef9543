import keras
import numpy as np
import pytest
import tensorflow as tf

from suite.text import BytesTokenizer, TextEmbedding, encode_texts, pad_encoded

TEXTS = ["a wonderful film", "", "terrible"]


@pytest.mark.parametrize("ngrams", [(), (3, 4)])
def test_a_token_is_its_word_and_the_mean_of_its_ngrams(ngrams):
    encoded = encode_texts(BytesTokenizer(rows=500, ngrams=ngrams), TEXTS)
    layer = TextEmbedding(500, 6)
    found = np.array(layer(pad_encoded(encoded, 5)))
    table = np.array(layer.table)
    assert found.shape == (3, 5, 6)
    for row, item in enumerate(encoded):
        for step in range(5):
            expected = table[item["words"][step]] if step < len(item["words"]) else np.zeros(6)
            grams = item["ngrams"][item["ngram_tokens"] == step] if ngrams else []
            if len(grams):
                expected = expected + table[grams].mean(axis=0)
            np.testing.assert_allclose(found[row, step], expected, rtol=1e-5, atol=1e-6)
    assert np.array_equal(layer.compute_mask(pad_encoded(encoded, 5)), pad_encoded(encoded, 5)["words"] != 0)


def test_the_padding_row_is_never_learned():
    layer = TextEmbedding(50, 4)
    batch = pad_encoded(encode_texts(BytesTokenizer(rows=50), TEXTS), 8)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(batch) ** 2)
    gradient = tf.convert_to_tensor(tape.gradient(loss, layer.table)).numpy()
    assert not gradient[0].any() and gradient.any()


def test_config_round_trip():
    layer = TextEmbedding(50, 4, initializer="zeros")
    again = keras.layers.deserialize(keras.layers.serialize(layer))
    assert again.get_config() == layer.get_config()
