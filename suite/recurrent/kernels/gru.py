"""The gated recurrent unit scan, forward and backward, with the reset gate after the product."""

from typing import Any

import tensorflow as tf

from suite.recurrent.kernels.inside import RowMasks, kernel_gradient, product_back, product_inside
from suite.recurrent.kernels.scan import Tensors, product
from suite.recurrent.kernels.scan import scan as plain_scan


def forward(
    inputs: tf.Tensor,
    states: Tensors,
    input_weights: Tensors,
    weights: Tensors,
    mask: tf.Tensor | None,
    length: tf.Tensor | None = None,
    dropped: tf.Tensor | None = None,
    *,
    keep: bool,
    sequences: bool,
    compiled: bool,
    scan: Any = plain_scan,
) -> tuple[tf.Tensor | None, Tensors, Tensors]:
    """All steps of a GRU with `reset_after=True`.

    With the gates in the order of Keras, `[z, r, n]`:

        z, r = sigmoid(x W + b + h U + b'),  a = h U_n + b'_n
        n = tanh(x W_n + b_n + r a),         h = z h + (1 - z) n

    Args:
        inputs: `(batch, time, features)`.
        states: `(h,)`, `(batch, units)`.
        input_weights: `(W, b)`, `(features, 3 units)` and `(3 units,)`.
        weights: `(U, b')`, `(units, 3 units)` and `(3 units,)`.
        mask: `(batch, time)` boolean or None; a step that is False leaves the state as it is.
        length: Number of steps to run, an integer tensor; None runs all.
        dropped: What `h` is multiplied by in the product of each gate, `(batch, gates units)`, the same at all steps; None: 1.
        keep: Whether to return what `backward` needs.
        sequences: Whether to return `h` of all steps (always done with `keep`).
        compiled: Whether the loop is traced for XLA.
        scan: What repeats the step.

    Returns:
        `(h of all steps or None, (h,), saved)`, `saved` being `[z, r]`, `n` and `a` of all steps.
    """
    recurrent, inner_bias = weights
    units = recurrent.shape[0]
    kernel, bias = input_weights
    inside = product_inside(recurrent, dropped, 3)

    def prepare(steps: list[tf.Tensor]) -> list[tf.Tensor]:
        projected = product(steps[0], kernel) + bias
        return [projected[..., : 2 * units], projected[..., 2 * units :], *steps[1:]]

    def step(slices: list[tf.Tensor], states: Tensors) -> tuple[Tensors, Tensors]:
        h = states[0]
        inner = inside(h) + inner_bias
        # sigmoid(x) = (tanh(x / 2) + 1) / 2 is the cheaper form of the two.
        gates = tf.tanh((slices[0] + inner[:, : 2 * units]) * 0.5) * 0.5 + 0.5
        z, r = tf.split(gates, 2, axis=-1)
        # The reset gate acts after the product, so that h U_n is part of the one product h U above.
        a = inner[:, 2 * units :]
        n = tf.tanh(slices[1] + r * a)
        # z h + (1 - z) n with one multiplication less.
        new = n + z * (h - n)
        if mask is not None:
            new = tf.where(slices[2], new, h)
        return (new, gates)[: len(states)], (new, gates, n, a)[: len(widths)]

    widths = (units, 2 * units, units, units) if keep else (units,) if sequences else ()
    if not keep:
        # Carried along and returned, the gates are written out at each step. Left to itself XLA folds them into one
        # loop with everything else, which it then fails to vectorise: twice the time.
        states = (states[0], tf.zeros((tf.shape(states[0])[0], 2 * units), inputs.dtype))
    steps = (inputs,) if mask is None else (inputs, mask[..., None])
    states, outputs = scan(prepare, step, states, steps, widths, compiled=compiled, length=length)
    return (outputs[0] if outputs else None), states[:1], outputs[1:] if keep else states[1:]


def backward(
    d_outputs: tf.Tensor | None,
    d_states: Tensors,
    outputs: tf.Tensor,
    saved: Tensors,
    states: Tensors,
    weights: Tensors,
    mask: tf.Tensor | None,
    length: tf.Tensor | None = None,
    dropped: tf.Tensor | None = None,
    *,
    compiled: bool,
    scan: Any = plain_scan,
) -> tuple[tf.Tensor, Tensors, Tensors]:
    """Back-propagation through time for `forward`.

    With the sum `dh` of all gradients that reach `h_t`:

        d[z, r, n] = dh * [(h_(t-1) - n) z (1 - z),  p a r (1 - r),  p],   p = (1 - z) (1 - n^2)
        d[z, r, a] = the same with r p in the last place
        dh_(t-1) = dh z + d[z, r, a] U^T

    All factors of `dh` are known beforehand and computed for many steps at once.

    Returns:
        `(d_projected, d_states, (d_inner,))`, the gradients of `x W + b` and of `h U + b'`, each
        `(batch, time, 3 units)`.
    """
    units = weights[0].shape[0]
    back = product_back(weights[0], dropped, 3)
    previous = tf.concat([states[0][:, None], outputs[:, :-1]], axis=1)

    def prepare(steps: list[tf.Tensor]) -> list[tf.Tensor]:
        gates, n, a, before = steps[:4]
        # p = dh_t / d(argument of n's tanh); the factors are those of the gradients by h U + b', [z, r, n] in turn:
        # z through (h_(t-1) - n), r through a, and a itself through r.
        z, r = tf.split(gates, 2, axis=-1)
        p = (1 - z) * (1 - n * n)
        factors = tf.concat([(before - n) * z * (1 - z), p * a * r * (1 - r), p * r], axis=-1)
        return [factors, p, z, *steps[4:]]

    def step(slices: list[tf.Tensor], states: Tensors) -> tuple[Tensors, Tensors]:
        (d_h,) = states
        factors, p, z = slices[:3]
        if d_outputs is not None:
            d_h += slices[-1]
        # All of it is proportional to dh_t; only the way back to h_(t-1), by z and by U, is left to the loop.
        d_inner = tf.concat([d_h, d_h, d_h], axis=-1) * factors
        stays, d_new = d_h * z, d_h * p
        if mask is not None:
            d_inner, d_new = tf.where(slices[3], d_inner, 0), tf.where(slices[3], d_new, 0)
            stays = tf.where(slices[3], stays, d_h)
        # The two sums share the gates; n's input part is not multiplied by r.
        d_projected = tf.concat([d_inner[:, : 2 * units], d_new], axis=-1)
        return (stays + back(d_inner),), (d_projected, d_inner)

    steps = (*saved, previous)
    steps += () if mask is None else (mask[..., None],)
    steps += () if d_outputs is None else (d_outputs,)
    widths = (3 * units, 3 * units)
    d_states, (d_projected, d_inner) = scan(
        prepare, step, d_states, steps, widths, compiled=compiled, length=length, reverse=True
    )
    return d_projected, d_states, (d_inner,)


def recurrent_gradients(
    previous: tf.Tensor,
    d_projected: tf.Tensor,
    extras: list[tf.Tensor],
    saved: list[tf.Tensor],
    dropped: RowMasks | None = None,
) -> Tensors:
    """Gradients of `(U, b')` from the flattened `h_(t-1)` and `d_inner` of all steps."""
    # dU = sum_t h_(t-1)^T d_inner_t and db' = sum_t d_inner_t, over time and batch at once.
    (d_inner,) = extras
    return kernel_gradient(previous, d_inner, dropped, 3), tf.reduce_sum(d_inner, axis=0)
