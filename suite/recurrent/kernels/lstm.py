"""The long short-term memory scan, forward and backward."""

import tensorflow as tf

from suite.recurrent.kernels.scan import product, scan


def forward(inputs, states, input_weights, weights, mask, length=None, *, keep, sequences, compiled):
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
        keep: Whether to return what `backward` needs.
        sequences: Whether to return `h` of all steps (always done with `keep`).
        compiled: Whether the loop is traced for XLA.

    Returns:
        `(h of all steps or None, (h, c), saved)`, `saved` being the gates and the `c` before each step.
    """
    (recurrent,) = weights
    units = recurrent.shape[0]
    # sigmoid(x) = (tanh(x / 2) + 1) / 2: one activation over all four gates, vectorised without a seam.
    half = tf.constant([0.5] * (2 * units) + [1.0] * units + [0.5] * units, inputs.dtype)
    kernel, bias, recurrent = (weight * half for weight in (*input_weights, recurrent))

    def prepare(steps):
        return [product(steps[0], kernel) + bias, *steps[1:]]

    def step(slices, states):
        h, c = states
        gates = tf.tanh(slices[0] + tf.matmul(h, recurrent)) * half + (1 - half)
        i, f, g, o = tf.split(gates, 4, axis=-1)
        new_c = f * c + i * g
        new_h = o * tf.tanh(new_c)
        if mask is not None:
            new_h, new_c = tf.where(slices[1], new_h, h), tf.where(slices[1], new_c, c)
        return (new_h, new_c), (new_h, gates, c)[: len(widths)]

    widths = (units, 4 * units, units) if keep else (units,) if sequences else ()
    steps = (inputs,) if mask is None else (inputs, mask[..., None])
    states, outputs = scan(prepare, step, states, steps, widths, compiled=compiled, length=length)
    return (outputs[0] if outputs else None), states, outputs[1:]


def backward(d_outputs, d_states, outputs, saved, states, weights, mask, length=None, *, compiled):
    """Back-propagation through time for `forward`.

    With the sums `dh`, `dc` of all gradients that reach `h_t`, `c_t`:

        dc += dh o (1 - tanh(c)^2)
        d[i, f, g, o] = [dc, dc, dc, dh] * [g, c_(t-1), i, tanh(c)] * (slopes of the gates)
        dh_(t-1) = d[i, f, g, o] U^T,  dc_(t-1) = dc f

    All factors but `dh` and `dc` are known beforehand and computed for many steps at once.

    Returns:
        `(d_projected, d_states, ())`, the first being the gradient of `x W + b`, `(batch, time, 4 units)`.
    """
    recurrent = tf.transpose(weights[0])

    def prepare(steps):
        gates, before = steps[:2]
        i, f, g, o = tf.split(gates, 4, axis=-1)
        squashed = tf.tanh(f * before + i * g)
        factors = [g * i * (1 - i), before * f * (1 - f), i * (1 - g * g), squashed * o * (1 - o)]
        return [tf.concat(factors, axis=-1), o * (1 - squashed * squashed), f, *steps[2:]]

    def step(slices, states):
        d_h, d_c = states
        factor, slope, f = slices[:3]
        if d_outputs is not None:
            d_h += slices[-1]
        through = d_c + d_h * slope
        d_gates = tf.concat([through, through, through, d_h], axis=-1) * factor
        if mask is None:
            return (tf.matmul(d_gates, recurrent), through * f), (d_gates,)
        d_gates = tf.where(slices[3], d_gates, 0)
        d_h = tf.matmul(d_gates, recurrent) + tf.where(~slices[3], d_h, 0)
        return (d_h, tf.where(slices[3], through * f, d_c)), (d_gates,)

    steps = saved
    steps += () if mask is None else (mask[..., None],)
    steps += () if d_outputs is None else (d_outputs,)
    widths = saved[0].shape[-1:]
    d_states, (d_projected,) = scan(
        prepare, step, d_states, steps, widths, compiled=compiled, length=length, reverse=True
    )
    return d_projected, d_states, ()


def recurrent_gradients(previous, d_projected, extras, saved):
    """Gradient of `(U,)` from the flattened `h_(t-1)` and `d_projected` of all steps."""
    return (tf.matmul(previous, d_projected, transpose_a=True),)
