"""The CTC loss, of true lengths, fast on a CPU."""

import functools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from suite.decoding.greedy import frames_needed

if TYPE_CHECKING:
    import tensorflow as tf

__all__ = ["ctc_loss", "ctc_loss_and_gradient", "frames_needed"]


def ctc_loss(
    labels: "tf.Tensor", label_length: "tf.Tensor", logits: "tf.Tensor", logit_length: "tf.Tensor"
) -> "tf.Tensor":
    """Return the negative log-likelihood of each target, summed over all of its alignments.

    Frames past `logit_length` and labels past `label_length` change neither the loss nor any gradient. A target that
    does not fit its frames (`frames_needed`) has no alignment: its loss is 0 and it has no gradient, so that one such
    example does not destroy a training; readers of data name such examples beforehand.

    Source: Graves et al. 2006, "Connectionist Temporal Classification", equations 6-15.

    Args:
        labels: Integers `(batch, labels)`, symbols 1 to symbols - 1; what lies past the length is not looked at.
        label_length: Integers `(batch,)`: labels that count; may be 0.
        logits: Floats `(batch, frames, symbols)` before the softmax (log-probabilities do as well); symbol 0 is the
            blank. Half precision is computed in float32.
        logit_length: Integers `(batch,)`: frames that count.

    Returns:
        float32 `(batch,)`, nats.
    """
    import tensorflow as tf

    arguments = [
        tf.cast(labels, tf.int32),
        tf.cast(label_length, tf.int32),
        tf.cast(logits, tf.float32),
        tf.cast(logit_length, tf.int32),
    ]

    @tf.custom_gradient
    def loss_of(logits: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        inputs = [*arguments[:2], logits, arguments[3]]
        loss, gradient = tf.numpy_function(ctc_loss_and_gradient, inputs, (tf.float32, tf.float32), stateful=False)
        loss.set_shape(logits.shape[:1])
        gradient.set_shape(logits.shape)
        return loss, lambda upstream: upstream[:, None, None] * gradient

    return loss_of(arguments[2])


def ctc_loss_and_gradient(
    labels: np.ndarray, label_length: np.ndarray, logits: np.ndarray, logit_length: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return what `ctc_loss` does, of arrays and without TensorFlow, and the gradients; rows are shared out among threads.

    Args:
        labels, label_length, logit_length: int32, as for `ctc_loss`.
        logits: float32, as for `ctc_loss`.

    Returns:
        float32 `(batch,)`, nats, and float32 `(batch, frames, symbols)`.
    """
    from suite.decoding.ctc_kernel import forward_backward

    _check(labels, label_length, logits, logit_length)
    # Copies: what TensorFlow lends may be read-only, which numba would compile for again.
    arrays = [np.array(values) for values in (labels, label_length, logits, logit_length)]
    losses, gradients = np.empty(len(logits), np.float32), np.zeros(logits.shape, np.float32)
    workers = min(_threads()._max_workers, len(logits))
    jobs = [_threads().submit(forward_backward, *arrays, first, workers, losses, gradients) for first in range(workers)]
    for job in jobs:
        job.result()
    return losses, gradients


@functools.cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count())


def _check(labels: np.ndarray, label_length: np.ndarray, logits: np.ndarray, logit_length: np.ndarray) -> None:
    """Raise where the compiled loops would read past the end of an array."""
    _, frames, symbols = logits.shape
    if np.any((logit_length < 0) | (logit_length > frames)):
        raise ValueError(f"`logit_length` must be at most the {frames} frames. Received: logit_length={logit_length}")
    if np.any((label_length < 0) | (label_length > labels.shape[1])):
        raise ValueError(f"`label_length` must be at most {labels.shape[1]}. Received: label_length={label_length}")
    counts = np.arange(labels.shape[1]) < label_length[:, None]
    if np.any(counts & ((labels < 1) | (labels >= symbols))):
        raise ValueError(f"`labels` must be from 1 to {symbols - 1}. Received: labels={labels[counts]}")
