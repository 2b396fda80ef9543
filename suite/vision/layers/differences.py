"""Motion: the change since the frame before."""

import keras
import tensorflow as tf

from suite.recurrent.deployment import current


@keras.saving.register_keras_serializable(package="suite")
class FrameDifferences(keras.layers.Layer):
    """Puts the change since the frame before beside each frame's values, on the last axis.

        y_t = [x_t, scale (x_t - x_{t-1})],  the change of the first frame is 0

    While a stream is traced, the last frame of one chunk is carried to the next.

    Args:
        scale: Factor of the change, which is smaller than what changes.

    Call arguments:
        inputs: `(batch, time, ..., channels)`.
        mask: `(batch, time)`, boolean; the change of padding is 0.

    Returns:
        `(batch, time, ..., 2 * channels)`.
    """

    def __init__(self, scale=1.0, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, inputs, mask):
        before = tf.concat([self._before(inputs), inputs[:, :-1]], axis=1)
        kept = tf.cast(mask, inputs.dtype)
        change = (inputs - before) * tf.reshape(kept, [*_sizes(inputs)[:2], *[1] * (len(inputs.shape) - 2)])
        return tf.concat([inputs, self.scale * change], axis=-1)

    def _before(self, inputs):
        """Return what came before the first frame: itself, or the last frame of the chunk before."""
        deployment = current()
        if deployment is None or not deployment.streaming:
            return inputs[:, :1]
        shape = (1, 1, *inputs.shape[2:])
        last = deployment.carry(f"{self.name}_last", tf.zeros(shape, inputs.dtype))
        begun = deployment.carry(f"{self.name}_begun", tf.zeros((1, 1), inputs.dtype))
        deployment.keep(f"{self.name}_last", inputs[:, -1:])
        deployment.keep(f"{self.name}_begun", tf.ones_like(begun))
        begun = tf.reshape(begun, (1,) * len(shape))
        return begun * last + (1 - begun) * inputs[:, :1]

    def compute_output_spec(self, inputs, mask):
        return keras.KerasTensor((*inputs.shape[:-1], 2 * inputs.shape[-1]), self.compute_dtype)

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}


def _sizes(tensor):
    return [size or tf.shape(tensor)[axis] for axis, size in enumerate(tensor.shape)]
