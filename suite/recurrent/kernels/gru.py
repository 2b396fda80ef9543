"""The gated recurrent unit scan, forward and backward, with the reset gate after or before the product."""
import tensorflow as tf

from suite.recurrent.kernels.scan import scan


def forward(projected, states, weights, mask, length=None, *, keep, sequences, compiled):
    """All steps of a GRU whose input products `projected = x W + b` are given, `reset_after=True`.

    With the gates in the order of Keras, `[z, r, h]`:

        z, r = sigmoid(. + h U + b'),  a = h U_h + b'_h
        n = tanh(. + r a),             h = z h + (1 - z) n

    Args:
        projected: `(batch, time, 3 units)`.
        states: `(h,)`, `(batch, units)`.
        weights: `(U, b')`, `(units, 3 units)` and `(3 units,)`.
        mask: `(batch, time)` boolean or None; a step that is False leaves the state as it is.
        length: Number of steps to run, an integer tensor; None runs all.
        keep: Whether to return what `backward` needs.
        sequences: Whether to return `h` of all steps (always done with `keep`).
        compiled: Whether the loop is traced for XLA.

    Returns:
        `(h of all steps or None, (h,), saved)`, `saved` being `[z, r]`, `n` and `a` of all steps.
    """
    recurrent, bias = weights
    units = recurrent.shape[0]

    def step(slices, states):
        h = states[0]
        inner = tf.matmul(h, recurrent) + bias
        # sigmoid(x) = (tanh(x / 2) + 1) / 2 is the cheaper form of the two.
        gates = tf.tanh((slices[0][:, : 2 * units] + inner[:, : 2 * units]) * 0.5) * 0.5 + 0.5
        z, r = tf.split(gates, 2, axis=-1)
        a = inner[:, 2 * units :]
        n = tf.tanh(slices[0][:, 2 * units :] + r * a)
        new = n + z * (h - n)
        if mask is not None:
            new = tf.where(slices[1], new, h)
        return (new, gates)[: len(states)], (new, gates, n, a)[: len(widths)]

    widths = (units, 2 * units, units, units) if keep else (units,) if sequences else ()
    if not keep:
        # Carried along and returned, the gates are written out at each step. Left to itself XLA folds them into one
        # loop with everything else, which it then fails to vectorise: twice the time.
        states = (states[0], tf.zeros((tf.shape(states[0])[0], 2 * units), projected.dtype))
    steps = (projected,) if mask is None else (projected, mask[..., None])
    states, outputs = scan(step, states, steps, widths, compiled=compiled, length=length)
    return (outputs[0] if outputs else None), states[:1], outputs[1:] if keep else states[1:]


def backward(d_outputs, d_states, outputs, saved, states, weights, mask, length=None, *, compiled):
    """Back-propagation through time for `forward`.

    With the sum `dh` of all gradients that reach `h_t`:

        d[z, r, n] = dh * [(h_(t-1) - n) z (1 - z),  p a r (1 - r),  p],   p = (1 - z) (1 - n^2)
        d[z, r, a] = the same with r p in the last place
        dh_(t-1) = dh z + d[z, r, a] U^T

    All factors of `dh` are known before the loop and computed for all steps at once.

    Returns:
        `(d_projected, d_states, (d_inner,))`; `d_inner` is the gradient of `h U + b'`, `(batch, time, 3 units)`.
    """
    gates, n, a = saved
    recurrent = tf.transpose(weights[0])
    previous = tf.concat([states[0][:, None], outputs[:, :-1]], axis=1)
    z, r = tf.split(gates, 2, axis=-1)
    p = (1 - z) * (1 - n * n)
    factors = tf.concat([(previous - n) * z * (1 - z), p * a * r * (1 - r), p * r], axis=-1)

    def step(slices, states):
        (d_h,) = states
        if d_outputs is not None:
            d_h += slices[-1]
        d_inner = tf.concat([d_h, d_h, d_h], axis=-1) * slices[0]
        if mask is None:
            return (d_h * slices[1] + tf.matmul(d_inner, recurrent),), (d_inner, d_h)
        d_inner = tf.where(slices[2], d_inner, 0)
        stays = tf.where(slices[2], d_h * slices[1], d_h)
        return (stays + tf.matmul(d_inner, recurrent),), (d_inner, tf.where(slices[2], d_h, 0))

    steps = (factors, z)
    steps += () if mask is None else (mask[..., None],)
    steps += () if d_outputs is None else (d_outputs,)
    units = weights[0].shape[0]
    d_states, (d_inner, d_h) = scan(
        step, d_states, steps, (3 * units, units), compiled=compiled, length=length, reverse=True
    )
    d_projected = tf.concat([d_inner[..., : 2 * units], d_h * p], axis=-1)
    return d_projected, d_states, (d_inner,)


def recurrent_gradients(previous, d_projected, extras, saved):
    """Gradients of `(U, b')` from the flattened `h_(t-1)` and `d_inner` of all steps."""
    (d_inner,) = extras
    return tf.matmul(previous, d_inner, transpose_a=True), tf.reduce_sum(d_inner, axis=0)
