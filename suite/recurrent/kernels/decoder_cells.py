"""One step of a cell whose input is known only inside the loop, forward and backward, for `attention_decoder`."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import tensorflow as tf

from suite.recurrent.kernels.scan import Tensors


class Cell(NamedTuple):
    """What the decoder's loops call.

    Attributes:
        forward: `(projected, context, states, weights) -> (states, saved)`: one step.
        backward: `(saved, states, d_states, weights) -> (d_sums, d_context, d_states)`: the gradients by the cell's sums,
            by the context and by the states before the step; weights are transposed.
        gradients: `(h before the steps, contexts, d_sums) -> gradients of the weights`, `(steps, ...)` matrices of all
            steps.
        saved: How many tensors are saved.
        sums: How many sums there are; the first is that to which `projected` belongs.
    """

    forward: Callable
    backward: Callable
    gradients: Callable
    saved: int
    sums: int


def _lstm(
    projected: tf.Tensor, context: tf.Tensor, states: Tensors, weights: Sequence[tf.Tensor]
) -> tuple[Tensors, Tensors]:
    """Equations as in `suite.recurrent.LSTM`; the weight is `[U; C]`, of `h` and of the context."""
    # h and context are known only now, so U and C act together: [h ; context] [U ; C].
    h, c = states
    i, f, g, o = tf.split(projected + tf.matmul(tf.concat([h, context], axis=1), weights[0]), 4, axis=1)
    i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
    c = f * c + i * g
    squashed = tf.tanh(c)
    return (o * squashed, c), (i, f, g, o, squashed)


def _lstm_backward(
    saved: Sequence[tf.Tensor], states: Tensors, d_states: Tensors, weights: Sequence[tf.Tensor]
) -> tuple[Tensors, tf.Tensor, Tensors]:
    i, f, g, o, squashed = saved
    h, c = states
    d_h, d_c = d_states
    # c reaches the loss by the next c and by h = o tanh(c).
    d_c += d_h * o * (1 - squashed * squashed)
    # Slopes by the gates' own values: sigmoid' = s (1 - s), tanh' = 1 - g^2.
    gates = [d_c * g * i * (1 - i), d_c * c * f * (1 - f), d_c * i * (1 - g * g), d_h * squashed * o * (1 - o)]
    d_gates = tf.concat(gates, axis=1)
    units = h.shape[1]
    # One product with [U ; C]^T, whose columns are those of h and then those of the context.
    d_inputs = tf.matmul(d_gates, weights[0])
    return (d_gates,), d_inputs[:, units:], (d_inputs[:, :units], d_c * f)


def _lstm_gradients(before: tf.Tensor, contexts: tf.Tensor, d_sums: Sequence[tf.Tensor]) -> Tensors:
    return (tf.matmul(tf.concat([before, contexts], axis=1), d_sums[0], transpose_a=True),)


def _gru(
    projected: tf.Tensor, context: tf.Tensor, states: Tensors, weights: Sequence[tf.Tensor]
) -> tuple[Tensors, Tensors]:
    """Equations as in `suite.recurrent.GRU` with `reset_after`; the weights are `C`, `U` and `b'`."""
    (h,) = states
    context_kernel, recurrent, bias = weights
    # The reset gate multiplies what comes from h alone, so the sums of input and of state stay apart.
    outer_z, outer_r, outer_n = tf.split(projected + tf.matmul(context, context_kernel), 3, axis=1)
    inner_z, inner_r, inner = tf.split(tf.matmul(h, recurrent) + bias, 3, axis=1)
    z, r = tf.sigmoid(outer_z + inner_z), tf.sigmoid(outer_r + inner_r)
    n = tf.tanh(outer_n + r * inner)
    return (n + z * (h - n),), (z, r, n, inner)


def _gru_backward(
    saved: Sequence[tf.Tensor], states: Tensors, d_states: Tensors, weights: Sequence[tf.Tensor]
) -> tuple[Tensors, tf.Tensor, Tensors]:
    z, r, n, inner = saved
    (h,), (d_h,) = states, d_states
    # h' = z h + (1 - z) n, with n = tanh(outer_n + r inner).
    d_n = d_h * (1 - z) * (1 - n * n)
    d_z, d_r = d_h * (h - n) * z * (1 - z), d_n * inner * r * (1 - r)
    # Both sums have the gates' gradients; of n's the state's part is multiplied by r.
    d_outer, d_inner = tf.concat([d_z, d_r, d_n], axis=1), tf.concat([d_z, d_r, d_n * r], axis=1)
    return (d_outer, d_inner), tf.matmul(d_outer, weights[0]), (d_h * z + tf.matmul(d_inner, weights[1]),)


def _gru_gradients(before: tf.Tensor, contexts: tf.Tensor, d_sums: Sequence[tf.Tensor]) -> Tensors:
    d_outer, d_inner = d_sums
    d_context_kernel = tf.matmul(contexts, d_outer, transpose_a=True)
    return d_context_kernel, tf.matmul(before, d_inner, transpose_a=True), tf.reduce_sum(d_inner, axis=0)


CELLS = {
    "lstm": Cell(_lstm, _lstm_backward, _lstm_gradients, saved=5, sums=1),
    "gru": Cell(_gru, _gru_backward, _gru_gradients, saved=4, sums=2),
}
