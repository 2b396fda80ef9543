"""The gated recurrent unit scan of the original paper: the reset gate acts before the product."""

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
    """All steps of a GRU with `reset_after=False`.

        z, r = sigmoid(x W + b + h U_zr)
        n = tanh(x W_n + b_n + (r h) U_n),   h = z h + (1 - z) n

    Arguments and results are those of `gru.forward`, but `weights` is `(U,)` and `saved` is `[z, r]` and `n`.
    """
    (recurrent,) = weights
    units = recurrent.shape[0]
    kernel, bias = input_weights
    # r h is known only after the gates: two products a step, where `gru` has one.
    of_gates, of_new = (None, None) if dropped is None else (dropped[:, : 2 * units], dropped[:, 2 * units :])
    to_gates = product_inside(recurrent[:, : 2 * units], of_gates, 2)
    to_new = product_inside(recurrent[:, 2 * units :], of_new, 1)

    def prepare(steps: list[tf.Tensor]) -> list[tf.Tensor]:
        projected = product(steps[0], kernel) + bias
        return [projected[..., : 2 * units], projected[..., 2 * units :], *steps[1:]]

    def step(slices: list[tf.Tensor], states: Tensors) -> tuple[Tensors, Tensors]:
        h = states[0]
        # sigmoid(x) = (tanh(x / 2) + 1) / 2.
        gates = tf.tanh((slices[0] + to_gates(h)) * 0.5) * 0.5 + 0.5
        z, r = tf.split(gates, 2, axis=-1)
        n = tf.tanh(slices[1] + to_new(r * h))
        new = n + z * (h - n)
        if mask is not None:
            new = tf.where(slices[2], new, h)
        return (new, gates)[: len(states)], (new, gates, n)[: len(widths)]

    widths = (units, 2 * units, units) if keep else (units,) if sequences else ()
    if not keep:
        # Written out at each step for the reason given in `gru.forward`.
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

    dn = dh (1 - z) (1 - n^2),   e = dn U_n^T   (gradient of r h)
    dz = dh (h_(t-1) - n) z (1 - z),   dr = e h_(t-1) r (1 - r)
    dh_(t-1) = dh z + e r + d[z, r] U_zr^T
    """
    (recurrent,) = weights
    units = recurrent.shape[0]
    of_gates, of_new = (None, None) if dropped is None else (dropped[:, : 2 * units], dropped[:, 2 * units :])
    from_gates = product_back(recurrent[:, : 2 * units], of_gates, 2)
    from_new = product_back(recurrent[:, 2 * units :], of_new, 1)
    previous = tf.concat([states[0][:, None], outputs[:, :-1]], axis=1)

    def prepare(steps: list[tf.Tensor]) -> list[tf.Tensor]:
        gates, n, before = steps[:3]
        z, r = tf.split(gates, 2, axis=-1)
        # What dh_t and e are multiplied by, known for all steps beforehand.
        for_update = (before - n) * z * (1 - z)
        return [(1 - z) * (1 - n * n), for_update, before * r * (1 - r), z, r, *steps[3:]]

    def step(slices: list[tf.Tensor], states: Tensors) -> tuple[Tensors, Tensors]:
        (d_h,) = states
        for_new, for_update, for_reset, z, r = slices[:5]
        if d_outputs is not None:
            d_h += slices[-1]
        # Back through n, then through (r h) U_n: only then is the gradient of the reset gate known.
        d_new = d_h * for_new
        d_reset_state = from_new(d_new)
        d_gates = tf.concat([d_h * for_update, d_reset_state * for_reset], axis=-1)
        # Three ways from h_t back to h_(t-1): kept by z, through r h, and through the gates.
        before = d_h * z + d_reset_state * r + from_gates(d_gates)
        if mask is not None:
            d_new, d_gates = (tf.where(slices[5], d, 0) for d in (d_new, d_gates))
            before = tf.where(slices[5], before, d_h)
        return (before,), (tf.concat([d_gates, d_new], axis=-1),)

    steps = (*saved, previous)
    steps += () if mask is None else (mask[..., None],)
    steps += () if d_outputs is None else (d_outputs,)
    d_states, (d_projected,) = scan(
        prepare, step, d_states, steps, (3 * units,), compiled=compiled, length=length, reverse=True
    )
    return d_projected, d_states, ()


def recurrent_gradients(
    previous: tf.Tensor,
    d_projected: tf.Tensor,
    extras: list[tf.Tensor],
    saved: list[tf.Tensor],
    dropped: RowMasks | None = None,
) -> Tensors:
    """Gradient of `(U,)` from the flattened `h_(t-1)`, `d_projected` and gates of all steps."""
    units = previous.shape[-1]
    # U_zr saw h_(t-1), U_n saw r h_(t-1): two products, side by side as the columns of U are.
    reset_state = previous * saved[0][:, units:]
    d_gates, d_new = d_projected[:, : 2 * units], d_projected[:, 2 * units :]
    of_gates, of_new = None, None
    if dropped is not None:
        masks, steps = dropped
        of_gates, of_new = (masks[:, : 2 * units], steps), (masks[:, 2 * units :], steps)
    to_gates = kernel_gradient(previous, d_gates, of_gates, 2)
    return (tf.concat([to_gates, kernel_gradient(reset_state, d_new, of_new, 1)], axis=-1),)
