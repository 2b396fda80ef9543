"""The layer-normalized LSTM of Ba et al. 2016, forward and backward.

    z = gain LN(x W) + gain' LN(h U) + b     LN over all gates together
    i, f, o = sigmoid(z),  g = tanh(z),      c = f c + i g
    y = tanh(gain" LN(c) + shift),           h = o y

Weights beside `W` are `(U, gain, b, gain', gain", shift)`: `(units, 4 units)`, three `(4 units,)` and two `(units,)`.
"""

from typing import Any

import tensorflow as tf

from suite.recurrent.kernels.normalizing import normalize, normalize_back
from suite.recurrent.kernels.scan import Tensors, product
from suite.recurrent.kernels.scan import scan as plain_scan

EPSILON = 1e-3  # what layers add to the variance unless told otherwise


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
    """All steps; arguments and results as of `lstm.forward`, with a bias of zeros beside `W`.

    Saved are the gates, the `c` before each step, and the normalized `h U` and `x W` with their inverse deviations: without
    these the products would have to be made again.
    """
    recurrent, input_gain, bias, state_gain, cell_gain, shift = weights
    units = recurrent.shape[0]
    # sigmoid(x) = (tanh(x / 2) + 1) / 2, as in `lstm`; here the half is multiplied into what the sum is made of.
    half = tf.constant([0.5] * (2 * units) + [1.0] * units + [0.5] * units, inputs.dtype)
    input_gain, bias, state_gain = input_gain * half, bias * half, state_gain * half

    def prepare(steps: list[tf.Tensor]) -> list[tf.Tensor]:
        # No state enters the part of the inputs: a few steps at a time, normalized while they are in the cache.
        normal, scale = _normalize_last(product(steps[0], input_weights[0]))
        return [normal * input_gain + bias, *((normal, scale) if keep else ()), *steps[1:]]

    def step(slices: list[tf.Tensor], states: Tensors) -> tuple[Tensors, Tensors]:
        h, c = states
        normal, scale = normalize(tf.matmul(h, recurrent), 1, EPSILON)
        gates = tf.tanh(slices[0] + normal * state_gain) * half + (1 - half)
        i, f, g, o = tf.split(gates, 4, axis=-1)
        new_c = f * c + i * g
        new_h = o * tf.tanh(normalize(new_c, 1, EPSILON)[0] * cell_gain + shift)
        # A masked step hands both states on as they came.
        if mask is not None:
            real = slices[3 if keep else 1]
            new_h, new_c = tf.where(real, new_h, h), tf.where(real, new_c, c)
        return (new_h, new_c), (new_h, gates, c, normal, scale, *slices[1:3])[: len(widths)]

    widths = (units, 4 * units, units, 4 * units, 1, 4 * units, 1) if keep else (units,) if sequences else ()
    steps = (inputs,) if mask is None else (inputs, mask[..., None])
    ends, outputs = scan(prepare, step, states, steps, widths, compiled=compiled, length=length)
    return (outputs[0] if outputs else None), ends, outputs[1:]


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

    With the sums `dh`, `dc` of all gradients that reach `h_t`, `c_t`, and `v` what `y` is the tanh of:

        dv = dh o (1 - y^2)                  dc += LN'(dv gain")
        dz = [dc, dc, dc, dh] * [g, c_(t-1), i, y] * (slopes of the gates)
        da = LN'(dz gain')                   for a = h U
        dh_(t-1) = da U^T                    dc_(t-1) = dc f

    Gradients of gains, `b` and `shift` are sums over time: the loop carries them along, of each row of the batch.

    Returns:
        `(d_projected, d_states, extras)`: the gradient of `x W`; extras are `da` and the sums, `(batch, 1, ...)`.
    """
    recurrent, input_gain, _, state_gain, cell_gain, shift = weights
    units, transposed = recurrent.shape[0], tf.transpose(recurrent)

    def prepare(steps: list[tf.Tensor]) -> list[tf.Tensor]:
        # Slopes and factors of many steps at once; the normalized c is computed again from what was saved.
        i, f, g, o = tf.split(steps[0], 4, axis=-1)
        before = steps[1]
        normal_c, scale_c = _normalize_last(f * before + i * g)
        y = tf.tanh(normal_c * cell_gain + shift)
        of_c = tf.concat([g * i * (1 - i), before * f * (1 - f), i * (1 - g * g)], axis=-1)
        return [of_c, y * o * (1 - o), o * (1 - y * y), f, normal_c, scale_c, *steps[2:]]

    def step(slices: list[tf.Tensor], states: Tensors) -> tuple[Tensors, Tensors]:
        d_h, d_c, *sums = states
        of_c, of_o, slope, f, normal_c, scale_c, normal, scale, normal_x, scale_x = slices[:10]
        if d_outputs is not None:
            d_h += slices[-1]
        d_v = d_h * slope
        through = d_c + normalize_back(d_v * cell_gain, normal_c, scale_c, 1)
        d_z = tf.concat([tf.concat([through] * 3, axis=-1) * of_c, d_h * of_o], axis=-1)
        before_c = through * f
        if mask is not None:
            # A masked step passed its states on: so do the gradients, and its gates get none.
            d_z, d_v = tf.where(slices[10], d_z, 0), tf.where(slices[10], d_v, 0)
            before_c = tf.where(slices[10], before_c, d_c)
        d_a = normalize_back(d_z * state_gain, normal, scale, 1)
        before_h = tf.matmul(d_a, transposed)
        if mask is not None:
            before_h += tf.where(~slices[10], d_h, 0)
        summands = d_z * normal_x, d_z, d_z * normal, d_v * normal_c, d_v
        sums = [total + summand for total, summand in zip(sums, summands, strict=True)]
        return (before_h, before_c, *sums), (normalize_back(d_z * input_gain, normal_x, scale_x, 1), d_a)

    steps = saved
    steps += () if mask is None else (mask[..., None],)
    steps += () if d_outputs is None else (d_outputs,)
    sums = tuple(tf.repeat(tf.zeros_like(d_states[1]), count, axis=1) for count in (4, 4, 4, 1, 1))
    d_states, (d_projected, d_a) = scan(
        prepare, step, (*d_states, *sums), steps, (4 * units,) * 2, compiled=compiled, length=length, reverse=True
    )
    return d_projected, d_states[:2], (d_a, *(total[:, None] for total in d_states[2:]))


def recurrent_gradients(
    previous: tf.Tensor, d_projected: tf.Tensor, extras: list[tf.Tensor], saved: list[tf.Tensor], dropped: Any = None
) -> Tensors:
    """Gradients of the `weights` of `forward`, from the flattened `h_(t-1)` of all steps and the extras."""
    d_a, *sums = extras
    return tf.matmul(previous, d_a, transpose_a=True), *(tf.reduce_sum(total, axis=0) for total in sums)


def _normalize_last(values: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Values of any number of steps, `(..., width)`, normalized, and the inverse deviations, `(..., 1)`."""
    centered = values - tf.reduce_mean(values, axis=-1, keepdims=True)
    scale = tf.math.rsqrt(tf.reduce_mean(centered * centered, axis=-1, keepdims=True) + EPSILON)
    return centered * scale, scale
