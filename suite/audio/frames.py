"""Which frames of a padded batch count; `framing` says how samples become frames."""

from typing import Any

import keras
import tensorflow as tf


def frame_mask(frames: tf.Tensor, time: tf.Tensor) -> tf.Tensor:
    """Return `(batch, time)`, boolean: which of `time` steps come before the end, `frames (batch,)` integers."""
    return tf.range(time, dtype=tf.int32)[tf.newaxis] < tf.cast(frames, tf.int32)[:, tf.newaxis]


class FloatLayer(keras.layers.Layer):
    """A layer that never computes in 16 bits, nor in 8."""

    float_in_int8 = True

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)


def keep_frames(features: tf.Tensor, valid: tf.Tensor) -> tf.Tensor:
    """Return `features` with zeros where `valid (batch, frames)` is False."""
    return tf.where(valid[..., tf.newaxis], features, tf.zeros_like(features))
