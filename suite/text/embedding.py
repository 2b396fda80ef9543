"""The embedding of hashed words with their character n-grams."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="suite")
class TextEmbedding(keras.layers.Layer):
    """Embeds each token as the sum of the rows of its word and of its character n-grams, all from one table.

    For a token with word row `w` and n-gram rows `g_1 .. g_k` the layer gives `E[w] + E[g_1] + .. + E[g_k]`, divided by
    `1 + k` with `combine="mean"`. A padded step gives zeros, and row 0 of the table is never used.

    Args:
        rows: Rows of the table.
        features: Width of an embedding.
        combine: `"sum"` or `"mean"`.
        initializer: Initializer of the table.

    Call arguments:
        inputs: A dict of int32 tensors: `words (batch, time)`, 0 is padding; optionally `ngrams (batch, count)`, 0 is
            padding, and `ngram_tokens (batch, count)`, the step of each n-gram's token.

    Returns:
        `(batch, time, features)`; its mask is `words != 0`.

    Source: Bojanowski et al. 2017, "Enriching Word Vectors with Subword Information".
    """

    def __init__(self, rows, features, combine="sum", initializer="uniform", **kwargs):
        super().__init__(**kwargs)
        if combine not in ("sum", "mean"):
            raise ValueError(f"`combine` must be 'sum' or 'mean'. Received: combine={combine}")
        self.rows = rows
        self.features = features
        self.combine = combine
        self.initializer = keras.initializers.get(initializer)
        self.supports_masking = True

    def build(self, input_shape):
        self.table = self.add_weight(name="table", shape=(self.rows, self.features), initializer=self.initializer)

    def call(self, inputs):
        words = inputs["words"]
        table = tf.cast(tf.convert_to_tensor(self.table), self.compute_dtype)
        if "ngrams" not in inputs:
            return tf.gather(table, words) * tf.cast(words != 0, table.dtype)[..., tf.newaxis]
        batch, time = tf.unstack(tf.shape(words))
        steps = tf.broadcast_to(tf.range(time), [batch, time])
        ids = tf.concat([words, inputs["ngrams"]], axis=1)
        # One segment more in every row takes the padding.
        step = tf.where(ids != 0, tf.concat([steps, inputs["ngram_tokens"]], axis=1), time)
        segment = tf.reshape(step + tf.range(batch)[:, tf.newaxis] * (time + 1), [-1])
        total = self._sum(tf.gather(table, tf.reshape(ids, [-1])), segment, batch, time)
        if self.combine == "mean":
            counts = self._sum(tf.ones_like(segment, table.dtype)[:, tf.newaxis], segment, batch, time)
            total /= tf.maximum(counts, 1)
        return total

    def _sum(self, values, segment, batch, time):
        width = values.shape[-1]
        summed = tf.math.unsorted_segment_sum(values, segment, batch * (time + 1))
        return tf.reshape(summed, [batch, time + 1, width])[:, :-1]

    def compute_mask(self, inputs, mask=None):
        return inputs["words"] != 0

    def compute_output_shape(self, input_shape):
        return (*input_shape["words"], self.features)

    def get_config(self):
        return {
            **super().get_config(),
            "rows": self.rows,
            "features": self.features,
            "combine": self.combine,
            "initializer": keras.initializers.serialize(self.initializer),
        }
