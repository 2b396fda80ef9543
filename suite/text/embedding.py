"""The embedding of hashed words with their character n-grams."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

FIRST_ROW = 2  # behind padding, and what has no row of its own


@keras.saving.register_keras_serializable(package="suite")
class TextEmbedding(keras.layers.Layer):
    """Embeds each token as its word's row plus the mean of the rows of its character n-grams, all from one table.

    For a token with word row `w` and n-gram rows `g_1 .. g_k` the layer gives `E[w] + (E[g_1] + .. + E[g_k]) / k`, which
    keeps a long word from being drowned by its n-grams. A padded step gives zeros, and row 0 of the table is never used.

    Args:
        rows: Rows of the table.
        features: Width of an embedding.
        initializer: Initializer of the table.
        fixed: Rows that are never learned, those from row 2 on; they are a weight of their own, `vectors`.

    Call arguments:
        inputs: A dict of int32 tensors: `words (batch, time)`, 0 is padding; optionally `ngrams (batch, count)`, 0 is
            padding, and `ngram_tokens (batch, count)`, the step of each n-gram's token.

    Returns:
        `(batch, time, features)`; its mask is `words != 0`.

    Source: after Bojanowski et al. 2017, "Enriching Word Vectors with Subword Information", who take one mean of all.
    """

    def __init__(self, rows: int, features: int, initializer: Any = "uniform", fixed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fixed = fixed
        self.rows = rows
        self.features = features
        self.initializer = keras.initializers.get(initializer)
        self.supports_masking = True

    def build(self, input_shape: dict[str, tuple[int | None, ...]]) -> None:
        learned = self.rows - self.fixed
        self.table = self.add_weight(name="table", shape=(learned, self.features), initializer=self.initializer)
        self.vectors = None
        if self.fixed:
            self.vectors = self.add_weight(
                name="vectors", shape=(self.fixed, self.features), initializer="zeros", trainable=False
            )

    def assign_vectors(self, vectors: np.ndarray) -> None:
        """Let the rows from row 2 on begin with these vectors `(words, features)`; fixed rows are all of them."""
        if self.vectors is not None:
            self.vectors.assign(vectors)
        else:
            end = FIRST_ROW + len(vectors)
            self.table.assign(np.concatenate([self.table[:FIRST_ROW], vectors, self.table[end:]]))

    def call(self, inputs: dict[str, tf.Tensor]) -> tf.Tensor:
        words = inputs["words"]
        embedded = self._rows(words) * tf.cast(words != 0, self.compute_dtype)[..., tf.newaxis]
        if "ngrams" not in inputs:
            return embedded
        ngrams = inputs["ngrams"]
        batch, time = tf.unstack(tf.shape(words))
        # One segment more in every row takes the padding.
        step = tf.where(ngrams != 0, inputs["ngram_tokens"], time) + tf.range(batch)[:, tf.newaxis] * (time + 1)
        segment, segments = tf.reshape(step, [-1]), batch * (time + 1)
        total = tf.math.unsorted_segment_sum(self._rows(tf.reshape(ngrams, [-1])), segment, segments)
        count = tf.math.unsorted_segment_sum(tf.ones_like(segment, self.compute_dtype), segment, segments)
        mean = total / tf.maximum(count, 1)[:, tf.newaxis]
        return embedded + tf.reshape(mean, [batch, time + 1, self.features])[:, :-1]

    def _rows(self, ids: tf.Tensor) -> tf.Tensor:
        """Return the rows of these numbers, `(..., features)`."""
        table = tf.cast(tf.convert_to_tensor(self.table), self.compute_dtype)
        if self.vectors is None:
            return tf.gather(table, ids)
        place = ids - FIRST_ROW
        fixed = (place >= 0) & (place < self.fixed)
        learned = tf.gather(table, tf.where(fixed, 0, tf.where(place < 0, ids, ids - self.fixed)))
        vectors = tf.cast(tf.convert_to_tensor(self.vectors), self.compute_dtype)
        return tf.where(fixed[..., tf.newaxis], tf.gather(vectors, tf.where(fixed, place, 0)), learned)

    def compute_mask(self, inputs: dict[str, tf.Tensor], mask: Any = None) -> tf.Tensor:
        return inputs["words"] != 0

    def compute_output_shape(self, input_shape: dict[str, tuple[int | None, ...]]) -> tuple[int | None, ...]:
        return (*input_shape["words"], self.features)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "rows": self.rows,
            "features": self.features,
            "fixed": self.fixed,
            "initializer": keras.initializers.serialize(self.initializer),
        }
