"""Ways to sum up a sequence that have no weights to learn, each saying what every step counted for."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="suite")
class MaxMeanPooling(keras.layers.Layer):
    """The largest value and the mean of each feature over the unmasked steps, concatenated.

    Call arguments:
        inputs: `(batch, time, features)`.
        mask: `(batch, time)`, boolean.

    Returns:
        `(pooled, weights)` of shapes `(batch, 2 * features)` and `(batch, time)`; zeros for a row masked whole.
    """

    def call(self, inputs, mask):
        kept = tf.cast(mask, inputs.dtype)
        count = tf.reduce_sum(kept, axis=1, keepdims=True)
        mean = tf.reduce_sum(inputs * kept[..., tf.newaxis], axis=1) / tf.maximum(count, 1)
        lowest = tf.cast(-3e4, inputs.dtype)
        largest = tf.reduce_max(tf.where(mask[..., tf.newaxis], inputs, lowest), axis=1)
        largest = tf.where(count > 0, largest, tf.zeros_like(largest))
        holds = tf.cast(inputs == largest[:, tf.newaxis], inputs.dtype) * kept[..., tf.newaxis]
        holders = tf.maximum(tf.reduce_sum(holds, axis=1, keepdims=True), 1)
        weights = 0.5 * kept / tf.maximum(count, 1) + 0.5 * tf.reduce_mean(holds / holders, axis=2)
        return tf.concat([largest, mean], axis=-1), weights

    def compute_mask(self, inputs, mask=None):
        return None, None


@keras.saving.register_keras_serializable(package="suite")
class LastPooling(keras.layers.Layer):
    """What a recurrent network keeps at its end, passed on, with the weights that say which steps that is.

    Args:
        bidirectional: Whether the features come from reading in both directions: they then end at the last step and at
            the first.

    Call arguments:
        inputs: `(batch, features)`.
        mask: `(batch, time)`, boolean, padded at the end.

    Returns:
        `(inputs, weights)`, the weights `(batch, time)`: 1 at the last unmasked step, or 0.5 there and 0.5 at the first.
    """

    def __init__(self, bidirectional, **kwargs):
        super().__init__(**kwargs)
        self.bidirectional = bidirectional

    def call(self, inputs, mask):
        kept = tf.cast(mask, self.compute_dtype)
        before = tf.pad(kept, [[0, 0], [1, 0]])[:, :-1]
        after = tf.pad(kept, [[0, 0], [0, 1]])[:, 1:]
        last = kept * (1 - after)
        return inputs, 0.5 * (last + kept * (1 - before)) if self.bidirectional else last

    def compute_mask(self, inputs, mask=None):
        return None, None

    def get_config(self):
        return {**super().get_config(), "bidirectional": self.bidirectional}
