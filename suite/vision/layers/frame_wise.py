"""One network over every frame of a clip, as a plain network of pictures."""

from typing import Any

import keras
import tensorflow as tf

from suite.recurrent.deployment import current


@keras.saving.register_keras_serializable(package="suite")
class FrameWise(keras.layers.Layer):
    """Runs a network of single pictures over every frame: batch and time become one axis, and two again afterwards.

    Outside of an export only the frames that count go through the network: padding costs nothing and does not get into
    the statistics of a batch normalisation. What stands for padding is zeros.

    Args:
        network: A built `keras.Model` from `(batch, height, width, channels)` to `(batch, ...)`.

    Call arguments:
        frames: `(batch, time, height, width, channels)`.
        mask: `(batch, time)`, boolean, True where a frame counts.

    Returns:
        `(batch, time, ...)`, what the network gives for each frame.
    """

    def __init__(self, network: keras.Model, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.network = network

    def build(self, *shapes: tuple[int | None, ...]) -> None:
        self.built = True

    def call(self, frames: tf.Tensor, mask: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        return self.see(frames, mask, training)

    def see(self, frames: tf.Tensor, mask: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Return what the network gives for each frame."""
        shape = self.network.output_shape[1:]
        if current() is not None:
            features = self.network(tf.reshape(frames, (-1, *frames.shape[2:])), training=False)
            return tf.reshape(features, (1, frames.shape[1] or -1, *shape))
        places = tf.where(mask)
        features = self.network(tf.gather_nd(frames, places), training=training)
        whole = tf.scatter_nd(places, features, tf.concat([tf.shape(mask, tf.int64), tf.constant(shape, tf.int64)], 0))
        return tf.reshape(whole, (*tf.unstack(tf.shape(mask)), *shape))

    def compute_output_spec(
        self, frames: keras.KerasTensor, mask: keras.KerasTensor, training: bool | None = None
    ) -> keras.KerasTensor:
        return keras.KerasTensor((*frames.shape[:2], *self.network.output_shape[1:]), self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "network": keras.saving.serialize_keras_object(self.network)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "FrameWise":
        return cls(keras.saving.deserialize_keras_object(config.pop("network")), **config)
