"""The long short-term memory scan, forward and backward."""

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
    """All steps of an LSTM.

    With the gates in the order of Keras, `[i, f, g, o]`:

        i, f, o = sigmoid(x W + b + h U),  g = tanh(x W + b + h U)
        c = f c + i g,                     h = o tanh(c)

    Args:
        inputs: `(batch, time, features)`.
        states: `(h, c)`, each `(batch, units)`.
        input_weights: `(W, b)`, `(features, 4 units)` and `(4 units,)`.
        weights: `(U,)`, `(units, 4 units)`.
        mask: `(batch, time)` boolean or None; a step that is False leaves both states as they are.
        length: Number of steps to run, an integer tensor; None runs all.
        dropped: What `h` is multiplied by in the product of each gate, `(batch, gates units)`, the same at all steps; None: 1.
        keep: Whether to return what `backward` needs.
        sequences: Whether to return `h` of all steps (always done with `keep`).
        compiled: Whether the loop is traced for XLA.
        scan: What repeats the step.

    Returns:
        `(h of all steps or None, (h, c), saved)`, `saved` being the gates and the `c` before each step.
    """
    (recurrent,) = weights
    units = recurrent.shape[0]
    # sigmoid(x) = (tanh(x / 2) + 1) / 2: one activation over all four gates, vectorised without a seam.
    # The halves inside the tanh are multiplied into the weights once, so that the loop has none.
    half = tf.constant([0.5] * (2 * units) + [1.0] * units + [0.5] * units, inputs.dtype)
    kernel, bias, recurrent = (weight * half for weight in (*input_weights, recurrent))

    inside = product_inside(recurrent, dropped, 4)

    def prepare(steps: list[tf.Tensor]) -> list[tf.Tensor]:
        # x_t W + b depends on no state: one matrix product for many steps instead of one a step.
        return [product(steps[0], kernel) + bias, *steps[1:]]

    def step(slices: list[tf.Tensor], states: Tensors) -> tuple[Tensors, Tensors]:
        h, c = states
        # [i, f, g, o]: tanh(z / 2) / 2 + 1 / 2 for the three sigmoids, tanh(z) * 1 + 0 for g.
        gates = tf.tanh(slices[0] + inside(h)) * half + (1 - half)
        i, f, g, o = tf.split(gates, 4, axis=-1)
        new_c = f * c + i * g
        new_h = o * tf.tanh(new_c)
        # A masked step hands both states on as they came.
        if mask is not None:
            new_h, new_c = tf.where(slices[1], new_h, h), tf.where(slices[1], new_c, c)
        return (new_h, new_c), (new_h, gates, c)[: len(widths)]

    # The gates and c_(t-1) are all that backward needs beside h: tanh(c_t) is cheaper to compute again than to keep.
    widths = (units, 4 * units, units) if keep else (units,) if sequences else ()
    steps = (inputs,) if mask is None else (inputs, mask[..., None])
    states, outputs = scan(prepare, step, states, steps, widths, compiled=compiled, length=length)
    return (outputs[0] if outputs else None), states, outputs[1:]


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

    With the sums `dh`, `dc` of all gradients that reach `h_t`, `c_t`:

        dc += dh o (1 - tanh(c)^2)
        d[i, f, g, o] = [dc, dc, dc, dh] * [g, c_(t-1), i, tanh(c)] * (slopes of the gates)
        dh_(t-1) = d[i, f, g, o] U^T,  dc_(t-1) = dc f

    All factors but `dh` and `dc` are known beforehand and computed for many steps at once.

    Returns:
        `(d_projected, d_states, ())`, the first being the gradient of `x W + b`, `(batch, time, 4 units)`.
    """
    back = product_back(weights[0], dropped, 4)

    def prepare(steps: list[tf.Tensor]) -> list[tf.Tensor]:
        gates, before = steps[:2]
        # Slopes by the gate's own value: sigmoid' = s (1 - s), tanh' = 1 - g^2. Each is multiplied by what the gate was
        # multiplied by in the forward pass (g for i, c_(t-1) for f, i for g, tanh(c_t) for o), for many steps at once.
        i, f, g, o = tf.split(gates, 4, axis=-1)
        squashed = tf.tanh(f * before + i * g)
        factors = [g * i * (1 - i), before * f * (1 - f), i * (1 - g * g), squashed * o * (1 - o)]
        return [tf.concat(factors, axis=-1), o * (1 - squashed * squashed), f, *steps[2:]]

    def step(slices: list[tf.Tensor], states: Tensors) -> tuple[Tensors, Tensors]:
        d_h, d_c = states
        factor, slope, f = slices[:3]
        # dh_t: what came back from step t + 1 and what arrives from the output of this step.
        if d_outputs is not None:
            d_h += slices[-1]
        # dc_t: c_t reaches the loss by c_(t+1) and by h_t = o tanh(c_t).
        through = d_c + d_h * slope
        d_gates = tf.concat([through, through, through, d_h], axis=-1) * factor
        if mask is None:
            return (back(d_gates), through * f), (d_gates,)
        # A masked step passed its states on: so do the gradients, and its gates get none.
        d_gates = tf.where(slices[3], d_gates, 0)
        d_h = back(d_gates) + tf.where(~slices[3], d_h, 0)
        return (d_h, tf.where(slices[3], through * f, d_c)), (d_gates,)

    steps = saved
    steps += () if mask is None else (mask[..., None],)
    steps += () if d_outputs is None else (d_outputs,)
    widths = saved[0].shape[-1:]
    d_states, (d_projected,) = scan(
        prepare, step, d_states, steps, widths, compiled=compiled, length=length, reverse=True
    )
    return d_projected, d_states, ()


def recurrent_gradients(
    previous: tf.Tensor,
    d_projected: tf.Tensor,
    extras: list[tf.Tensor],
    saved: list[tf.Tensor],
    dropped: RowMasks | None = None,
) -> Tensors:
    """Gradient of `(U,)` from the flattened `h_(t-1)` and `d_projected` of all steps."""
    return (kernel_gradient(previous, d_projected, dropped, 4),)
