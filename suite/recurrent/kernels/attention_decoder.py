"""The scan of a decoder that looks at its values anew at each step, forward and backward."""

import tensorflow as tf

from suite.recurrent.kernels.decoder_cells import CELLS
from suite.recurrent.kernels.scan import flat, scan


def forward(projected, keys, values, states, weights, mask, length=None, *, cell, keep, compiled):
    """All steps of a decoder.

        a = softmax(v . tanh(keys + h Q)),  context = sum_l a_l values_l
        context = sigmoid(h G + b_G) * context          where there is a gate
        h, c = cell(projected + context C, h U + b')

    All that depends on `h` alone is one product per step.

    Args:
        projected: `(batch, time, width)`, the inputs' part of the cell's sums, bias included.
        keys: `(batch, places, attention units)`, the values' part of what `tanh` sees, bias included.
        values: `(batch, places, value features)`.
        states: `(h,)` or `(h, c)`, each `(batch, units)`.
        weights: `(U, b', C, Q, v)` or `(U, b', C, Q, v, G, b_G)`; `v` is `(attention units, 1)`.
        mask: `(batch, time)` boolean or None; a step that is False leaves the states as they are.
        length: Number of steps to run, an integer tensor; None runs all.
        cell: A name in `CELLS`.
        keep: Whether to return what `backward` needs.
        compiled: Whether the loop is traced for XLA.

    Returns:
        `(outputs, states, saved)`, outputs being `h`, the context and the weights `a` of all steps, saved `h Q`, the
        gate where there is one, and what the cell keeps.
    """
    recurrent, inner_bias, context_kernel, query, scorer, *gate = weights
    joined = tf.concat([recurrent, query, *gate[:1]], axis=1)
    bias = tf.concat([inner_bias, tf.zeros(query.shape[1], query.dtype), *gate[1:]], axis=0)
    sizes = [matrix.shape[1] for matrix in (recurrent, query, *gate[:1])]
    run = CELLS[cell]

    def step(slices, states):
        inner, q, *gates = tf.split(tf.matmul(states[0], joined) + bias, sizes, axis=1)
        hidden = tf.tanh(keys + q[:, None])
        scores = _rows(tf.matmul(flat(hidden), scorer), hidden)
        a = tf.nn.softmax(scores)
        context = _weighted_sum(a, values)
        gates = [tf.sigmoid(gate) for gate in gates]
        if gates:
            context *= gates[0]
        new, saved = run.forward(slices[0] + tf.matmul(context, context_kernel), inner, states)
        if mask is not None:
            new = tuple(tf.where(slices[1], after, before) for after, before in zip(new, states, strict=True))
        return new, (new[0], context, a, q, *gates, *saved)[: len(widths)]

    units, places = recurrent.shape[0], keys.shape[1]
    widths = (units, values.shape[2], places)
    if keep:
        widths += (query.shape[1], *(matrix.shape[1] for matrix in gate[:1]), *run.widths(units))
    steps = (projected,) if mask is None else (projected, mask[..., None])
    states, outputs = scan(list, step, states, steps, widths, compiled=compiled, length=length)
    return outputs[:3], states, outputs[3:]


def backward(d_outputs, d_states, outputs, saved, keys, values, states, weights, mask, length=None, *, cell, compiled):
    """Back-propagation through time for `forward`.

    With the cell's gradients of its two sums, `d_outer` and `d_inner`, and `t = tanh(keys + h Q)`:

        d_context = d_outer C^T + what arrives from above
        d_gate = d_context context (1 - gate),           d_context = d_context gate
        d_a = values . d_context + what arrives,         d_e = a (d_a - sum a d_a)
        d_keys += d_e v (1 - t^2),   d_q = sum_l d_e v (1 - t^2),   d_v += d_e t
        d_h = [d_inner, d_q, d_gate] [U, Q, G]^T + what the cell hands on

    Returns:
        `(sequences, d_states, d_keys, d_v)`: sequences are `d_outer`, `d_q`, `d_context` (before the gate), `d_gate` where
        there is one, and `d_inner` where it is not `d_outer`.
    """
    recurrent, _, context_kernel, query, scorer, *gate = weights
    back = tf.transpose(tf.concat([recurrent, query, *gate[:1]], axis=1))
    context_back = tf.transpose(context_kernel)
    run = CELLS[cell]
    hidden_before = tf.concat([states[0][:, None], outputs[0][:, :-1]], axis=1)
    gated, count = bool(gate), len(states)
    v = scorer[:, 0]

    def prepare(steps):
        d_h, d_context, d_a, context, a, q, *rest = steps
        gates = [rest.pop(0)] if gated else []
        slopes = [context * (1 - gate) for gate in gates]
        masked = [] if mask is None else [rest.pop(0)]
        return [d_h, d_context, d_a, a, q, *gates, *slopes, *masked, *run.factors(*rest)]

    def step(slices, carried):
        d_h, *d_c = carried[:count]
        d_keys, d_v = carried[count:]
        d_output, d_context, d_a, a, q, *rest = slices
        gates, slopes = (rest[:1], rest[1:2]) if gated else ([], [])
        rest = rest[2:] if gated else rest
        real = None if mask is None else rest.pop(0)
        d_h += d_output
        d_outer, d_inner, d_before = run.backward(rest, (d_h, *d_c))
        if real is not None:
            d_outer, d_inner = tf.where(real, d_outer, 0), tf.where(real, d_inner, 0)
            d_before = [tf.where(real, new, old) for new, old in zip(d_before, (d_h, *d_c), strict=True)]
        d_context += tf.matmul(d_outer, context_back)
        d_gates = [d_context * slope for slope in slopes]
        if gates:
            d_context *= gates[0]
        d_a += _rows_dot(d_context, values)
        d_e = a * (d_a - tf.reduce_sum(a * d_a, axis=1, keepdims=True))
        hidden = tf.tanh(keys + q[:, None])
        d_hidden = d_e[..., None] * (v * (1 - hidden * hidden))
        d_q = tf.reduce_sum(d_hidden, axis=1)
        d_keys += d_hidden
        d_v += _weighted_sum(d_e, hidden)
        d_h = d_before[0] + tf.matmul(tf.concat([d_inner, d_q, *d_gates], axis=1), back)
        sequences = (d_outer, d_q, d_context, *d_gates, *([d_inner] if run.two_sums else []))
        return (d_h, *d_before[1:], d_keys, d_v), sequences

    gates, kept = saved[1 : 1 + gated], saved[1 + gated :]
    steps = (*d_outputs, outputs[1], outputs[2], saved[0], *gates)
    steps += () if mask is None else (mask[..., None],)
    steps += (*kept, hidden_before) if run.needs_h else kept
    width = recurrent.shape[1]
    widths = (width, query.shape[1], values.shape[2], *(matrix.shape[1] for matrix in gate[:1]))
    widths += (width,) if run.two_sums else ()
    carried = (*d_states, tf.zeros_like(keys), tf.zeros_like(keys[:, 0]))
    carried, sequences = scan(prepare, step, carried, steps, widths, compiled=compiled, length=length, reverse=True)
    return sequences, carried[:count], carried[count], tf.reduce_sum(carried[count + 1], axis=0)[:, None]


def weight_gradients(sequences, outputs, states, d_scorer, gated, two_sums):
    """The gradients of the weights from those of all steps, each one product; and of the values.

    Returns:
        `(d_weights, d_values)` in the order of `forward`.
    """
    d_outer, d_q, d_context, *rest = sequences
    d_inner = rest[-1] if two_sums else d_outer
    before = flat(tf.concat([states[0][:, None], outputs[0][:, :-1]], axis=1))
    joined = tf.concat([d_inner, d_q, *rest[:gated]], axis=2)
    sizes = [d_inner.shape[2], d_q.shape[2], *(sequence.shape[2] for sequence in rest[:gated])]
    d_recurrent, d_query, *d_gate = tf.split(tf.matmul(before, flat(joined), transpose_a=True), sizes, axis=1)
    d_bias, _, *d_gate_bias = tf.split(tf.reduce_sum(flat(joined), axis=0), sizes, axis=0)
    d_context_kernel = tf.matmul(flat(outputs[1]), flat(d_outer), transpose_a=True)
    d_values = tf.matmul(outputs[2], d_context, transpose_a=True)
    return (d_recurrent, d_bias, d_context_kernel, d_query, d_scorer, *d_gate, *d_gate_bias), d_values


def _weighted_sum(weights, values):
    """`(batch, places)` and `(batch, places, features)` to `(batch, features)`."""
    return tf.reduce_sum(weights[..., None] * values, axis=1)


def _rows_dot(vector, values):
    """`(batch, features)` and `(batch, places, features)` to `(batch, places)`."""
    return tf.reduce_sum(vector[:, None] * values, axis=2)


def _rows(column, like):
    return tf.reshape(column, tf.shape(like)[:2] if None in like.shape[:2] else like.shape[:2])
