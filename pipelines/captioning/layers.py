"""The layers of the captioning model that only it has: what is learned of a place, the penalty of places never looked at."""

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="suite")
class PlaceEmbedding(keras.layers.Layer):
    """Adds to each place of a grid what is learned of it, so that the decoder knows where it looks.

    `(batch, places, features)` to the same shape; the number of places is known.
    """

    def build(self, values_shape: tuple[int | None, ...]) -> None:
        self.embeddings = self.add_weight(name="embeddings", shape=values_shape[1:], initializer="zeros")

    def call(self, values: tf.Tensor) -> tf.Tensor:
        return values + tf.cast(tf.convert_to_tensor(self.embeddings), values.dtype)


@keras.saving.register_keras_serializable(package="suite")
class LookEverywhere(keras.layers.Layer):
    """Adds to the loss what is missing from every place being looked at once; gives the logits back as they came.

        penalty = weight * mean over pictures of  sum over places l of (1 - sum over words t of a_tl)^2 / words

    Args:
        weight: Of the penalty.

    Call arguments:
        logits: Of any shape.
        attention: `(batch, time, places)`.
        mask: `(batch, time)`, boolean, True where a word counts.

    Source: Xu et al. 2015, "Show, Attend and Tell", equation 14 ("doubly stochastic attention").
    """

    def __init__(self, weight: float, **options: Any) -> None:
        super().__init__(**options)
        self.weight = weight

    def call(self, logits: tf.Tensor, attention: tf.Tensor, mask: tf.Tensor, training: bool = False) -> tf.Tensor:
        if training:
            counted = tf.cast(mask, attention.dtype)
            looked = tf.reduce_sum(attention * counted[..., tf.newaxis], 1)
            missing = tf.reduce_sum(tf.square(1 - looked), 1) / tf.reduce_sum(counted, 1)
            self.add_loss(self.weight * tf.reduce_mean(missing))
        return logits

    def compute_output_spec(
        self, logits: keras.KerasTensor, attention: keras.KerasTensor, mask: keras.KerasTensor, training: bool = False
    ) -> keras.KerasTensor:
        return keras.KerasTensor(logits.shape, logits.dtype)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"weight": self.weight}
