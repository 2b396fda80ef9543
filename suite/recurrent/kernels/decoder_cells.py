"""One step of a cell whose input is known only inside the loop, forward and backward, for `attention_decoder`."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf


class Cell(NamedTuple):
    """What the decoder's loops call.

    Attributes:
        forward: `(outer, inner, states) -> (states, saved)`: `outer` is the input's part of the cell's sums, `inner` is
            `h U + b'`.
        factors: What `backward` needs from what was saved (and `h` before the step where `needs_h`), for any number of
            steps at once.
        backward: `(factors, gradients of the states) -> (d_outer, d_inner, gradients of the states before)`, the last
            without what goes through `inner`.
        widths: `units -> widths` of what is saved.
        two_sums: Whether `d_inner` is something else than `d_outer`.
        needs_h: Whether `factors` takes `h` before the step.
    """

    forward: Callable
    factors: Callable
    backward: Callable
    widths: Callable
    two_sums: bool
    needs_h: bool


def _lstm(outer, inner, states):
    """Equations as in `suite.recurrent.kernels.lstm`; saved are the gates and `c` before the step."""
    _, c = states
    units = c.shape[-1]
    # sigmoid(x) = (tanh(x / 2) + 1) / 2: one activation over all four gates.
    half = tf.constant([0.5] * (2 * units) + [1.0] * units + [0.5] * units, outer.dtype)
    gates = tf.tanh((outer + inner) * half) * half + (1 - half)
    i, f, g, o = tf.split(gates, 4, axis=-1)
    new_c = f * c + i * g
    return (o * tf.tanh(new_c), new_c), (gates, c)


def _lstm_factors(gates, before):
    i, f, g, o = tf.split(gates, 4, axis=-1)
    squashed = tf.tanh(f * before + i * g)
    factors = [g * i * (1 - i), before * f * (1 - f), i * (1 - g * g), squashed * o * (1 - o)]
    return [tf.concat(factors, axis=-1), o * (1 - squashed * squashed), f]


def _lstm_backward(factors, d_states):
    factor, slope, f = factors
    d_h, d_c = d_states
    through = d_c + d_h * slope
    d_gates = tf.concat([through, through, through, d_h], axis=-1) * factor
    return d_gates, d_gates, [tf.zeros_like(d_h), through * f]


def _gru(outer, inner, states):
    """Equations as in `suite.recurrent.kernels.gru`; saved are `[z, r]`, `n` and the inner part of the candidate."""
    (h,) = states
    units = h.shape[-1]
    gates = tf.tanh((outer[:, : 2 * units] + inner[:, : 2 * units]) * 0.5) * 0.5 + 0.5
    z, r = tf.split(gates, 2, axis=-1)
    a = inner[:, 2 * units :]
    n = tf.tanh(outer[:, 2 * units :] + r * a)
    return (n + z * (h - n),), (gates, n, a)


def _gru_factors(gates, n, a, before):
    z, r = tf.split(gates, 2, axis=-1)
    p = (1 - z) * (1 - n * n)
    return [tf.concat([(before - n) * z * (1 - z), p * a * r * (1 - r), p * r], axis=-1), p, z]


def _gru_backward(factors, d_states):
    factor, p, z = factors
    (d_h,) = d_states
    d_inner = tf.concat([d_h, d_h, d_h], axis=-1) * factor
    d_outer = tf.concat([d_inner[:, : 2 * p.shape[-1]], d_h * p], axis=-1)
    return d_outer, d_inner, [d_h * z]


CELLS = {
    "lstm": Cell(_lstm, _lstm_factors, _lstm_backward, lambda units: (4 * units, units), two_sums=False, needs_h=False),
    "gru": Cell(
        _gru, _gru_factors, _gru_backward, lambda units: (2 * units, units, units), two_sums=True, needs_h=True
    ),
}
