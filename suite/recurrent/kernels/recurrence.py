"""A whole recurrent layer as one differentiable function: products, loop and hand-written gradients."""

import functools
import math
from typing import NamedTuple

import tensorflow as tf

from suite.recurrent.kernels import gru, gru_reset_before, lstm, simple_rnn
from suite.recurrent.kernels.scan import flat, product

KERNELS = {"lstm": lstm, "gru": gru, "gru_reset_before": gru_reset_before, "simple_rnn": simple_rnn}


class Form(NamedTuple):
    """How a recurrence is traced.

    Attributes:
        kernel: A name in `KERNELS`.
        sequences: Whether the outputs of all steps are wanted.
        keep: Whether the forward pass keeps what the backward pass needs. Without it a gradient, should anyone
            ask for one, first runs the forward pass again.
        compiled: Whether the loops are compiled by XLA.
        shards: Into how many parts the batch is cut; the parts run beside one another.
        features: Width of the inputs.
        units: Width of the state.
        masked: Whether there is a mask.
        dtype: The dtype of everything.
    """

    kernel: str
    sequences: bool
    keep: bool
    compiled: bool
    shards: int
    features: int
    units: int
    masked: bool
    dtype: tf.DType


@tf.autograph.experimental.do_not_convert
def recurrence(form, inputs, states, input_weights, recurrent_weights, mask=None):
    """Runs a recurrent layer over `inputs`.

    Args:
        form: A `Form`.
        inputs: `(batch, time, features)`, float32 or float64.
        states: Tuple of tensors `(batch, units)`.
        input_weights: `(W, b)`, the kernel and bias of the input product.
        recurrent_weights: The other weights, as the kernel wants them.
        mask: `(batch, time)` boolean, or None.

    Returns:
        `(outputs, states)`: `h` of all steps `(batch, time, units)` or None, and the states after the last step. At
        masked steps `outputs` repeats the state.
    """
    counts = (1, len(states), 2, len(recurrent_weights))

    @tf.custom_gradient
    def run(*arguments):
        # The loops have their own gradient; the tape must not look for another one inside.
        arguments = [tf.stop_gradient(argument) for argument in arguments]
        x, start, into, recurrent = _ungroup(arguments, counts)
        outputs, ends, kept = _forward(form)(x[0], start, into, recurrent, mask)

        def gradient(*upstream):
            d_outputs, d_ends = (upstream[0], upstream[1:]) if form.sequences else (None, upstream)
            saved = kept
            if not form.keep:
                saved = _forward(form._replace(keep=True))(x[0], start, into, recurrent, mask)[2]

            @tf.custom_gradient
            def backwards(*values):
                values = [tf.stop_gradient(value) for value in values]
                d_sequence, d_last = (values[0], values[1:]) if form.sequences else (None, values)
                result = _backward(form)(d_sequence, d_last, saved, x[0], start, into, recurrent, mask)
                return tuple(tf.nest.flatten(result)), _no_second_gradient

            # The inputs take part so that a second derivative by any of them is refused, not silently zero.
            return backwards(*(() if d_outputs is None else (d_outputs,)), *d_ends)

        return ((outputs,) if form.sequences else ()) + tuple(ends), gradient

    results = run(inputs, *states, *input_weights, *recurrent_weights)
    return (results[0], results[1:]) if form.sequences else (None, results)


def _no_second_gradient(*upstream):
    raise LookupError(
        "The fast recurrent layers have first derivatives only. For gradients of gradients build the layer with "
        "`unroll=True`, or use `suite.recurrent.to_keras(model)`. Received: a second derivative of a recurrent layer."
    )


def _ungroup(values, counts):
    values, groups = list(values), []
    for count in counts:
        groups.append(tuple(values[:count]))
        del values[:count]
    return groups


@functools.cache
def _loops(form):
    """The two loops of a kernel as `tf.function`s, one pair for every layer of the process."""
    kernel = KERNELS[form.kernel]
    as_function = functools.partial(
        tf.function, autograph=False, reduce_retracing=True, jit_compile=True if form.compiled else None
    )
    forward = functools.partial(kernel.forward, keep=form.keep, sequences=form.sequences, compiled=form.compiled)
    backward = functools.partial(kernel.backward, compiled=form.compiled)
    return as_function(_plain(forward)), as_function(_plain(backward))


def _plain(function):
    """A function of positional arguments only, which `tf.function` can name and trace."""
    return lambda *arguments: function(*arguments)


@functools.cache
def _forward(form):
    loop, _ = _loops(form)

    @tf.function(autograph=False, reduce_retracing=True)
    def forward(inputs, states, input_weights, recurrent_weights, mask):
        outputs, ends, kept = [], [], []
        for x, start, m in _shards(form.shards, inputs, states, mask):
            room, length = _room(form, x)
            sequence, end, saved = loop(room(x), start, input_weights, recurrent_weights, room(m), length)
            outputs.append(_first(sequence, length) if form.sequences else None)
            ends.append(end)
            kept.append((sequence, saved) if form.keep else ())
        whole = _join(outputs) if form.sequences else None
        return whole, tuple(_join(parts) for parts in zip(*ends, strict=True)), kept

    return forward


@functools.cache
def _backward(form):
    _, loop = _loops(form._replace(keep=True))
    gradients_of_recurrent = KERNELS[form.kernel].recurrent_gradients

    @tf.function(autograph=False, reduce_retracing=True)
    def backward(d_outputs, d_states, kept, inputs, states, input_weights, recurrent_weights, mask):
        d_inputs, d_starts, d_weights = [], [], []
        shards = _shards(form.shards, inputs, states, mask)
        upstream = _shards(form.shards, d_outputs, d_states, None)
        for (x, start, m), (d_sequence, d_end, _), (sequence, saved) in zip(shards, upstream, kept, strict=True):
            room, length = _room(form, x)
            d_projected, d_start, extras = loop(
                room(d_sequence), d_end, sequence, saved, start, recurrent_weights, room(m), length
            )
            d_projected, sequence, extras, saved = _first((d_projected, sequence, extras, saved), length)
            d_inputs.append(product(d_projected, tf.transpose(input_weights[0])))
            d_starts.append(d_start)
            previous = flat(tf.concat([start[0][:, None], sequence[:, :-1]], axis=1))
            rows = flat(d_projected)
            d_kernel, d_bias = tf.matmul(flat(x), rows, transpose_a=True), tf.reduce_sum(rows, axis=0)
            d_recurrent = gradients_of_recurrent(previous, rows, [*map(flat, extras)], [*map(flat, saved)])
            d_weights.append((d_kernel, d_bias, *d_recurrent))
        d_starts = tuple(_join(parts) for parts in zip(*d_starts, strict=True))
        d_weights = tuple(tf.add_n(parts) for parts in zip(*d_weights, strict=True))
        return _join(d_inputs), d_starts, d_weights

    return backward


def _shards(count, sequence, states, mask):
    """`(sequence, states, mask)` cut into `count` parts of the batch; None stays None."""
    if count == 1:
        return [(sequence, states, mask)]
    batch = states[0].shape[0]
    batch = tf.shape(states[0])[0] if batch is None else batch
    sizes = [batch // count] * (count - 1)
    sizes.append(batch - sum(sizes))
    cut = functools.partial(tf.split, num_or_size_splits=sizes, axis=0, num=count)
    sequences = [None] * count if sequence is None else cut(sequence)
    masks = [None] * count if mask is None else cut(mask)
    return list(zip(sequences, zip(*(cut(state) for state in states), strict=True), masks, strict=True))


def _room(form, sequence):
    """A function that pads sequences of unknown length to a common one, and the length that counts.

    XLA compiles once per shape. Where lengths vary from batch to batch they are rounded up to 1 or 1.5 times a power
    of two, so that few shapes ever occur; the loop still runs `length` steps only.
    """
    if not form.compiled or sequence.shape[1] is not None:
        return (lambda value: value), None
    length = tf.shape(sequence)[1]
    exponent = tf.math.ceil(tf.math.log(tf.cast(length, tf.float64)) / math.log(2) - 1e-9)
    power = tf.bitwise.left_shift(1, tf.cast(tf.maximum(exponent, 2), tf.int32))
    capacity = tf.where(power // 4 * 3 >= length, power // 4 * 3, power)

    def room(value):
        if value is None:
            return None
        padding = [[0, 0], [0, capacity - length]] + [[0, 0]] * (value.shape.rank - 2)
        return tf.pad(value, padding)

    return room, length


def _first(sequences, length):
    """The steps of padded sequences that count."""
    return sequences if length is None else tf.nest.map_structure(lambda sequence: sequence[:, :length], sequences)


def _join(parts):
    return parts[0] if len(parts) == 1 else tf.concat(parts, axis=0)
