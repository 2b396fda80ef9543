"""A picture as a grid of places, each with the features a learned network sees there."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from suite.recurrent.deployment import current
from suite.vision.layers.feature_memory import FeatureMemory, clip_key, network_key

# Grids of 7,000 pictures, 6 x 6 places of 1,024 features, take 1 GB.
GRIDS = FeatureMemory(2_500_000_000)


@keras.saving.register_keras_serializable(package="suite")
class PictureGrid(keras.layers.Layer):
    """Runs a picture network and averages its maps to a grid of places; while it is not trainable, each picture once.

    The features of a picture are kept in memory, for all models of the process, under a digest of its pixels and of the
    network's weights: all epochs share them, and pixels changed by augmentation or weights changed by fine-tuning never
    meet the features of others.

    Args:
        network: A built `keras.Model` from pixels 0..255, `(batch, height, width, channels)`, to maps
            `(batch, rows, columns, filters)`; its preprocessing is part of it. Its batch normalisation keeps the
            statistics it was learned with.
        grid: Rows and columns of the grid; `rows` and `columns` of the maps are multiples of it.

    Call arguments:
        pictures: `(batch, height, width, channels)`, uint8.

    Returns:
        `(batch, grid * grid, filters)`, the places row by row from the top left.
    """

    def __init__(self, network: keras.Model, grid: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        _, rows, columns, self.features = network.output_shape
        if rows % grid or columns % grid:
            raise ValueError(f"`grid` must divide {rows} rows and {columns} columns of maps. Received: grid={grid}")
        self.network = network
        self.grid = grid

    def build(self, pictures_shape: tuple[int | None, ...]) -> None:
        self.built = True

    def call(self, pictures: tf.Tensor) -> tf.Tensor:
        if current() is not None:
            return self._see(pictures)
        if self.trainable:
            return self._see_repeated_once(pictures)
        features, known, keys = tf.numpy_function(self._recall, [pictures], [tf.float32, tf.bool, tf.uint8])
        features = self._complete(pictures, features, known, keys)
        features = tf.reshape(features, (-1, self.grid**2, self.features))
        return tf.cast(tf.stop_gradient(features), self.compute_dtype)

    def _see(self, pictures: tf.Tensor) -> tf.Tensor:
        maps = self.network(tf.cast(pictures, self.compute_dtype), training=False)
        size = maps.shape[1] // self.grid, maps.shape[2] // self.grid
        maps = tf.nn.avg_pool2d(maps, size, size, "VALID") if size != (1, 1) else maps
        return tf.reshape(maps, (-1, self.grid**2, self.features))

    def _see_repeated_once(self, pictures: tf.Tensor) -> tf.Tensor:
        """See pictures of which equal ones follow one another, as those of several captions do, once each."""
        repeated = tf.reduce_all(pictures[1:] == pictures[:-1], axis=(1, 2, 3))
        first = tf.concat([tf.ones_like(pictures[:1, 0, 0, 0], tf.bool), ~repeated], axis=0)
        return tf.gather(self._see(tf.boolean_mask(pictures, first)), tf.cumsum(tf.cast(first, tf.int32)) - 1)

    def _recall(self, pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return grids, zeros where not known, whether known, and the key of each picture."""
        network = network_key(self.network, f"{self.grid} {self.compute_dtype}")
        return GRIDS.recall([clip_key(network, picture) for picture in pictures], (self.grid**2, self.features))

    def _complete(self, pictures: tf.Tensor, features: tf.Tensor, known: tf.Tensor, keys: tf.Tensor) -> tf.Tensor:
        """See the pictures not known one by one, so that what is seen does not hang on the others of the batch."""

        def complete_one(inputs: tuple[tf.Tensor, ...]) -> tf.Tensor:
            picture, before, is_known, key = inputs

            def see() -> tf.Tensor:
                computed = tf.cast(self._see(picture[tf.newaxis])[0], tf.float32)
                return tf.reshape(tf.numpy_function(GRIDS.remember, [computed, key], tf.float32), computed.shape)

            return tf.cond(is_known, lambda: before, see)

        features = tf.ensure_shape(features, (None, self.grid**2, self.features))
        specification = tf.TensorSpec((self.grid**2, self.features), tf.float32)

        def complete() -> tf.Tensor:
            inputs = (pictures, features, known, keys)
            return tf.map_fn(complete_one, inputs, fn_output_signature=specification, parallel_iterations=1)

        return tf.cond(tf.reduce_all(known), lambda: features, complete)

    def compute_output_spec(self, pictures: keras.KerasTensor) -> keras.KerasTensor:
        return keras.KerasTensor((pictures.shape[0], self.grid**2, self.features), self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        network = keras.saving.serialize_keras_object(self.network)
        return {**super().get_config(), "network": network, "grid": self.grid}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "PictureGrid":
        return cls(keras.saving.deserialize_keras_object(config.pop("network")), **config)
