"""A whole decoder with attention as one differentiable function: loop and hand-written gradients."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from suite.recurrent.kernels import attention_decoder
from suite.recurrent.kernels.recurrence import no_second_gradient
from suite.recurrent.kernels.scan import Tensors
from suite.recurrent.kernels.shards import room, room_of, shards, unpadded


class Form(NamedTuple):
    """How a decoder is traced.

    Attributes:
        cell: `"lstm"` or `"gru"`.
        gated: Whether there is a gate.
        keep: Whether the forward pass keeps what the backward pass needs. Without it a gradient, should anyone ask for
            one, runs the forward pass again before.
        shards: Into how many parts the batch is cut; the parts run beside one another.
        compiled: Whether the loops are compiled by XLA.
    """

    cell: str
    gated: bool
    keep: bool
    shards: int
    compiled: bool


@tf.autograph.experimental.do_not_convert
def attention_recurrence(
    form: Form,
    projected: tf.Tensor,
    keys: tf.Tensor,
    values: tf.Tensor,
    states: Tensors,
    weights: Tensors,
    mask: tf.Tensor | None = None,
) -> tuple[Tensors, Tensors]:
    """Runs a decoder over its inputs.

    Args:
        form: A `Form`.
        projected, keys, values, states, weights, mask: As in `attention_decoder.forward`, float32 or float64.

    Returns:
        `(outputs, contexts, attention), states`: `(time, batch, units)`, `(time, batch, value features)`,
        `(time, batch, places)`, and the states after the last step. What stands at masked steps is not meant to be used.
    """
    count = len(states)
    # A function for each size of layer: what `reduce_retracing` forgets is to be batch and time alone.
    sizes = (keys.shape[1], *(tuple(weight.shape) for weight in weights))

    def named(arguments: Sequence[tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, Tensors, Tensors]:
        return arguments[0], arguments[1], arguments[2], tuple(arguments[3 : 3 + count]), tuple(arguments[3 + count :])

    @tf.custom_gradient
    def run(*arguments):
        # The loops have their own gradient; the tape must not look for another one inside.
        arguments = named([tf.stop_gradient(argument) for argument in arguments])
        outputs, ends, trace = _forward(form, sizes)(*arguments, mask)

        def gradient(*upstream):
            # A pass that was not meant for training kept nothing: it runs again, keeping.
            saved = trace if form.keep else _forward(form._replace(keep=True), sizes)(*arguments, mask)[2]

            @tf.custom_gradient
            def backwards(*upstream):
                upstream = [tf.stop_gradient(value) for value in upstream]
                result = _backward(form, sizes)(tuple(upstream[:3]), tuple(upstream[3:]), saved, *arguments, mask)
                return tuple(tf.nest.flatten(result)), no_second_gradient

            # The gradients take part so that a second derivative is refused, not silently zero.
            return backwards(*upstream)

        return (*outputs, *ends), gradient

    results = run(projected, keys, values, *states, *weights)
    return tuple(results[:3]), tuple(results[3:])


@functools.cache
def _loops(form: Form, sizes: tuple) -> tuple[Callable, Callable]:
    """The two loops as `tf.function`s."""
    as_function = functools.partial(
        tf.function, autograph=False, reduce_retracing=True, jit_compile=True if form.compiled else None
    )
    common = {"cell": form.cell, "gated": form.gated}

    def forward(*arguments):
        return attention_decoder.forward(*arguments, keep=form.keep, **common)

    def backward(*arguments):
        return attention_decoder.backward(*arguments, **common)

    return as_function(forward), as_function(backward)


@functools.cache
def _forward(form: Form, sizes: tuple) -> Callable:
    """The forward pass of a whole batch, its parts side by side."""
    loop, _ = _loops(form, sizes)

    @tf.function(autograph=False, reduce_retracing=True)
    def forward(projected, keys, values, states, weights, mask):
        outputs, ends, trace = [], [], []
        for x, m, k, v, start in _parts(form.shards, (projected, mask), (keys, values, states)):
            pad, length = room(form, x, 0)
            sequences, end, saved = loop(pad(x), k, v, start, weights, pad(m), length)
            outputs.append(unpadded(sequences, length, 0))
            ends.append(end)
            # Saved as long as they are, padding and all: the backward pass tells from that what was done here.
            trace.append((sequences, saved) if form.keep else ())
        return _join(outputs, 1), _join(ends, 0), trace

    return forward


@functools.cache
def _backward(form: Form, sizes: tuple) -> Callable:
    """The gradients of a whole batch, its parts side by side."""
    _, loop = _loops(form._replace(keep=True), sizes)

    @tf.function(autograph=False, reduce_retracing=True)
    def backward(d_outputs, d_ends, trace, projected, keys, values, states, weights, mask):
        cut = _parts(form.shards, (*d_outputs, projected, mask), (d_ends, keys, values, states))
        inputs, starts, sums = [], [], []
        for (*d_output, x, m, d_end, k, v, start), (outputs, saved) in zip(cut, trace, strict=True):
            pad, length = room_of(form, outputs[0], x, 0)
            d_output = [pad(gradient) for gradient in d_output]
            (d_projected, *d_looked_at), d_start, d_weights = loop(
                d_output, d_end, outputs, saved, k, v, start, weights, pad(m), length
            )
            inputs.append((unpadded(d_projected, length, 0), *d_looked_at))
            starts.append(d_start)
            sums.append(d_weights)
        # Time comes first in the inputs' gradients, the batch in those of keys, values and states; weights are summed.
        d_projected = _join([group[:1] for group in inputs], 1)
        d_keys_and_values = _join([group[1:] for group in inputs], 0)
        d_weights = tuple(tf.add_n(pieces) for pieces in zip(*sums, strict=True))
        return d_projected, d_keys_and_values, _join(starts, 0), d_weights

    return backward


def _parts(count: int, time_first: Sequence, batch_first: Sequence) -> list[tuple[Any, ...]]:
    """Parts of the batch: a list of tuples with the parts of all tensors given."""
    pairs = zip(shards(count, time_first, axis=1), shards(count, batch_first), strict=True)
    return [(*by_time, *by_batch) for by_time, by_batch in pairs]


def _join(parts: Sequence[Sequence[tf.Tensor]], axis: int) -> Tensors:
    """The parts of several tensors as the whole ones."""
    return tuple(pieces[0] if len(pieces) == 1 else tf.concat(pieces, axis) for pieces in zip(*parts, strict=True))
