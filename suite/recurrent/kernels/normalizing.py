"""Layer normalization inside of a loop, over the units of each of several gates, and its gradient."""

import tensorflow as tf


def normalize(total: tf.Tensor, gates: int, epsilon: float) -> tuple[tf.Tensor, tf.Tensor]:
    """`(batch, width)` normalized over each of `gates` equal parts, and their inverse deviations `(batch, gates)`."""
    by_gate = tf.reshape(total, (-1, gates, total.shape[1] // gates))
    centered = by_gate - tf.reduce_mean(by_gate, axis=-1, keepdims=True)
    scale = tf.math.rsqrt(tf.reduce_mean(centered * centered, axis=-1, keepdims=True) + epsilon)
    return tf.reshape(centered * scale, tf.shape(total)), scale[..., 0]


def normalize_back(gradient: tf.Tensor, normal: tf.Tensor, scale: tf.Tensor, gates: int) -> tf.Tensor:
    """The gradient of the sums from that of the normalized sums: s (d - mean(d) - n mean(d n)) for each gate."""
    shape = (-1, gates, gradient.shape[1] // gates)
    d, n = tf.reshape(gradient, shape), tf.reshape(normal, shape)
    along = tf.reduce_mean(d * n, axis=-1, keepdims=True)
    d = scale[..., None] * (d - tf.reduce_mean(d, axis=-1, keepdims=True) - n * along)
    return tf.reshape(d, tf.shape(gradient))
