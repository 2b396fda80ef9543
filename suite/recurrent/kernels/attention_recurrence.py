"""A whole decoder with attention as one differentiable function: loop and hand-written gradients."""

import functools

import tensorflow as tf

from suite.recurrent.kernels import attention_decoder
from suite.recurrent.kernels.decoder_cells import CELLS
from suite.recurrent.kernels.recurrence import no_second_gradient
from suite.recurrent.kernels.shards import first, join, room, shards


@tf.autograph.experimental.do_not_convert
def attention_recurrence(form, projected, keys, values, states, weights, mask=None):
    """Runs a decoder over its inputs.

    Args:
        form: A `suite.recurrent.kernels.recurrence.Form`; its kernel is the name of a cell.
        projected, keys, values, states, weights, mask: As in `attention_decoder.forward`, float32 or float64.

    Returns:
        `(outputs, contexts, attention), states`: `(batch, time, units)`, `(batch, time, value features)`,
        `(batch, time, places)`, and the states after the last step. What stands at masked steps is not meant to be used.
    """
    count = len(states)

    def named(arguments):
        return arguments[0], arguments[1], arguments[2], tuple(arguments[3 : 3 + count]), tuple(arguments[3 + count :])

    @tf.custom_gradient
    def run(*arguments):
        # The loops have their own gradient; the tape must not look for another one inside.
        arguments = named([tf.stop_gradient(argument) for argument in arguments])
        outputs, ends, kept = _forward(form)(*arguments, mask)

        def gradient(*upstream):
            saved = kept if form.keep else _forward(form._replace(keep=True))(*arguments, mask)[2]

            @tf.custom_gradient
            def backwards(*upstream):
                upstream = [tf.stop_gradient(value) for value in upstream]
                result = _backward(form)(tuple(upstream[:3]), tuple(upstream[3:]), saved, *arguments, mask)
                return tuple(tf.nest.flatten(result)), no_second_gradient

            # The gradients take part so that a second derivative is refused, not silently zero.
            return backwards(*upstream)

        return (*outputs, *ends), gradient

    results = run(projected, keys, values, *states, *weights)
    return tuple(results[:3]), tuple(results[3:])


@functools.cache
def _loops(form):
    """The two loops as `tf.function`s, one pair for every layer of the process."""
    as_function = functools.partial(
        tf.function, autograph=False, reduce_retracing=True, jit_compile=True if form.compiled else None
    )
    common = {"cell": form.kernel, "compiled": form.compiled}

    def forward(*arguments):
        return attention_decoder.forward(*arguments, keep=form.keep, **common)

    def backward(*arguments):
        return attention_decoder.backward(*arguments, **common)

    return as_function(forward), as_function(backward)


@functools.cache
def _forward(form):
    loop, _ = _loops(form)

    @tf.function(autograph=False, reduce_retracing=True)
    def forward(projected, keys, values, states, weights, mask):
        parts = []
        for x, k, v, start, m in shards(form.shards, (projected, keys, values, states, mask)):
            pad, length = room(form, x)
            outputs, ends, saved = loop(pad(x), k, v, start, weights, pad(m), length)
            parts.append((first(outputs, length), ends, (outputs, saved) if form.keep else ()))
        outputs = tuple(join(pieces) for pieces in zip(*(part[0] for part in parts), strict=True))
        ends = tuple(join(pieces) for pieces in zip(*(part[1] for part in parts), strict=True))
        return outputs, ends, [part[2] for part in parts]

    return forward


@functools.cache
def _backward(form):
    _, loop = _loops(form._replace(keep=True))
    two_sums = CELLS[form.kernel].two_sums

    @tf.function(autograph=False, reduce_retracing=True)
    def backward(d_outputs, d_ends, kept, projected, keys, values, states, weights, mask):
        parts, sums = [], []
        cut = shards(form.shards, (d_outputs, d_ends, projected, keys, values, states, mask))
        for (d_output, d_end, x, k, v, start, m), (outputs, saved) in zip(cut, kept, strict=True):
            pad, length = room(form, x)
            d_output = tuple(map(pad, d_output))
            sequences, d_start, d_keys, d_scorer = loop(
                d_output, d_end, outputs, saved, k, v, start, weights, pad(m), length
            )
            sequences, outputs = first((sequences, outputs), length)
            d_weights, d_values = attention_decoder.weight_gradients(
                sequences, outputs, start, d_scorer, len(weights) > 5, two_sums
            )
            parts.append((sequences[0], d_keys, d_values, *d_start))
            sums.append(d_weights)
        parts = [join(pieces) for pieces in zip(*parts, strict=True)]
        return tuple(parts), tuple(tf.add_n(pieces) for pieces in zip(*sums, strict=True))

    return backward
