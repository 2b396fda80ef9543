"""The recursions of a CRF as functions of TensorFlow, compiled where that is asked for, one set for each number of tags."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import tensorflow as tf
from tensorflow.compiler.tf2xla.ops import gen_xla_ops

from suite.recurrent.deployment import current
from suite.recurrent.kernels.scan import Prepare, Step, Tensors, scan
from suite.recurrent.kernels.shards import room
from suite.recurrent.policy import compiles_light_loops
from suite.sequence.crf_kernels import (
    Sums,
    logarithmic_pair_counts,
    logarithmic_sums,
    scaled_pair_counts,
    scaled_sums,
)
from suite.sequence.crf_path import best_path


class Form(NamedTuple):
    """How the loops are traced. What a function for each leaves open is batch and time alone.

    Attributes:
        compiled: Whether by XLA.
        tags: Number of tags.
        dtype: Of logits and results.
    """

    compiled: bool
    tags: int
    dtype: tf.DType


def choose_form(logits: tf.Tensor, often: bool) -> Form:
    """Return the form for logits `(batch, time, tags)`; a loss is computed `often`, an answer is not."""
    return Form(compiles_light_loops(often), logits.shape[-1], logits.dtype)


def deployed_loop() -> Callable:
    """Return the loop of the deployment that is being traced, which does what `scan` does."""
    deployment = current()
    return _unrolled if deployment is not None and deployment.form == "unrolled" else _updating


@functools.cache
def sums(form: Form) -> Callable[[tf.Tensor, tf.Tensor, Tensors], tuple[Sums, tf.Tensor]]:
    """Return the function of `(logits, mask, parameters)` that gives the sums, in float64, and whether they are those of
    `scaled_sums`: where these are not exact, they are those of `logarithmic_sums`."""
    scaled = _function(form, functools.partial(scaled_sums, loop=_scan(form.compiled)))
    logarithmic = _function(form, functools.partial(logarithmic_sums, loop=_scan(form.compiled)))

    @tf.function(autograph=False, reduce_retracing=True)
    def run(logits: tf.Tensor, mask: tf.Tensor, parameters: Tensors) -> tuple[Sums, tf.Tensor]:
        pad, length = room(form, logits)
        # In double precision, which costs little for so few numbers, no trained model's scores leave the range.
        arguments = tf.cast(pad(logits), tf.float64), pad(mask), tuple(tf.cast(p, tf.float64) for p in parameters)
        of_probabilities, exact = scaled(*arguments)
        total = tf.cond(exact, lambda: of_probabilities, lambda: logarithmic(*arguments))
        return total._replace(marginals=total.marginals[:, :length]), exact

    return run


@functools.cache
def gradients(form: Form) -> Callable[..., Tensors]:
    """Return the function of `(upstream, sums, exact, tags, mask, parameters)` that gives the gradients of a likelihood by
    logits, transitions, start and end: observed less expected counts, each row by its `upstream` `(batch,)`."""
    logarithmic = _function(form, logarithmic_pair_counts)

    @tf.function(autograph=False, reduce_retracing=True)
    def run(
        upstream: tf.Tensor, total: Sums, exact: tf.Tensor, tags: tf.Tensor, mask: tf.Tensor, parameters: Tensors
    ) -> Tensors:
        lengths = tf.reduce_sum(tf.cast(mask, tf.int32), 1)
        weights = tf.where(lengths > 0, tf.cast(upstream, tf.float64), 0)
        # By the logits: whether the tag is there, less the probability that it is.
        observed = tf.one_hot(tf.where(mask, tags, -1), form.tags, dtype=tf.float64)
        by_logits = weights[:, None, None] * (observed - total.marginals)
        # By a transition: the same over pairs of steps. The room that was made behind the steps has none.
        steps = tf.shape(total.left)[1]
        padding = [[0, 0], [0, steps + 1 - tf.shape(mask)[1]]]
        transitions = tf.cast(parameters[0], tf.float64)
        arguments = total.left, total.right, weights, transitions
        expected = tf.cond(
            exact,
            lambda: scaled_pair_counts(*arguments),
            lambda: logarithmic(*arguments, tf.pad(mask, padding)),
        )
        pairs = tf.where(mask[:, 1:], tags[:, :-1] * form.tags + tags[:, 1:], -1)
        counted = tf.broadcast_to(weights[:, None], tf.shape(pairs))
        counts = tf.math.unsorted_segment_sum(counted, pairs, form.tags**2)
        by_transitions = tf.reshape(counts, (form.tags, form.tags)) - expected
        # Start and end meet the first and the last tag of each row alone.
        last = tf.gather(by_logits, tf.maximum(lengths - 1, 0), axis=1, batch_dims=1)
        results = by_logits, by_transitions, tf.reduce_sum(by_logits[:, 0], 0), tf.reduce_sum(last, 0)
        return tuple(tf.cast(result, form.dtype) for result in results)

    return run


@functools.cache
def path(form: Form) -> Callable[[tf.Tensor, tf.Tensor, Tensors], tf.Tensor]:
    """Return the function of `(logits, mask, parameters)` that gives the best path, int32 `(batch, time)`."""
    best = _function(form, functools.partial(best_path, loop=_scan(form.compiled)))

    @tf.function(autograph=False, reduce_retracing=True)
    def run(logits: tf.Tensor, mask: tf.Tensor, parameters: Tensors) -> tf.Tensor:
        pad, length = room(form, logits)
        return best(pad(logits), pad(mask), parameters)[:, :length]

    return run


def _function(form: Form, function: Callable) -> Callable:
    def plain(*arguments: Any) -> Any:
        return function(*arguments)

    return tf.function(plain, autograph=False, reduce_retracing=True, jit_compile=True if form.compiled else None)


def _scan(compiled: bool) -> Callable:
    return functools.partial(scan, compiled=compiled)


def _updating(
    prepare: Prepare,
    step: Step,
    states: Sequence[tf.Tensor],
    sequences: Sequence[tf.Tensor],
    widths: Sequence[int],
    *,
    reverse: bool = False,
) -> tuple[Tensors, Tensors]:
    """What `scan` does, for a batch of 1. A step is written by an op that TFLite has too, where the converter writes into a
    TensorArray by joining slices of unknown length: where time is static, no shape inside the loop is unknown, and of long
    sequences this takes a third of the time.
    """
    prepared, steps = prepare(list(sequences)), sequences[0].shape[1] or tf.shape(sequences[0])[1]
    buffers = tuple(tf.zeros((1, steps, width), states[0].dtype) for width in widths)

    def body(count: tf.Tensor, states: Tensors, buffers: Tensors) -> tuple[tf.Tensor, Tensors, Tensors]:
        now = steps - 1 - count if reverse else count
        states, outputs = step([tf.gather(sequence, now, axis=1) for sequence in prepared], states)
        buffers = tuple(
            gen_xla_ops.xla_dynamic_update_slice(buffer, output[:, None], [0, now, 0])
            for buffer, output in zip(buffers, outputs, strict=True)
        )
        return count + 1, tuple(states), buffers

    start = tf.constant(0), tuple(states), buffers
    _, final, written = tf.while_loop(lambda count, *_: count < steps, body, start, maximum_iterations=steps)
    return tuple(final), written


def _unrolled(
    prepare: Prepare,
    step: Step,
    states: Sequence[tf.Tensor],
    sequences: Sequence[tf.Tensor],
    widths: Sequence[int],
    *,
    reverse: bool = False,
) -> tuple[Tensors, Tensors]:
    """What `scan` does, step after step without a loop; time is static."""
    prepared, (states, written) = prepare(list(sequences)), (tuple(states), [])
    steps = range(sequences[0].shape[1])
    for time in reversed(steps) if reverse else steps:
        # Slices, not `unstack`: in an int8 file that op is made one of 8 bits whatever is asked for.
        states, outputs = step([sequence[:, time] for sequence in prepared], states)
        written.append(outputs)
    if reverse:
        written.reverse()
    return states, tuple(tf.stack(values, axis=1) for values in zip(*written, strict=True))
