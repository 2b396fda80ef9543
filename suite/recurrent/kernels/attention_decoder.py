"""The loop of a decoder that looks at its values anew at each step, forward and backward.

Time comes first in all sequences: one step of them is then read without copying.
"""

from collections.abc import Sequence

import tensorflow as tf

from suite.recurrent.kernels.decoder_cells import CELLS
from suite.recurrent.kernels.scan import Tensors, flat


def forward(
    projected: tf.Tensor,
    keys: tf.Tensor,
    values: tf.Tensor,
    states: Tensors,
    weights: Tensors,
    mask: tf.Tensor | None,
    length: tf.Tensor | None = None,
    *,
    cell: str,
    gated: bool,
    keep: bool,
) -> tuple[Tensors, Tensors, Tensors]:
    """All steps of a decoder.

        q, g = h L + b_L                    (g only where there is a gate)
        a = softmax(v . tanh(keys + q)),    context = sum_l a_l values_l
        context = sigmoid(g) context
        states = cell(projected, context, states)

    Args:
        projected: `(time, batch, width)`, the inputs' part of the cell's sums, bias included.
        keys: `(batch, places, attention units)`, the values' part of what `tanh` sees.
        values: `(batch, places, value features)`.
        states: `(h,)` or `(h, c)`, each `(batch, units)`.
        weights: `(L, b_L, v)` and those of the cell; `v` is `(attention units, 1)`.
        mask: `(time, batch, 1)` boolean or None; a step that is False leaves the states as they are.
        length: Number of steps to run, an integer tensor; None runs all.
        cell: A name in `CELLS`.
        gated: Whether there is a gate.
        keep: Whether to return what `backward` needs.

    Returns:
        `(outputs, states, saved)`: `h`, the context and the weights `a` of all steps; the states after the last; `q`, what
        the cell saved, `c` before each step where there is one, and the gate where there is one.
    """
    look, look_bias, scorer, *cell_weights = weights
    width, run, count = keys.shape[2], CELLS[cell], len(states)

    def step(time, states, written):
        # Query and gate come from the same h_(t-1): their weights stand side by side in L, one product for both.
        looked = tf.matmul(states[0], look) + look_bias
        q, gates = looked[:, :width], looked[:, width:]
        # e_l = v . tanh(keys_l + q): the keys, W_k v_l + b, are the same at every step and come from outside.
        a = tf.nn.softmax(_scores(tf.tanh(keys + q[:, None]), scorer))
        context = _weighted_sum(a, values)
        if gated:
            gates = tf.sigmoid(gates)
            context *= gates
        new, saved = run.forward(projected[time], context, states, cell_weights)
        # A masked step hands its states on as they came.
        if mask is not None:
            new = tuple(tf.where(mask[time], after, before) for after, before in zip(new, states, strict=True))
        results = (new[0], context, a, q, *saved, *states[1:], *([gates] if gated else []))
        # Without `keep` only the three results of every step are written.
        pairs = zip(written, results[: len(written)], strict=True)
        written = tuple(array.write(time, result) for array, result in pairs)
        return time + 1, new, written

    written_count = 3 + (run.saved + count + gated if keep else 0)
    units, features = states[0].shape[1], values.shape[2]
    widths = [units, features, keys.shape[1], width, *[units] * (run.saved + count - 1), *[features] * gated]
    arrays = _arrays(projected, widths[:written_count])
    steps = _length(projected) if length is None else length
    _, states, arrays = tf.while_loop(
        lambda time, *_: time < steps, step, (0, tuple(states), arrays), parallel_iterations=1
    )
    stacked = tuple(array.stack() for array in arrays)
    return stacked[:3], states, stacked[3:]


def backward(
    d_outputs: Tensors,
    d_states: Tensors,
    outputs: Tensors,
    saved: Tensors,
    keys: tf.Tensor,
    values: tf.Tensor,
    states: Tensors,
    weights: Tensors,
    mask: tf.Tensor | None,
    length: tf.Tensor | None = None,
    *,
    cell: str,
    gated: bool,
) -> tuple[Tensors, Tensors, Tensors]:
    """Back-propagation through time for `forward`.

    With `t = tanh(keys + q)` and the cell's gradient by its context:

        d_context += what arrives from above
        d_g = d_context context (1 - gate),              d_context = d_context gate
        d_a = values . d_context + what arrives,         d_e = a (d_a - sum a d_a)
        d_q = v (sum_l d_e - sum_l d_e t^2)
        d_h = [d_q, d_g] L^T + what the cell hands back

    and for all steps together, summed up in the loop:

        d_keys = v (sum d_e - sum d_e t^2),              d_v = sum d_e t

    Gradients of the other weights and of the values are single products after the loop.

    Returns:
        The gradients by `(projected, keys, values)`, by the states, and by the weights.
    """
    look, _, scorer, *cell_weights = weights
    run, count = CELLS[cell], len(states)
    hidden, contexts, attention = outputs
    before = tf.concat([states[0][None], hidden[:-1]], axis=0)
    queries, *of_cell = saved
    of_cell, cells, gates = of_cell[: run.saved], of_cell[run.saved :][: count - 1], of_cell[-1]
    transposed = [tf.transpose(weight) for weight in cell_weights[: run.sums]]
    look_back, v = tf.transpose(look), scorer[:, 0]
    steps = _length(hidden) if length is None else length

    def step(count, d_states, total, bent, d_v, written):
        time = steps - 1 - count
        d_states = (d_states[0] + d_outputs[0][time], *d_states[1:])
        states = (before[time], *(cell[time] for cell in cells))
        d_sums, d_context, d_before = run.backward(
            [sequence[time] for sequence in of_cell], states, d_states, transposed
        )
        # A masked step passed its states on: so do the gradients, and what is inside the cell gets none.
        if mask is not None:
            real = mask[time]
            d_sums = tuple(tf.where(real, d_sum, 0) for d_sum in d_sums)
            d_context = tf.where(real, d_context, 0)
            d_before = tuple(tf.where(real, new, old) for new, old in zip(d_before, d_states, strict=True))
        # The context is a result too. Gated, it is sigmoid(g) c: d_g = d_context c sigmoid' = d_context context (1 - gate).
        d_context += d_outputs[1][time]
        d_looked = []
        if gated:
            gate = gates[time]
            d_looked = [d_context * contexts[time] * (1 - gate)]
            d_context *= gate
        a = attention[time]
        d_a = d_outputs[2][time] + tf.matmul(values, d_context[..., None])[..., 0]
        # Back through the softmax: de_l = a_l (da_l - sum_m a_m da_m).
        d_e = a * (d_a - tf.reduce_sum(a * d_a, axis=1, keepdims=True))
        # t has a number per place and unit, too many to keep for every step: it is computed again.
        t = tf.tanh(keys + queries[time][:, None])
        squared = t * t
        # sum_l de_l v (1 - t_l^2), without ever making 1 - t^2.
        d_q = v * (tf.reduce_sum(d_e, axis=1, keepdims=True) - _weighted_sum(d_e, squared))
        d_looked = tf.concat([d_q, *d_looked], axis=1)
        d_before = (d_before[0] + tf.matmul(d_looked, look_back), *d_before[1:])
        results = (d_context, d_looked, *d_sums)
        written = tuple(array.write(time, result) for array, result in zip(written, results, strict=True))
        # The keys' gradient is a sum over time: two running sums take the place of a tensor per step.
        return count + 1, d_before, total + d_e, bent + d_e[..., None] * squared, d_v + _weighted_sum(d_e, t), written

    widths = values.shape[2], look.shape[1], *[cell_weights[0].shape[1]] * run.sums
    arrays = _arrays(hidden, widths)
    sums = tf.zeros_like(attention[0]), tf.zeros_like(keys), tf.zeros_like(keys[:, 0])
    _, d_start, total, bent, d_v, arrays = tf.while_loop(
        lambda count, *_: count < steps, step, (0, tuple(d_states), *sums, arrays), parallel_iterations=1
    )
    d_context, d_looked, *d_sums = (array.stack() for array in arrays)
    # d_values_l = sum_t a_tl d_context_t: one product per row of the batch.
    batch_first = [tf.transpose(sequence, (1, 0, 2)) for sequence in (attention, d_context)]
    d_values = tf.matmul(*batch_first, transpose_a=True)
    d_keys = v * (total[..., None] - bent)
    # dL = sum_t h_(t-1)^T [d_q, d_g]: time and batch are the inner dimension of one product.
    rows, d_looked = flat(before), flat(d_looked)
    d_look = tf.matmul(rows, d_looked, transpose_a=True), tf.reduce_sum(d_looked, axis=0)
    d_cell = run.gradients(rows, flat(contexts), [flat(d_sum) for d_sum in d_sums])
    return (d_sums[0], d_keys, d_values), d_start, (*d_look, tf.reduce_sum(d_v, axis=0)[:, None], *d_cell)


def _scores(hidden: tf.Tensor, scorer: tf.Tensor) -> tf.Tensor:
    """`(batch, places, units)` by `v` to `(batch, places)`, as one plain matrix product."""
    return tf.reshape(tf.matmul(flat(hidden), scorer), (-1, hidden.shape[1]))


def _weighted_sum(weights: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    """`(batch, places)` and `(batch, places, features)` to `(batch, features)`."""
    return tf.matmul(weights[:, None], values)[:, 0]


def _arrays(like: tf.Tensor, widths: Sequence[int]) -> tuple[tf.TensorArray, ...]:
    """Room for sequences as long as `like`, of these widths; XLA has zeros where nothing is written."""
    size = _length(like)
    return tuple(tf.TensorArray(like.dtype, size, element_shape=(like.shape[1], width)) for width in widths)


def _length(sequence: tf.Tensor) -> int | tf.Tensor:
    return tf.shape(sequence)[0] if sequence.shape[0] is None else sequence.shape[0]
