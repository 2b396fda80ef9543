"""The one resize of frames and pictures: reader, training and exported file use this function and no other."""

import numpy as np
import tensorflow as tf


def resize_frames(frames: tf.Tensor, height: int, width: int, keep_aspect: bool = True) -> tf.Tensor:
    """Return frames of another size, rounded to uint8.

    Bilinear with antialiasing, as `tf.image.resize(frames, size, antialias=True)` (equal before rounding to 1e-3), but
    as two matrix products, since TFLite has no op for the antialiased one. With output position `i` of `n` and `m`
    input positions, scale `s = m / n`:

        weight(i, j) = max(0, 1 - |(i + 1/2) s - (j + 1/2)| / max(s, 1)),  each row then divided by its sum

    Args:
        frames: uint8 (or float in 0..255) (batch, height, width, channels); the size may be unknown while tracing.
        height: Of the result, pixels.
        width: Likewise.
        keep_aspect: The whole frame is scaled to fit and stands in the middle, with black bars at two sides (letterbox);
            False stretches it.

    Returns:
        uint8 (batch, `height`, `width`, channels).
    """
    shape = tf.shape(frames)
    rows, columns = tf.cast(shape[1], tf.float32), tf.cast(shape[2], tf.float32)
    inner_height, inner_width = tf.constant(float(height)), tf.constant(float(width))
    if keep_aspect:
        scale = tf.minimum(height / rows, width / columns)
        inner_height, inner_width = tf.maximum(tf.round(rows * scale), 1), tf.maximum(tf.round(columns * scale), 1)
    vertical = _weights(shape[1], rows, height, inner_height)
    horizontal = _weights(shape[2], columns, width, inner_width)
    batch, channels = shape[0], shape[3]
    lines = tf.reshape(tf.cast(frames, tf.float32), (batch, shape[1], shape[2] * channels))
    lines = tf.reshape(tf.matmul(vertical[None], lines), (batch * height, shape[2], channels))
    lines = tf.reshape(tf.transpose(lines, (0, 2, 1)), (batch * height * channels, shape[2]))
    lines = tf.reshape(tf.matmul(lines, horizontal, transpose_b=True), (batch, height, channels, width))
    resized = tf.transpose(lines, (0, 1, 3, 2))
    return tf.cast(tf.round(tf.clip_by_value(resized, 0, 255)), tf.uint8)


def _weights(count: tf.Tensor | int, length: tf.Tensor, size: int, inner: tf.Tensor) -> tf.Tensor:
    """Return the matrix (size, count) of one axis; rows outside the inner picture are zero."""
    scale = length / inner
    place = tf.range(size, dtype=tf.float32) - tf.floor((size - inner) / 2)
    inside = tf.cast((place >= 0) & (place < inner), tf.float32)
    centre = (place + 0.5) * scale
    source = tf.cast(tf.range(count), tf.float32) + 0.5
    weights = tf.nn.relu(1 - tf.abs(centre[:, None] - source[None, :]) / tf.maximum(scale, 1))
    return weights * inside[:, None] / tf.maximum(tf.reduce_sum(weights, axis=1, keepdims=True), 1e-6)


def resize_array(frames: np.ndarray, height: int, width: int, keep_aspect: bool = True) -> np.ndarray:
    """Return `resize_frames` of a NumPy array, as one; frames that have the size already come back as they are."""
    if frames.shape[1:3] == (height, width):
        return frames
    with tf.device("CPU:0"):
        return resize_frames(tf.constant(frames), height, width, keep_aspect).numpy()
