"""A step repeated over time: one form for XLA, one for everything else."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import tensorflow as tf
from tensorflow.compiler.tf2xla.ops import gen_xla_ops

Tensors: TypeAlias = tuple[tf.Tensor, ...]
Prepare: TypeAlias = Callable[[list[tf.Tensor]], list[tf.Tensor]]
Step: TypeAlias = Callable[[list[tf.Tensor], Tensors], tuple[Tensors, Tensors]]

# Steps prepared at once by the compiled form: enough for a good matrix product, few enough to stay in the cache.
CHUNK = 8


def scan(
    prepare: Prepare,
    step: Step,
    states: Sequence[tf.Tensor],
    sequences: Sequence[tf.Tensor],
    widths: Sequence[int],
    *,
    compiled: bool,
    length: tf.Tensor | None = None,
    reverse: bool = False,
) -> tuple[Tensors, Tensors]:
    """Carries `states` through time and collects what each step gives.

    Args:
        prepare: `sequences -> sequences`, what does not depend on the states, for any number of steps at once. The
            compiled form calls it for a few steps at a time, so that its results never leave the cache.
        step: `(slices, states) -> (states, outputs)`; `slices` holds one `(batch, features)` tensor per prepared
            sequence.
        states: Tuple of tensors `(batch, units)`.
        sequences: Tuple of tensors `(batch, time, features)`, all of one length.
        widths: Features of each output of `step`; outputs have the dtype of the first state.
        compiled: Whether the loop is being traced for XLA.
        length: Number of steps to run, an integer tensor; the rest of the sequences is left out. None runs all.
        reverse: Whether time runs backwards. Outputs stand at the time they belong to either way.

    Returns:
        `(states, outputs)`: the states after the last step, and a tuple of `(batch, time, width)` tensors.
    """
    run = _compiled if compiled else _portable
    return run(prepare, step, tuple(states), tuple(sequences), tuple(widths), length, reverse)


def product(sequence: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """`(batch, time, features) x (features, width)` as one plain matrix product."""
    batch, time = _static_or_dynamic(sequence)
    return tf.reshape(tf.matmul(flat(sequence), kernel), (batch, time, kernel.shape[-1]))


def flat(sequence: tf.Tensor) -> tf.Tensor:
    """`(batch, time, features)` as the rows of one matrix."""
    return tf.reshape(sequence, (-1, sequence.shape[-1]))


def _compiled(
    prepare: Prepare,
    step: Step,
    states: Tensors,
    sequences: Tensors,
    widths: tuple[int, ...],
    length: tf.Tensor | None,
    reverse: bool,
) -> tuple[Tensors, Tensors]:
    # Batch-major all through: XLA updates the output buffers in place, so nothing is ever transposed.
    batch, time = _static_or_dynamic(sequences[0])
    buffers = tuple(tf.zeros((batch, time, width), states[0].dtype) for width in widths)
    steps = time if length is None else length
    chunk = tf.minimum(CHUNK, time) if tf.is_tensor(time) else min(CHUNK, time)

    def outer(count, states, buffers):
        # The chunk at the end is moved back where it would reach beyond the sequences.
        start = tf.maximum(steps - count - chunk, 0) if reverse else tf.minimum(count, time - chunk)
        prepared = prepare([_steps(sequence, start, chunk) for sequence in sequences])
        until = tf.minimum(count + chunk, steps)

        def inner(count, states, buffers):
            now = steps - 1 - count if reverse else count
            states, outputs = step([tf.squeeze(_steps(sequence, now - start, 1), 1) for sequence in prepared], states)
            # The op writes into the buffer where a TensorArray's write would copy it at each step.
            buffers = tuple(
                gen_xla_ops.xla_dynamic_update_slice(buffer, output[:, None], [0, now, 0])
                for buffer, output in zip(buffers, outputs, strict=True)
            )
            return count + 1, tuple(states), buffers

        return tf.while_loop(lambda count, *_: count < until, inner, (count, states, buffers))

    _, states, buffers = tf.while_loop(lambda count, *_: count < steps, outer, (tf.constant(0), states, buffers))
    return states, buffers


def _steps(sequence: tf.Tensor, start: tf.Tensor | int, count: tf.Tensor | int) -> tf.Tensor:
    """`count` steps of `(batch, time, features)`, from the step `start` on.

    Where a plain slice begins is a constant to XLA: backwards in time, where it hangs on the length, that compiled the loop
    for every length anew.
    """
    batch, _ = _static_or_dynamic(sequence)
    return gen_xla_ops.xla_dynamic_slice(sequence, [0, start, 0], [batch, count, sequence.shape[2]])


def _portable(
    prepare: Prepare,
    step: Step,
    states: Tensors,
    sequences: Tensors,
    widths: tuple[int, ...],
    length: tf.Tensor | None,
    reverse: bool,
) -> tuple[Tensors, Tensors]:
    # Nothing is padded for its own sake here: steps that do not count are cut off beforehand.
    if length is not None:
        sequences = tuple(sequence[:, :length] for sequence in sequences)
    _, time = _static_or_dynamic(sequences[0])
    # Time first, so that a step is one contiguous block; everything that no state enters is computed before the loop.
    read = [
        tf.TensorArray(sequence.dtype, size=time, element_shape=sequence.shape[:1] + sequence.shape[2:]).unstack(
            tf.transpose(sequence, [1, 0, 2])
        )
        for sequence in prepare(list(sequences))
    ]
    write = tuple(
        tf.TensorArray(states[0].dtype, size=time, element_shape=(states[0].shape[0], width)) for width in widths
    )

    def body(count, states, write):
        now = time - 1 - count if reverse else count
        states, outputs = step([array.read(now) for array in read], states)
        return count + 1, tuple(states), tuple(a.write(now, o) for a, o in zip(write, outputs, strict=True))

    _, states, write = tf.while_loop(
        lambda count, *_: count < time,
        body,
        (tf.constant(0), states, write),
        parallel_iterations=1,
        maximum_iterations=time,
    )
    return states, tuple(tf.transpose(array.stack(), [1, 0, 2]) for array in write)


def _static_or_dynamic(sequence: tf.Tensor) -> tuple[int | tf.Tensor, int | tf.Tensor]:
    """Batch and length of `(batch, time, features)`: numbers where known, tensors otherwise."""
    dynamic = tf.shape(sequence)
    return tuple(dynamic[i] if sequence.shape[i] is None else sequence.shape[i] for i in (0, 1))
