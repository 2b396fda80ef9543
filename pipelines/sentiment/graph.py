"""The graphs of a trained model's signatures; `export` describes them, and needs no TensorFlow to do so."""

from typing import TYPE_CHECKING

import keras
import tensorflow as tf

from pipelines.sentiment.config import Settings
from suite.answers.class_model import with_attention
from suite.recurrent import deployment
from suite.signature import Graph
from suite.text import BytesTokenizer

if TYPE_CHECKING:
    from suite.text.wordpiece_tokenizer import WordpieceTokenizer


def of_bytes(model: keras.Model, tokenizer: BytesTokenizer, settings: Settings) -> Graph:
    """Return `classify`: uint8 `(batch, bytes)` to probabilities and attention."""
    network = with_attention(model)

    def classify(text: tf.Tensor) -> dict[str, tf.Tensor]:
        traced = deployment.current()
        if traced is None or not traced.fixed:
            return network(tokenizer(text), training=False)
        # Between letters and punctuation every byte may begin a token.
        steps = text.shape[1] if traced.streaming else min(text.shape[1], settings.max_tokens)
        tokens = tokenizer(text, time=steps)
        if traced.streaming:
            tokens = _first_tokens(tokens, settings.max_tokens, traced)
        return network(tokens, training=False)

    return classify


def of_text(model: keras.Model, tokenizer: "WordpieceTokenizer") -> Graph:
    """Return `classify_text`: normalized strings `(batch,)` to probabilities and attention."""
    network = with_attention(model)

    def classify_text(text: tf.Tensor) -> dict[str, tf.Tensor]:
        pieces = tokenizer.split(text) if deployment.current() is None else tokenizer.split_one(text)
        return network(pieces, training=False)

    return classify_text


def of_pieces(model: keras.Model) -> Graph:
    """Return `classify_tokens`: int32 `(batch, pieces)` to probabilities and attention."""
    network = with_attention(model)

    def classify_tokens(tokens: tf.Tensor) -> dict[str, tf.Tensor]:
        ends = tf.where(tokens != 0, tf.range(1, tf.shape(tokens)[1] + 1), 0)
        tokens = deployment.cut_padding(tokens, tf.reduce_max(ends, axis=1))
        return network({"words": tokens}, training=False)

    return classify_tokens


def _first_tokens(tokens: dict[str, tf.Tensor], limit: int, traced: deployment.Deployment) -> dict[str, tf.Tensor]:
    """Blank the tokens of a chunk that come after the first `limit` of the whole text, as training cut it."""
    tokens_before = traced.carry("tokens", tf.zeros((1, 1), tf.int32))
    words = tokens["words"]
    place = tokens_before + tf.range(words.shape[1])[tf.newaxis]
    traced.keep("tokens", tokens_before + tf.reduce_sum(tf.cast(words != 0, tf.int32), axis=1, keepdims=True))
    return tokens | {"words": tf.where(place < limit, words, 0)}
