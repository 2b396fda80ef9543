"""Which frames of a padded clip count."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="suite")
class ClipMask(keras.layers.Layer):
    """Marks the first `length` frames of each clip.

    Call arguments:
        frames: `(batch, time, ...)`; only the number of steps is looked at.
        length: `(batch,)`, int32, frames that count; the rest is padding.

    Returns:
        `(batch, time)`, boolean, True where a frame counts.
    """

    def call(self, frames: tf.Tensor, length: tf.Tensor) -> tf.Tensor:
        return tf.range(tf.shape(frames)[1])[tf.newaxis] < tf.cast(length, tf.int32)[:, tf.newaxis]

    def compute_output_spec(self, frames: keras.KerasTensor, length: keras.KerasTensor) -> keras.KerasTensor:
        return keras.KerasTensor(frames.shape[:2], "bool")
