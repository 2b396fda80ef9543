"""The embedding of hashed words with their character n-grams."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="suite")
class TextEmbedding(keras.layers.Layer):
    """Embeds each token as its word's row plus the mean of the rows of its character n-grams, all from one table.

    For a token with word row `w` and n-gram rows `g_1 .. g_k` the layer gives `E[w] + (E[g_1] + .. + E[g_k]) / k`, which
    keeps a long word from being drowned by its n-grams. A padded step gives zeros, and row 0 of the table is never used.

    Args:
        rows: Rows of the table.
        features: Width of an embedding.
        initializer: Initializer of the table.

    Call arguments:
        inputs: A dict of int32 tensors: `words (batch, time)`, 0 is padding; optionally `ngrams (batch, count)`, 0 is
            padding, and `ngram_tokens (batch, count)`, the step of each n-gram's token.

    Returns:
        `(batch, time, features)`; its mask is `words != 0`.

    Source: after Bojanowski et al. 2017, "Enriching Word Vectors with Subword Information", who take one mean of all.
    """

    def __init__(self, rows, features, initializer="uniform", **kwargs):
        super().__init__(**kwargs)
        self.rows = rows
        self.features = features
        self.initializer = keras.initializers.get(initializer)
        self.supports_masking = True

    def build(self, input_shape):
        self.table = self.add_weight(name="table", shape=(self.rows, self.features), initializer=self.initializer)

    def call(self, inputs):
        words = inputs["words"]
        table = tf.cast(tf.convert_to_tensor(self.table), self.compute_dtype)
        embedded = tf.gather(table, words) * tf.cast(words != 0, table.dtype)[..., tf.newaxis]
        if "ngrams" not in inputs:
            return embedded
        ngrams = inputs["ngrams"]
        batch, time = tf.unstack(tf.shape(words))
        # One segment more in every row takes the padding.
        step = tf.where(ngrams != 0, inputs["ngram_tokens"], time) + tf.range(batch)[:, tf.newaxis] * (time + 1)
        segment, segments = tf.reshape(step, [-1]), batch * (time + 1)
        total = tf.math.unsorted_segment_sum(tf.gather(table, tf.reshape(ngrams, [-1])), segment, segments)
        count = tf.math.unsorted_segment_sum(tf.ones_like(segment, table.dtype), segment, segments)
        mean = total / tf.maximum(count, 1)[:, tf.newaxis]
        return embedded + tf.reshape(mean, [batch, time + 1, self.features])[:, :-1]

    def compute_mask(self, inputs, mask=None):
        return inputs["words"] != 0

    def compute_output_shape(self, input_shape):
        return (*input_shape["words"], self.features)

    def get_config(self):
        return {
            **super().get_config(),
            "rows": self.rows,
            "features": self.features,
            "initializer": keras.initializers.serialize(self.initializer),
        }
