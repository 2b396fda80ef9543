"""The one resize of frames and pictures, for readers (`resize_array`) and in a graph (`resize_frames`)."""

import sys
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf


def resize_frames(frames: "tf.Tensor", height: int, width: int, keep_aspect: bool = True) -> "tf.Tensor":
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
    import tensorflow as tf

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


def _weights(count: "tf.Tensor", length: "tf.Tensor", size: int, inner: "tf.Tensor") -> "tf.Tensor":
    """Return the matrix (size, count) of one axis; rows outside the inner picture are zero."""
    import tensorflow as tf

    scale = length / inner
    place = tf.range(size, dtype=tf.float32) - tf.floor((size - inner) / 2)
    inside = tf.cast((place >= 0) & (place < inner), tf.float32)
    centre = (place + 0.5) * scale
    source = tf.cast(tf.range(count), tf.float32) + 0.5
    weights = tf.nn.relu(1 - tf.abs(centre[:, None] - source[None, :]) / tf.maximum(scale, 1))
    return weights * inside[:, None] / tf.maximum(tf.reduce_sum(weights, axis=1, keepdims=True), 1e-6)


def resize_array(frames: np.ndarray, height: int, width: int, keep_aspect: bool = True) -> np.ndarray:
    """Return frames in memory of another size, by the rule of `resize_frames`.

    Frames that have the size already come back as they are. Where TensorFlow is at work it computes them, so that training
    sees the very numbers that the graph of an exported file makes; where an exported file answers without it, NumPy does.

    Args:
        frames: uint8 (batch, height, width, channels).
        height, width, keep_aspect: As for `resize_frames`.
    """
    if frames.shape[1:3] == (height, width):
        return frames
    if "tensorflow" not in sys.modules:
        return resize_with_numpy(frames, height, width, keep_aspect)
    import tensorflow as tf

    with tf.device("CPU:0"):
        return resize_frames(tf.constant(frames), height, width, keep_aspect).numpy()


def resize_with_numpy(frames: np.ndarray, height: int, width: int, keep_aspect: bool = True) -> np.ndarray:
    """Return what `resize_frames` does, from NumPy alone.

    The sums are taken in another order than in a graph, so that halves may round the other way.

    Args:
        frames: uint8 (batch, height, width, channels).
        height, width, keep_aspect: As for `resize_frames`.
    """
    _, rows, columns, channels = frames.shape
    inner_height, inner_width = np.float32(height), np.float32(width)
    if keep_aspect:
        scale = min(inner_height / np.float32(rows), inner_width / np.float32(columns))
        inner_height, inner_width = (max(np.round(np.float32(side) * scale), np.float32(1)) for side in (rows, columns))
    vertical, horizontal = _taps(rows, height, inner_height), _taps(columns, width, inner_width)
    resized = np.empty((len(frames), height, width, channels), np.uint8)
    for frame, pixels in zip(frames, resized, strict=True):
        lines = _weighted(frame.reshape(rows, columns * channels), *vertical).reshape(height, columns, channels)
        turned = _weighted(lines.transpose(1, 0, 2).reshape(columns, height * channels), *horizontal)
        pixels[:] = np.round(np.clip(turned, 0, 255)).reshape(width, height, channels).transpose(1, 0, 2)
    return resized


def _weighted(lines: np.ndarray, sources: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return float32 (size, columns): row i is the sum over t of `weights[i, t] * lines[sources[i, t]]`."""
    total = np.zeros((len(sources), lines.shape[1]), np.float32)
    # Not a matrix product: most of that would be zeros, and libraries add in orders of their own.
    for source, weight in zip(sources.T, weights.T, strict=True):
        total += weight[:, None] * lines[source]
    return total


def _taps(count: int, size: int, inner: np.float32) -> tuple[np.ndarray, np.ndarray]:
    """Return which lines of one axis make up each of the result, and their weights: both (size, taps)."""
    scale = np.float32(count) / inner
    reach = max(scale, np.float32(1))
    place = np.arange(size, dtype=np.float32) - np.floor((np.float32(size) - inner) / 2)
    inside = (place >= 0) & (place < inner)
    center = (place + np.float32(0.5)) * scale
    sources = np.floor(center - reach)[:, None].astype(np.int64) + np.arange(int(2 * reach) + 2)
    weights = np.maximum(1 - np.abs(center[:, None] - (sources.astype(np.float32) + np.float32(0.5))) / reach, 0)
    weights *= inside[:, None] & (sources >= 0) & (sources < count)
    weights /= np.maximum(weights.sum(axis=1, keepdims=True), np.float32(1e-6))
    return np.clip(sources, 0, count - 1), weights.astype(np.float32)
