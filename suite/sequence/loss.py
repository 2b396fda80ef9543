"""The loss of a generator: cross-entropy of each token, padding left out."""

from collections.abc import Callable

import tensorflow as tf

from suite.sequence.vocabulary import PADDING


def token_cross_entropy(label_smoothing: float = 0.0) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """Return the loss of a batch's tokens in nats, a function of `(targets, logits)` whose mean is that of all tokens.

    Targets: int32 `(batch, time)`, -1 where there is none. Logits: `(batch, time, vocabulary)`. With smoothing `s` the
    target has probability `1 - s`, and `s` is spread over the whole vocabulary (Szegedy et al. 2016, section 7).
    """

    def cross_entropy(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        targets = tf.cast(targets, tf.int32)
        counted = tf.cast(targets != PADDING, logits.dtype)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.maximum(targets, 0), logits)
        if label_smoothing:
            spread = tf.reduce_logsumexp(logits, -1) - tf.reduce_mean(logits, -1)
            losses = (1 - label_smoothing) * losses + label_smoothing * spread
        # Keras takes the mean over all places; padding must not make it smaller.
        share = tf.cast(tf.size(counted), counted.dtype) / tf.maximum(tf.reduce_sum(counted), 1)
        return losses * counted * share

    return cross_entropy
