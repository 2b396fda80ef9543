"""Draws and statistics of a whole batch in a worker that computes some of its rows."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import tensorflow as tf


@dataclass(frozen=True)
class Rows:
    """Rows `start` to `start + count` of `total`, int32 scalars: those that this worker computes."""

    start: tf.Tensor
    count: tf.Tensor
    total: tf.Tensor


@contextmanager
def of_whole_batch(model: keras.Model, rows: Rows) -> Iterator[None]:
    """Make what is traced in the block draw and normalize as if it had the whole batch.

    1. Random numbers (dropout, noise, masks) are drawn for all rows, from the same seed in each worker, which takes its
       own. The axis of rows is the first one of the shape that is not known when the step is traced.
    2. A batch normalization takes mean and variance over the rows of all workers.

    Layers draw by TensorFlow's public functions, which are exchanged for the time being, in this thread alone: a model's
    layers stay what they are, in one worker and in its saved file.
    """
    thread, originals = threading.get_ident(), (tf.random.stateless_uniform, tf.random.stateless_normal)
    dropout = tf.nn.experimental.stateless_dropout

    def in_thread(function: Callable[..., Any], original: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *values, **named: (function if threading.get_ident() == thread else original)(*values, **named)

    layers = [layer for layer in model._flatten_layers() if isinstance(layer, keras.layers.BatchNormalization)]
    try:
        tf.random.stateless_uniform, tf.random.stateless_normal = (
            in_thread(partial(_draw, original, rows), original) for original in originals
        )
        tf.nn.experimental.stateless_dropout = in_thread(partial(_dropout, originals[0], rows), dropout)
        for layer in layers:
            layer._moments = partial(_moments, layer)
        yield
    finally:
        tf.random.stateless_uniform, tf.random.stateless_normal = originals
        tf.nn.experimental.stateless_dropout = dropout
        for layer in layers:
            del layer._moments


def _draw(
    original: Callable[..., tf.Tensor], rows: Rows, shape: Any, seed: Any, *values: Any, **named: Any
) -> tf.Tensor:
    """Return this worker's rows of what `original` draws for the whole batch."""
    sizes = _sizes(shape)
    axis = next((axis for axis, size in enumerate(sizes) if not isinstance(size, int)), None)
    if axis is None:
        return original(shape, seed, *values, **named)
    is_rows = tf.equal(sizes[axis], rows.count)  # something else than rows is drawn as it is
    start = tf.where(is_rows, rows.start, 0)
    drawn = original(
        [*sizes[:axis], tf.where(is_rows, rows.total, sizes[axis]), *sizes[axis + 1 :]], seed, *values, **named
    )
    return drawn[(slice(None),) * axis + (slice(start, start + sizes[axis]),)]


def _sizes(shape: Any) -> list[Any]:
    """Return the sizes of a shape: integers where they are known, int32 scalars where they are not."""
    if isinstance(shape, tf.Tensor):
        known = tf.get_static_value(shape, partial=True)
        if known is None:
            return [tf.cast(size, tf.int32) for size in tf.unstack(shape)]
        return [tf.cast(shape[axis], tf.int32) if size is None else int(size) for axis, size in enumerate(known)]
    sizes: Sequence[Any] = shape
    return [size if isinstance(size, int) else _sizes(tf.reshape(size, [1]))[0] for size in sizes]


def _dropout(
    uniform: Callable[..., tf.Tensor], rows: Rows, x: tf.Tensor, rate: float, seed: Any, noise_shape: Any = None
) -> tf.Tensor:
    """Return what `tf.nn.experimental.stateless_dropout` does, but for what is drawn."""
    drawn = _draw(uniform, rows, tf.shape(x) if noise_shape is None else noise_shape, seed, dtype=x.dtype)
    return tf.where(drawn >= rate, x * tf.cast(1 / (1 - rate), x.dtype), tf.zeros((), x.dtype))


@tf.custom_gradient
def _over_workers(tensor: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    """Return the sum of a tensor over all workers; each one's gradient is the sum of what reaches the results."""
    # TensorFlow's own gradient of this wants to be run where the forward pass was; ours is run in another call.
    return _sum_here(tensor), _sum_here


def _sum_here(tensor: tf.Tensor) -> tf.Tensor:
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, tf.identity(tensor))


def _moments(
    layer: keras.layers.BatchNormalization, inputs: tf.Tensor, mask: tf.Tensor | None
) -> tuple[tf.Tensor, tf.Tensor]:
    """Return mean and variance of each feature over the rows of all workers, of places that a mask counts.

    In two passes, as in one worker: the mean first, then the squared differences from it.
    """
    axes = layer._reduction_axes
    counted = tf.ones_like(inputs[..., :1]) if mask is None else tf.cast(mask, inputs.dtype)[..., tf.newaxis]
    count = _over_workers(tf.reduce_sum(counted)) + (0.0 if mask is None else keras.config.epsilon())
    mean = _over_workers(tf.reduce_sum(inputs * counted, axes)) / count
    differences = (
        tf.square(inputs - tf.stop_gradient(mean)) * counted
    )  # as TensorFlow does: by the mean it changes nothing
    return mean, _over_workers(tf.reduce_sum(differences, axes)) / count
