"""Brightness, contrast and what stands still in a clip, taken out."""

from typing import Any

import keras
import tensorflow as tf

MODES = ("pixels", "frame", "clip", "position")


@keras.saving.register_keras_serializable(package="suite")
class ClipNormalisation(keras.layers.Layer):
    """Normalises the frames of a clip; padding counts for nothing and comes out as zeros.

    For pixels `x` in 0..255 the modes give

        pixels      x / 127.5 - 1
        frame       (x - mean of the frame) / (deviation of the frame + 1)
        clip        (x - mean of the clip) / (deviation of the clip + 1)
        position    d / (deviation of d in the clip + 1) with d = x - mean over time at this place and channel:
                    what stands still (a face, a room) is gone, what moves stays

    `clip` and `position` need the whole clip before they know the first frame; the others can stream.

    Args:
        mode: One of the above.

    Call arguments:
        frames: `(batch, time, height, width, channels)`, uint8 or floating point in 0..255.
        mask: `(batch, time)`, boolean, True where a frame counts.

    Returns:
        `(batch, time, height, width, channels)`, floating point.
    """

    # Sums over a whole clip, and quotients of them, are no matter for 8 bits.
    float_in_int8 = True

    def __init__(self, mode: str = "clip", **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)
        if mode not in MODES:
            raise ValueError(f"`mode` must be one of {', '.join(MODES)}. Received: mode={mode}")
        self.mode = mode

    def call(self, frames: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        working = "float64" if self.compute_dtype == "float64" else "float32"
        pixels = tf.cast(frames, working)
        counted = tf.cast(mask, working)[:, :, tf.newaxis, tf.newaxis, tf.newaxis]
        if self.mode == "pixels":
            normal = pixels / 127.5 - 1
        elif self.mode == "frame":
            normal = _standardised(pixels, 1.0, (2, 3, 4))
        elif self.mode == "clip":
            normal = _standardised(pixels, counted, (1, 2, 3, 4))
        else:
            normal = pixels - _mean(pixels, counted, (1,))
            normal = normal / (tf.sqrt(_mean(tf.square(normal), counted, (1, 2, 3, 4))) + 1)
        return tf.cast(normal * counted, self.compute_dtype)

    def compute_output_spec(self, frames: keras.KerasTensor, mask: keras.KerasTensor) -> keras.KerasTensor:
        return keras.KerasTensor(frames.shape, self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mode": self.mode}


def _standardised(pixels: tf.Tensor, counted: tf.Tensor, axes: Any) -> tf.Tensor:
    centred = pixels - _mean(pixels, counted, axes)
    return centred / (tf.sqrt(_mean(tf.square(centred), counted, axes)) + 1)


def _mean(values: tf.Tensor, counted: tf.Tensor, axes: Any) -> tf.Tensor:
    """Return the mean over axes, weighted by `kept`, with these axes of size 1: first within frames, then over them."""
    within = [axis for axis in axes if axis > 1]
    mean = tf.reduce_mean(values, within, keepdims=True) if within else values
    if 1 not in axes:
        return mean
    return tf.reduce_sum(mean * counted, 1, keepdims=True) / tf.maximum(tf.reduce_sum(counted, 1, keepdims=True), 1)
