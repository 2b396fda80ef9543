"""Motion: the change since the frame before."""

from typing import Any

import keras
import tensorflow as tf

from suite.recurrent.deployment import current


def frames_before(name: str, frames: tf.Tensor) -> tf.Tensor:
    """Return what came before each frame: the first frame has itself before it, so that its change is 0.

    While a stream is traced, the last frame of one chunk is carried to the next.

    Args:
        name: Of the layer that asks, for the names of its state.
        frames: `(batch, time, ...)`, floating point.
    """
    first = frames[:, :1]
    deployment = current()
    if deployment is not None and deployment.streaming:
        shape = (1, 1, *frames.shape[2:])
        last = deployment.carry(f"{name}_last", tf.zeros(shape, frames.dtype))
        begun = deployment.carry(f"{name}_begun", tf.zeros((1, 1), frames.dtype))
        deployment.keep(f"{name}_last", frames[:, -1:])
        deployment.keep(f"{name}_begun", tf.ones_like(begun))
        begun = tf.reshape(begun, (1,) * len(shape))
        first = begun * last + (1 - begun) * first
        if frames.shape[1] == 1:
            return first
    return tf.concat([first, frames[:, :-1]], axis=1)


@keras.saving.register_keras_serializable(package="suite")
class FrameDifferences(keras.layers.Layer):
    """Puts the change since the frame before beside each frame's values, on the last axis.

        y_t = [x_t, scale (x_t - x_{t-1})],  the change of the first frame is 0

    Args:
        scale: Factor of the change, which is smaller than what changes.

    Call arguments:
        inputs: `(batch, time, ..., channels)`.
        mask: `(batch, time)`, boolean; the change of padding is 0.

    Returns:
        `(batch, time, ..., 2 * channels)`.
    """

    def __init__(self, scale: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, inputs: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        change = self.scale * (inputs - frames_before(self.name, inputs))
        counted = tf.cast(mask, inputs.dtype)
        while len(counted.shape) < len(inputs.shape):
            counted = counted[..., tf.newaxis]
        return tf.concat([inputs, counted * change], axis=-1)

    def compute_output_spec(self, inputs: keras.KerasTensor, mask: keras.KerasTensor) -> keras.KerasTensor:
        return keras.KerasTensor((*inputs.shape[:-1], 2 * inputs.shape[-1]), self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "scale": self.scale}
