"""The lowest cosine frequencies of each frame: a front end without anything to learn."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf


@keras.saving.register_keras_serializable(package="suite")
class CosineFrequencies(keras.layers.Layer):
    """The lowest coefficients of the orthonormal two-dimensional cosine transform (DCT-II) of each frame.

        X[k, l] = sum_ij D_H[k, i] D_W[l, j] x[i, j],  D_N[k, n] = sqrt(2 / N) c_k cos(pi (2 n + 1) k / (2 N)),
        c_0 = sqrt(1 / 2), c_k = 1 else

    Args:
        frequencies: Coefficients kept along each axis, at most the frame's size.
        scale: Factor of all coefficients: those of a normalised picture are large.

    Call arguments:
        frames: `(batch, time, height, width, channels)`; height and width are known.

    Returns:
        `(batch, time, frequencies * frequencies * channels)`.

    Source: Ahmed, Natarajan and Rao 1974, "Discrete Cosine Transform".
    """

    # Its sums over a whole frame differ by orders of magnitude between frequencies.
    float_in_int8 = True

    def __init__(self, frequencies: int = 10, scale: float = 0.3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.frequencies = frequencies
        self.scale = scale

    def call(self, frames: tf.Tensor) -> tf.Tensor:
        height, width, channels = frames.shape[2:]
        steps = frames.shape[1] or tf.shape(frames)[1]
        rows = tf.constant(self.scale * cosine_matrix(height, self.frequencies), frames.dtype)
        columns = tf.constant(cosine_matrix(width, self.frequencies), frames.dtype)
        # Plain matrix products of rank 3 are what a phone's runtime is best at.
        flat = tf.reshape(tf.transpose(frames, (0, 1, 4, 2, 3)), (-1, width))
        across = tf.reshape(tf.matmul(flat, columns, transpose_b=True), (-1, height, self.frequencies))
        flat = tf.reshape(tf.transpose(across, (0, 2, 1)), (-1, height))
        transformed = tf.matmul(flat, rows, transpose_b=True)
        return tf.reshape(transformed, (-1, steps, channels * self.frequencies * self.frequencies))

    def compute_output_spec(self, frames: keras.KerasTensor) -> keras.KerasTensor:
        return keras.KerasTensor((*frames.shape[:2], frames.shape[-1] * self.frequencies**2), self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "frequencies": self.frequencies, "scale": self.scale}


def cosine_matrix(size: int, frequencies: int) -> np.ndarray:
    """Return the first rows of the orthonormal DCT-II matrix, float64 `(frequencies, size)`."""
    if not 1 <= frequencies <= size:
        raise ValueError(f"`frequencies` must be 1 to {size}, the size of the axis. Received: {frequencies}")
    angles = np.pi * np.outer(np.arange(frequencies), 2 * np.arange(size) + 1) / (2 * size)
    matrix = np.sqrt(2 / size) * np.cos(angles)
    matrix[0] /= np.sqrt(2)
    return matrix
