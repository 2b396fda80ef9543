"""SpecAugment: masks of time and frequency on features, while training."""

from typing import Any

import keras
import tensorflow as tf

from suite.audio.frames import frame_mask


@keras.saving.register_keras_serializable(package="suite")
class SpecAugment(keras.layers.Layer):
    """Sets random stretches of time and random bands of features to 0, in training only.

    The features should be normalised, so that 0 is their mean. Each mask has a width drawn evenly from 0 to its most,
    and begins anywhere it fits: time masks within the frames that count.

    Args:
        time_masks: Time masks per clip.
        time_mask_frames: Most frames of one.
        frequency_masks: Frequency masks per clip.
        frequency_mask_bins: Most features of one.
        time_mask_fraction: Most of a clip's frames that one time mask may take, so that a short clip is not lost whole.
        seed: Of the masks. None: drawn.

    Call arguments:
        features: `(batch, frames, features)`.
        frames: `(batch,)` integers, the frames that count. None: all.

    Returns:
        As `features`; the same where `training` is not true.

    Source: Park et al. 2019, "SpecAugment", without time warping; `time_mask_fraction` is its p.
    """

    def __init__(
        self,
        time_masks: int = 2,
        time_mask_frames: int = 40,
        frequency_masks: int = 2,
        frequency_mask_bins: int = 15,
        time_mask_fraction: float = 0.2,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        counts = {
            "time_masks": time_masks,
            "time_mask_frames": time_mask_frames,
            "frequency_masks": frequency_masks,
            "frequency_mask_bins": frequency_mask_bins,
        }
        for name, value in counts.items():
            if value < 0:
                raise ValueError(f"`{name}` must not be negative. Received: {name}={value}")
        if not 0 <= time_mask_fraction <= 1:
            raise ValueError(
                f"`time_mask_fraction` must be between 0 and 1. Received: time_mask_fraction={time_mask_fraction}"
            )
        self.time_masks = time_masks
        self.time_mask_frames = time_mask_frames
        self.frequency_masks = frequency_masks
        self.frequency_mask_bins = frequency_mask_bins
        self.time_mask_fraction = time_mask_fraction
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, features: tf.Tensor, frames: tf.Tensor | None = None, training: bool | None = None) -> tf.Tensor:
        if not training:
            return features
        batch, time, bins = tf.shape(features)[0], tf.shape(features)[1], tf.shape(features)[2]
        frames = tf.fill([batch], time) if frames is None else tf.cast(frames, tf.int32)
        widest = tf.cast(tf.cast(frames, tf.float32) * self.time_mask_fraction, tf.int32)
        widest = tf.minimum(widest, self.time_mask_frames)
        unmasked = ~self._masked(self.time_masks, widest, frames, time)[:, :, tf.newaxis]
        bands = tf.fill([batch], bins)
        widest = tf.minimum(bands, self.frequency_mask_bins)
        unmasked &= ~self._masked(self.frequency_masks, widest, bands, bins)[:, tf.newaxis]
        return tf.where(unmasked, features, tf.zeros_like(features))

    def _masked(self, masks: int, widest: tf.Tensor, sizes: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
        """Return `(batch, size)`, boolean: what `masks` masks cover of rows of which `sizes (batch,)` steps count."""
        covered = tf.zeros((tf.shape(sizes)[0], size), tf.bool)
        for _ in range(masks):
            # In float32 whatever the policy: 16 bits do not tell long clips' frames apart.
            drawn = keras.random.uniform((2, tf.shape(sizes)[0]), dtype="float32", seed=self.seed_generator)
            width = _up_to(drawn[0], widest)
            start = _up_to(drawn[1], sizes - width)
            covered |= frame_mask(start + width, size) & ~frame_mask(start, size)
        return covered

    def compute_output_shape(
        self, features_shape: tuple[int | None, ...], frames_shape: tuple[int | None, ...] | None = None
    ) -> tuple[int | None, ...]:
        return features_shape

    def get_config(self) -> dict[str, Any]:
        names = (
            "time_masks",
            "time_mask_frames",
            "frequency_masks",
            "frequency_mask_bins",
            "time_mask_fraction",
            "seed",
        )
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def _up_to(uniform: tf.Tensor, largest: tf.Tensor) -> tf.Tensor:
    """Return integers from 0 to `largest`, both included, from numbers in [0, 1)."""
    return tf.minimum(tf.cast(uniform * tf.cast(largest + 1, tf.float32), tf.int32), largest)
