"""A step repeated over time: one form for XLA, one for everything else."""

import tensorflow as tf
from tensorflow.compiler.tf2xla.ops import gen_xla_ops

# Steps prepared at once by the compiled form: enough for a good matrix product, few enough to stay in the cache.
CHUNK = 8


def scan(prepare, step, states, sequences, widths, *, compiled, length=None, reverse=False):
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


def product(sequence, kernel):
    """`(batch, time, features) x (features, width)` as one plain matrix product."""
    batch, time = _static_or_dynamic(sequence)
    return tf.reshape(tf.matmul(flat(sequence), kernel), (batch, time, kernel.shape[-1]))


def flat(sequence):
    """`(batch, time, features)` as the rows of one matrix."""
    return tf.reshape(sequence, (-1, sequence.shape[-1]))


def _compiled(prepare, step, states, sequences, widths, length, reverse):
    # Batch-major all through: XLA updates the output buffers in place, so nothing is ever transposed.
    batch, time = _static_or_dynamic(sequences[0])
    buffers = tuple(tf.zeros((batch, time, width), states[0].dtype) for width in widths)
    steps = time if length is None else length
    chunk = tf.minimum(CHUNK, time) if tf.is_tensor(time) else min(CHUNK, time)

    def outer(done, states, buffers):
        # The chunk at the end is moved back where it would reach beyond the sequences.
        first = tf.maximum(steps - done - chunk, 0) if reverse else tf.minimum(done, time - chunk)
        prepared = prepare([_steps(sequence, first, chunk) for sequence in sequences])
        until = tf.minimum(done + chunk, steps)

        def inner(count, states, buffers):
            now = steps - 1 - count if reverse else count
            states, outputs = step([sequence[:, now - first] for sequence in prepared], states)
            buffers = tuple(
                gen_xla_ops.xla_dynamic_update_slice(buffer, output[:, None], [0, now, 0])
                for buffer, output in zip(buffers, outputs, strict=True)
            )
            return count + 1, tuple(states), buffers

        return tf.while_loop(lambda count, *_: count < until, inner, (done, states, buffers))

    _, states, buffers = tf.while_loop(lambda done, *_: done < steps, outer, (tf.constant(0), states, buffers))
    return states, buffers


def _steps(sequence, first, count):
    batch, _ = _static_or_dynamic(sequence)
    return tf.slice(sequence, (0, first, 0), (batch, count, sequence.shape[2]))


def _portable(prepare, step, states, sequences, widths, length, reverse):
    if length is not None:
        sequences = [sequence[:, :length] for sequence in sequences]
    _, time = _static_or_dynamic(sequences[0])
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


def _static_or_dynamic(sequence):
    """Batch and length of `(batch, time, features)`: numbers where known, tensors otherwise."""
    dynamic = tf.shape(sequence)
    return tuple(dynamic[i] if sequence.shape[i] is None else sequence.shape[i] for i in (0, 1))
