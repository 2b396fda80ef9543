"""Which frames of a padded batch count; `framing` says how samples become frames."""

from typing import Any

import keras
import tensorflow as tf

from suite.audio.framing import frame_count


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


@keras.saving.register_keras_serializable(package="suite")
class FrameCount(keras.layers.Layer):
    """How many feature frames a clip has: `length`, samples, integers `(batch,)`, to frames, int32 `(batch,)`."""

    def __init__(self, hop_length: int, causal: bool, **options: Any) -> None:
        super().__init__(**options)
        self.hop_length, self.causal = hop_length, causal

    def call(self, length: tf.Tensor) -> tf.Tensor:
        return tf.cast(frame_count(length, self.hop_length, self.causal), tf.int32)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"hop_length": self.hop_length, "causal": self.causal}


@keras.saving.register_keras_serializable(package="suite")
class StepMask(keras.layers.Layer):
    """Which steps are real: `(frames int (batch,), sequence (batch, time, ...))` to boolean `(batch, time)`.

    Args:
        subsampling: Frames that became one step of the sequence; a step is real where its first frame is.
    """

    def __init__(self, subsampling: int = 1, **options: Any) -> None:
        super().__init__(**options)
        self.subsampling = subsampling

    def call(self, frames: tf.Tensor, sequence: tf.Tensor) -> tf.Tensor:
        steps = (frames + self.subsampling - 1) // self.subsampling
        return frame_mask(steps, sequence.shape[1] or tf.shape(sequence)[1])

    def compute_output_spec(self, frames: keras.KerasTensor, sequence: keras.KerasTensor) -> keras.KerasTensor:
        return keras.KerasTensor(sequence.shape[:2], "bool")

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"subsampling": self.subsampling}
