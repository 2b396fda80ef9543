"""Convolutions over the frames of a recording that padding and chunks leave alone."""

from typing import Any

import keras
import tensorflow as tf

from suite.recurrent import deployment


@keras.saving.register_keras_serializable(package="suite")
class TimeConvolution(keras.layers.Conv2D):
    """A convolution over time and features whose output does not depend on padding, nor on how the input is cut in chunks.

    Output step j looks at the input frames around j * stride (`kernel_size // 2` to both sides), or with `causal` at that
    frame and the `kernel_size - 1` before it; there are `ceil(frames / stride)` steps. Frames that the mask leaves out count as
    zeros, and so do their outputs. In the `streaming` deployment a causal layer carries the last `kernel_size - 1` frames.

    Args:
        filters: Channels of the output.
        kernel_size: Frames, and features, that one output sees; odd.
        stride: Frames per output step. Features are always halved.
        causal: Whether no later frame counts.

    Call arguments:
        frames: `(batch, time, features, channels)`.
        mask: Boolean `(batch, time)`.

    Returns:
        `(batch, ceil(time / stride), ceil(features / 2), filters)`.
    """

    def __init__(self, filters: int, kernel_size: int, stride: int = 1, causal: bool = False, **options: Any) -> None:
        options = {"activation": "relu", "padding": "valid", "kernel_initializer": "he_normal"} | options
        super().__init__(filters, kernel_size, strides=(stride, 2), **options)
        self.stride, self.causal = stride, causal

    def build(self, frames_shape: tuple[int | None, ...], mask_shape: tuple[int | None, ...] | None = None) -> None:
        batch, time, features, channels = frames_shape
        # Padded as `call` pads them: fewer features than the kernel sees are enough.
        super().build((batch, time, features + 2 * (self.kernel_size[1] // 2), channels))

    def call(self, frames: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        frames *= tf.cast(mask, frames.dtype)[:, :, tf.newaxis, tf.newaxis]
        size = self.kernel_size[0]
        side = size // 2
        before = size - 1 if self.causal else side
        traced = deployment.current()
        if traced is not None and traced.streaming:
            tail = tf.zeros((1, before, *frames.shape[2:]), frames.dtype)
            frames = tf.concat([traced.carry(self.name, tail), frames], axis=1)
            traced.keep(self.name, frames[:, -before:] if before else tail)
            pad = [0, 0]
        else:
            pad = [before, size - 1 - before]
        outputs = super().call(tf.pad(frames, [[0, 0], pad, [side, side], [0, 0]]))
        return outputs * tf.cast(mask[:, :: self.stride], outputs.dtype)[:, :, tf.newaxis, tf.newaxis]

    def compute_output_spec(self, frames: keras.KerasTensor, mask: keras.KerasTensor) -> keras.KerasTensor:
        def halved(size: int | None, stride: int) -> int | None:
            return None if size is None else -(-size // stride)

        batch, time, features, _ = frames.shape
        shape = (batch, halved(time, self.stride), halved(features, 2), self.filters)
        return keras.KerasTensor(shape, self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        for name in ("kernel_size", "strides", "padding", "dilation_rate", "groups", "data_format"):
            del config[name]
        return config | {"kernel_size": self.kernel_size[0], "stride": self.stride, "causal": self.causal}
