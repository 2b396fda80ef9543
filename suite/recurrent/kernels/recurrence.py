"""A whole recurrent layer as one differentiable function: products, loop and hand-written gradients."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, NoReturn

import tensorflow as tf

from suite.recurrent.kernels import compact_lstm, gru, gru_reset_before, layer_norm_lstm, lstm, simple_rnn
from suite.recurrent.kernels.mixing import mixed_kernel
from suite.recurrent.kernels.scan import Tensors, flat, product
from suite.recurrent.kernels.shards import join, room, room_of, shards, unpadded

KERNELS: dict[str, Any] = {  # modules and objects with `forward`, `backward` and `recurrent_gradients`
    "lstm": lstm,
    "gru": gru,
    "gru_reset_before": gru_reset_before,
    "simple_rnn": simple_rnn,
    "layer_norm_lstm": layer_norm_lstm,
    **compact_lstm.KERNELS,
}


class Form(NamedTuple):
    """How a recurrence is traced.

    Attributes:
        kernel: A name in `KERNELS`.
        sequences: Whether the outputs of all steps are asked for.
        keep: Whether the forward pass keeps what the backward pass needs. Without it a gradient, should anyone
            ask for one, first runs the forward pass again.
        compiled: Whether the loops are compiled by XLA.
        shards: Into how many parts the batch is cut; the parts run beside one another.
        features: Width of the inputs.
        recurrent: Shape of the recurrent weights, which the widths of all states follow from.
        masked: Whether there is a mask.
        dtype: The dtype of everything.
        mixed: Width of a mask that says in numbers how much of its new value each unit takes (`mixing`); 0: it does not.
        dropped: Whether the state is multiplied by masks inside the products of the gates (`inside`).
    """

    kernel: str
    sequences: bool
    keep: bool
    compiled: bool
    shards: int
    features: int
    recurrent: tuple[int, ...]
    masked: bool
    dtype: tf.DType
    mixed: int = 0
    dropped: bool = False


@tf.autograph.experimental.do_not_convert
def recurrence(
    form: Form,
    inputs: tf.Tensor,
    states: Tensors,
    input_weights: Tensors,
    recurrent_weights: Tensors,
    mask: tf.Tensor | None = None,
    dropped: tf.Tensor | None = None,
) -> tuple[tf.Tensor | None, Tensors]:
    """Runs a recurrent layer over `inputs`.

    Args:
        form: A `Form`.
        inputs: `(batch, time, features)`, float32 or float64.
        states: Tuple of tensors `(batch, units)`, the first one as wide as the outputs.
        input_weights: `(W, b)`, the kernel and bias of the input product.
        recurrent_weights: The other weights, as the kernel wants them.
        mask: `(batch, time)` boolean, or None; of a `mixed` form `(batch, time, width)`, as `mixing` takes it.
        dropped: `(batch, gates units)`, as `inside` takes it, or None. Nothing has a gradient by it or by the mask.

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
        outputs, ends, trace = _forward(form)(x[0], start, into, recurrent, mask, dropped)

        def gradient(*upstream):
            d_outputs, d_ends = (upstream[0], upstream[1:]) if form.sequences else (None, upstream)
            # A pass that was not meant for training kept nothing: it runs again, keeping.
            saved = trace
            if not form.keep:
                saved = _forward(form._replace(keep=True))(x[0], start, into, recurrent, mask, dropped)[2]

            @tf.custom_gradient
            def backwards(*values):
                values = [tf.stop_gradient(value) for value in values]
                d_sequence, d_last = (values[0], values[1:]) if form.sequences else (None, values)
                result = _backward(form)(d_sequence, d_last, saved, x[0], start, into, recurrent, mask, dropped)
                return tuple(tf.nest.flatten(result)), no_second_gradient

            # The inputs take part so that a second derivative by any of them is refused, not silently zero.
            return backwards(*(() if d_outputs is None else (d_outputs,)), *d_ends)

        return ((outputs,) if form.sequences else ()) + tuple(ends), gradient

    results = run(inputs, *states, *input_weights, *recurrent_weights)
    return (results[0], results[1:]) if form.sequences else (None, results)


def no_second_gradient(*upstream: tf.Tensor) -> NoReturn:
    """Refuse a gradient of the gradient, which the hand-written ones do not have."""
    raise LookupError(
        "The fast recurrent layers have first derivatives only. For gradients of gradients build the layer with "
        "`unroll=True`, or use `suite.recurrent.to_keras(model)`. Received: a second derivative of a recurrent layer."
    )


def _ungroup(values: Sequence[tf.Tensor], counts: Sequence[int]) -> list[Tensors]:
    """The values as groups of these sizes, in order."""
    values, groups = list(values), []
    for count in counts:
        groups.append(tuple(values[:count]))
        del values[:count]
    return groups


@functools.cache
def _loops(form: Form) -> tuple[Callable, Callable]:
    """The two loops of a kernel as `tf.function`s, one pair for every layer of the process."""
    kernel = KERNELS[form.kernel]
    as_function = functools.partial(
        tf.function, autograph=False, reduce_retracing=True, jit_compile=True if form.compiled else None
    )
    forward, backward = mixed_kernel(kernel) if form.mixed else (kernel.forward, kernel.backward)
    forward = functools.partial(forward, keep=form.keep, sequences=form.sequences, compiled=form.compiled)
    backward = functools.partial(backward, compiled=form.compiled)
    return as_function(_plain(forward)), as_function(_plain(backward))


def _plain(function: Callable) -> Callable:
    """A function of positional arguments only, which `tf.function` can name and trace."""
    return lambda *arguments: function(*arguments)


@functools.cache
def _forward(form: Form) -> Callable:
    """The forward pass of a whole batch: its parts side by side, each padded to a length that XLA has compiled for."""
    loop, _ = _loops(form)

    @tf.function(autograph=False, reduce_retracing=True)
    def forward(inputs, states, input_weights, recurrent_weights, mask, dropped):
        outputs, ends, trace = [], [], []
        # The loops of the parts have no edges between them, so TensorFlow runs them at the same time.
        for x, start, m, drop in shards(form.shards, (inputs, states, mask, dropped)):
            pad, length = room(form, x)
            sequence, end, saved = loop(pad(x), start, input_weights, recurrent_weights, pad(m), length, drop)
            outputs.append(unpadded(sequence, length) if form.sequences else None)
            ends.append(end)
            # Saved as long as they are, padding and all: the backward pass tells from that what was done here.
            trace.append((sequence, saved) if form.keep else ())
        whole = join(outputs) if form.sequences else None
        return whole, tuple(join(parts) for parts in zip(*ends, strict=True)), trace

    return forward


@functools.cache
def _backward(form: Form) -> Callable:
    """The gradients of a whole batch: the loop gives those that depend on time, products after it all others."""
    _, loop = _loops(form._replace(keep=True))
    gradients_of_recurrent = KERNELS[form.kernel].recurrent_gradients

    @tf.function(autograph=False, reduce_retracing=True)
    def backward(d_outputs, d_states, trace, inputs, states, input_weights, recurrent_weights, mask, dropped):
        d_inputs, d_starts, d_weights = [], [], []
        parts = shards(form.shards, (inputs, states, mask, dropped))
        upstream = shards(form.shards, (d_outputs, d_states))
        for (x, start, m, drop), (d_sequence, d_end), (sequence, saved) in zip(parts, upstream, trace, strict=True):
            pad, length = room_of(form, sequence, x)
            d_projected, d_start, extras = loop(
                pad(d_sequence), d_end, sequence, saved, start, recurrent_weights, pad(m), length, drop
            )
            d_projected, sequence, extras, saved = unpadded((d_projected, sequence, extras, saved), length)
            # With p_t = x_t W + b:  dx_t = dp_t W^T,  dW = sum_t x_t^T dp_t,  db = sum_t dp_t.
            rows = flat(d_projected)
            d_inputs.append(product(d_projected, tf.transpose(input_weights[0])))
            d_kernel, d_bias = tf.matmul(flat(x), rows, transpose_a=True), tf.reduce_sum(rows, axis=0)
            d_starts.append(d_start)
            # h_(t-1) of all steps: the state before the sequence, then the outputs but the last.
            previous = flat(tf.concat([start[0][:, None], sequence[:, :-1]], axis=1))
            masks = None if drop is None else (drop, tf.shape(x)[1])
            d_recurrent = gradients_of_recurrent(previous, rows, [*map(flat, extras)], [*map(flat, saved)], masks)
            d_weights.append((d_kernel, d_bias, *d_recurrent))
        # Rows of the batch are put together again; what all rows share is summed over the parts.
        d_starts = tuple(join(pieces) for pieces in zip(*d_starts, strict=True))
        d_weights = tuple(tf.add_n(pieces) for pieces in zip(*d_weights, strict=True))
        return join(d_inputs), d_starts, d_weights

    return backward
