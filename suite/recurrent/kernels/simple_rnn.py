"""The plain recurrent scan, forward and backward."""

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
    """All steps of `h = tanh(x W + b + h U)`.

    Args:
        inputs: `(batch, time, features)`.
        states: `(h,)`, `(batch, units)`.
        input_weights: `(W, b)`, `(features, units)` and `(units,)`.
        weights: `(U,)`, `(units, units)`.
        mask: `(batch, time)` boolean or None; a step that is False leaves the state as it is.
        length: Number of steps to run, an integer tensor; None runs all.
        dropped: What `h` is multiplied by in the product of each gate, `(batch, gates units)`, the same at all steps; None: 1.
        keep: Whether to return what `backward` needs: `h` of all steps, nothing else.
        sequences: Whether to return `h` of all steps (always done with `keep`).
        compiled: Whether the loop is traced for XLA.
        scan: What repeats the step.

    Returns:
        `(h of all steps or None, (h,), ())`.
    """
    (recurrent,) = weights
    kernel, bias = input_weights
    inside = product_inside(recurrent, dropped, 1)

    def prepare(steps: list[tf.Tensor]) -> list[tf.Tensor]:
        # x_t W + b depends on no state: one matrix product for many steps instead of one a step.
        return [product(steps[0], kernel) + bias, *steps[1:]]

    def step(slices: list[tf.Tensor], states: Tensors) -> tuple[Tensors, Tensors]:
        # h_t = tanh(x_t W + b + h_(t-1) U); a masked step hands h_(t-1) on.
        new = tf.tanh(slices[0] + inside(states[0]))
        if mask is not None:
            new = tf.where(slices[1], new, states[0])
        return (new,), (new,) * len(widths)

    widths = recurrent.shape[:1] if keep or sequences else ()
    steps = (inputs,) if mask is None else (inputs, mask[..., None])
    states, outputs = scan(prepare, step, states, steps, widths, compiled=compiled, length=length)
    return (outputs[0] if outputs else None), states, ()


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
    """Back-propagation through time: `d_projected = dh (1 - h^2)`, `dh_(t-1) = d_projected U^T`."""
    back = product_back(weights[0], dropped, 1)

    def prepare(steps: list[tf.Tensor]) -> list[tf.Tensor]:
        # tanh' = 1 - h^2, from the outputs themselves: nothing else has to be saved.
        return [1 - steps[0] * steps[0], *steps[1:]]

    def step(slices: list[tf.Tensor], states: Tensors) -> tuple[Tensors, Tensors]:
        (d_h,) = states
        # dh_t: what came back from step t + 1 and what arrives from the output of this step.
        if d_outputs is not None:
            d_h += slices[-1]
        d_projected = d_h * slices[0]
        if mask is None:
            return (back(d_projected),), (d_projected,)
        # A masked step passed h on: so does its gradient.
        d_projected = tf.where(slices[1], d_projected, 0)
        return (back(d_projected) + tf.where(~slices[1], d_h, 0),), (d_projected,)

    steps = (outputs,)
    steps += () if mask is None else (mask[..., None],)
    steps += () if d_outputs is None else (d_outputs,)
    d_states, (d_projected,) = scan(
        prepare, step, d_states, steps, outputs.shape[-1:], compiled=compiled, length=length, reverse=True
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
    return (kernel_gradient(previous, d_projected, dropped, 1),)
