"""How samples become frames, and which frames of a padded batch count.

Two ways of framing:
- centred, as librosa: n_fft // 2 zeros stand on either side; frame t is centred on sample t * hop_length, and N samples
  give 1 + N // hop_length frames.
- causal: n_fft - hop_length zeros stand on the left; frame t ends at sample (t + 1) * hop_length, and N samples give
  ceil(N / hop_length) frames, so that a chunk of k * hop_length samples gives k frames. This is the one that streams.
"""

from typing import Any

import keras
import tensorflow as tf


def frame_count(length: Any, hop_length: int, causal: bool = False) -> Any:
    """Return the number of frames that `length` samples give; integers, arrays and tensors of integers alike."""
    return (length + (hop_length - 1)) // hop_length if causal else 1 + length // hop_length


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
