"""A picture network learned on ImageNet as the eye of a video model."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from suite.recurrent.deployment import current
from suite.vision.layers.differences import frames_before
from suite.vision.layers.feature_memory import FeatureMemory, clip_key, network_key
from suite.vision.layers.frame_wise import FrameWise

KEPT = ("mean", "motion", "both")
MEMORY = FeatureMemory()


@keras.saving.register_keras_serializable(package="suite")
class Backbone(FrameWise):
    """Runs a learned picture network over every frame; while it is not trainable, over each clip once.

    Of the network's maps `m_t` of frame `t`, a frame keeps what is in the picture, what moves most in it, or both:

        mean_t = mean over the picture of m_t
        motion_t = max over the picture of |m_t - m_{t-1}|,  motion_1 = 0

    The features of a clip are kept in memory, for all models of the process, under a digest of its pixels and of the
    network's weights: the epochs of a training and the folds of a cross-validation share them, and pixels changed by
    augmentation or weights changed by fine-tuning never meet the features of others.

    Args:
        network: A built `keras.Model` from pixels 0..255, `(batch, height, width, channels)`, to maps
            `(batch, rows, columns, filters)`; its preprocessing is part of it. Its batch normalisation keeps the
            statistics it was learned with.
        kept: `"mean"`, `"motion"` or `"both"`.

    Call arguments:
        frames: `(batch, time, height, width, channels)`, uint8.
        mask: `(batch, time)`, boolean, True for the first frames of each clip.

    Returns:
        `(batch, time, features)`, `filters` or for both `2 * filters` of them; zeros for padding.
    """

    def __init__(self, network: keras.Model, kept: str = "both", **kwargs: Any) -> None:
        super().__init__(network, **kwargs)
        if kept not in KEPT:
            raise ValueError(f"`kept` must be one of {', '.join(KEPT)}. Received: kept={kept}")
        self.kept = kept

    @property
    def features(self) -> int:
        """Return the number of features of a frame."""
        return self.network.output_shape[-1] * (2 if self.kept == "both" else 1)

    def call(self, frames: tf.Tensor, mask: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        if current() is not None or self.trainable:
            maps = self.see(tf.cast(frames, self.compute_dtype), mask, training=False)
            return self._pool(maps) * tf.cast(mask, self.compute_dtype)[..., tf.newaxis]
        lengths = tf.reduce_sum(tf.cast(mask, tf.int32), axis=1)
        features, known, keys = tf.numpy_function(self._recall, [frames, lengths], [tf.float32, tf.bool, tf.uint8])
        features = tf.cond(
            tf.reduce_all(known), lambda: features, lambda: self._complete(frames, lengths, features, known, keys)
        )
        features = tf.reshape(features, (*tf.unstack(tf.shape(mask)), self.features))
        return tf.cast(tf.stop_gradient(features), self.compute_dtype)

    def _pool(self, maps: tf.Tensor) -> tf.Tensor:
        pooled = [tf.reduce_mean(maps, (2, 3))] if self.kept != "motion" else []
        if self.kept != "mean":
            pooled.append(tf.reduce_max(tf.abs(maps - frames_before(self.name, maps)), (2, 3)))
        return tf.concat(pooled, axis=-1)

    def _recall(self, frames: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return features `(batch, time, features)`, zeros where not known, whether known, and the key of each clip."""
        network = network_key(self.network, f"{self.kept} {self.compute_dtype}")
        keys = [clip_key(network, clip[:length]) for clip, length in zip(frames, lengths, strict=True)]
        return MEMORY.recall(keys, (frames.shape[1], self.features))

    def _complete(
        self, frames: tf.Tensor, lengths: tf.Tensor, remembered: tf.Tensor, known: tf.Tensor, keys: tf.Tensor
    ) -> tf.Tensor:
        """Run the network over the clips not known, one by one (the maps of a whole batch would take gigabytes)."""

        def see_clip(clip: tf.Tensor, length: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
            maps = self.network(tf.cast(clip[:length], self.compute_dtype), training=False)
            computed = tf.cast(self._pool(maps[tf.newaxis])[0], tf.float32)
            computed = tf.numpy_function(MEMORY.remember, [computed, key], tf.float32)
            return tf.pad(tf.reshape(computed, (length, self.features)), [[0, tf.shape(clip)[0] - length], [0, 0]])

        def complete_clip(inputs: tuple[tf.Tensor, ...]) -> tf.Tensor:
            clip, length, before, is_known, key = inputs
            return tf.cond(is_known, lambda: before, lambda: see_clip(clip, length, key))

        features = tf.TensorSpec((None, self.features), tf.float32)
        clips = (frames, lengths, remembered, known, keys)
        return tf.map_fn(complete_clip, clips, fn_output_signature=features, parallel_iterations=1)

    def compute_output_spec(
        self, frames: keras.KerasTensor, mask: keras.KerasTensor, training: bool | None = None
    ) -> keras.KerasTensor:
        return keras.KerasTensor((*frames.shape[:2], self.features), self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "kept": self.kept}
