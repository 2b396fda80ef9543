"""Tokens to embeddings and back to logits, with one table where tied."""

from typing import Any

import keras
import tensorflow as tf


# The registered name is that of models saved before.
@keras.saving.register_keras_serializable(package="suite", name="WordEmbedding")
class TokenEmbedding(keras.layers.Layer):
    """Tokens to embeddings, and back to a logit for each token of the vocabulary.

        in:   x = E[token]
        out:  logits = y O^T + b,   O = E where tied

    At first `b` is what Zipf's law says of a vocabulary in order of frequency, `-ln(1 + token)`.

    Args:
        vocabulary_size: Tokens of the vocabulary.
        features: Width of an embedding.
        tied: Whether tokens come out by the embeddings they come in with.

    Call arguments:
        inputs: Tokens, integers `(batch, time)` or `(batch,)`; with `reverse` features `(..., features)`.
        reverse: Whether this is the way back.

    Returns:
        `(..., features)`; with `reverse` logits, float32 `(..., vocabulary_size)`.

    Source: Press and Wolf 2017, "Using the Output Embedding to Improve Language Models"; Inan et al. 2017.
    """

    def __init__(self, vocabulary_size: int, features: int, tied: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.vocabulary_size, self.features, self.tied = vocabulary_size, features, tied

    def build(self, inputs_shape: tuple[int | None, ...]) -> None:
        """Create the table, the one for the way back where it is not tied, and the bias."""
        shape = (self.vocabulary_size, self.features)
        spread = keras.initializers.RandomNormal(stddev=self.features**-0.5)
        self.embeddings = self.add_weight(name="embeddings", shape=shape, initializer=spread)
        self.outputs = self.embeddings
        if not self.tied:
            self.outputs = self.add_weight(name="outputs", shape=shape, initializer="glorot_uniform")
        self.bias = self.add_weight(name="bias", shape=(self.vocabulary_size,), initializer=_zipf)

    def call(self, inputs: tf.Tensor, reverse: bool = False) -> tf.Tensor:
        """Return embeddings of tokens; with `reverse` logits of features."""
        if not reverse:
            return tf.gather(tf.cast(tf.convert_to_tensor(self.embeddings), self.compute_dtype), inputs)
        outputs = tf.cast(tf.convert_to_tensor(self.outputs), self.compute_dtype)
        front = tf.shape(inputs)[:-1]
        rows = tf.reshape(inputs, (-1, self.features))
        logits = tf.cast(tf.matmul(rows, outputs, transpose_b=True), self._logits_dtype)
        logits += tf.cast(self.bias, self._logits_dtype)
        return tf.reshape(logits, tf.concat([front, [self.vocabulary_size]], 0))

    def compute_output_spec(self, inputs: keras.KerasTensor, reverse: bool = False) -> keras.KerasTensor:
        """Return shape and dtype of what `call` returns."""
        if reverse:
            return keras.KerasTensor((*inputs.shape[:-1], self.vocabulary_size), self._logits_dtype)
        return keras.KerasTensor((*inputs.shape, self.features), self.compute_dtype)

    @property
    def _logits_dtype(self) -> str:
        return "float64" if self.compute_dtype == "float64" else "float32"

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        arguments = {"vocabulary_size": self.vocabulary_size, "features": self.features, "tied": self.tied}
        return super().get_config() | arguments

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "TokenEmbedding":
        """Return the layer; models saved before call the size of the vocabulary `words`."""
        config = dict(config)
        if "words" in config:
            config["vocabulary_size"] = config.pop("words")
        return cls(**config)


# Keras finds a layer's weights in a saved model by the name of its class, and models saved before have this one.
TokenEmbedding.__name__ = "WordEmbedding"


def _zipf(shape: tuple[int, ...], dtype: Any = None) -> tf.Tensor:
    return -tf.math.log(1 + tf.range(shape[0], dtype=dtype or tf.float32))
