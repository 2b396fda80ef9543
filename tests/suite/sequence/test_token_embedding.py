"""Tokens in and out by one table; models saved before the layer had its name still find their weights."""

import io
import zipfile

import h5py
import keras
import numpy as np

from suite.sequence.token_embedding import TokenEmbedding


def test_tied_logits_are_products_with_the_embeddings():
    layer = TokenEmbedding(5, 3)
    embedded = layer(np.array([[0, 4]]))
    table, bias = (weight.numpy() for weight in layer.weights)
    np.testing.assert_allclose(embedded[0], table[[0, 4]])
    np.testing.assert_allclose(layer(embedded, reverse=True)[0], table[[0, 4]] @ table.T + bias, rtol=1e-5)


def test_weights_lie_where_models_saved_before_have_them(tmp_path):
    tokens = keras.Input((None,), dtype="int32")
    model = keras.Model(tokens, TokenEmbedding(5, 3, name="words")(tokens))
    model.save(tmp_path / "model.keras")
    with (
        zipfile.ZipFile(tmp_path / "model.keras") as archive,
        h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as weights,
    ):
        assert "word_embedding" in weights["layers"], "Keras names the place by the class"
    again = keras.saving.load_model(tmp_path / "model.keras")
    for mine, theirs in zip(again.weights, model.weights, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_size_called_words_is_read_from_models_saved_before():
    assert TokenEmbedding.from_config({"words": 7, "features": 2, "tied": False}).vocabulary_size == 7
