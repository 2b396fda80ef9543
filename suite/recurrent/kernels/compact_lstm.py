"""The long short-term memory with fewer weights, forward and backward: coupled gates, projection, layer norm, diagonal.

    p = x W + h U          or  x W + h * u  with one number u per gate and unit (`diagonal`)
    z = p + b              or  gain LN(p) + shift, LN over the units of each gate (`normalized`; then b is zeros)
    i, f, o = sigmoid(z),  g = tanh(z),  i = 1 - f (`coupled`)
    c = f c + i g,         h = o tanh(c)  or  (o tanh(c)) P (`projected`)

Weights beside `(W, b)`, `(features, gates units)` and `(gates units,)`, are in this order: `U`, `(outputs, gates units)`, or `u`,
`(units, gates)`; `P`, `(units, outputs)`, of a projected form; `gain` and `shift`, each `(gates units,)`, of a normalized one.

Back-propagation through time, with the sums `dh`, `dc` of all gradients that reach `h_t`, `c_t`, and `m = o tanh(c)`:

    dm = dh P^T            (dh without projection)
    dc += dm o (1 - tanh(c)^2)
    dz[f, g, o] = [dc, dc, dm] * [c_(t-1) - g, 1 - f, tanh(c)] * (slopes of the gates)        coupled: i = 1 - f, or
    dz[i, f, g, o] = [dc, dc, dc, dm] * [g, c_(t-1), i, tanh(c)] * (slopes of the gates)
    dp = s (d - mean(d) - n mean(d n)),  d = dz gain     for p = n / s + mean, n normalized  (dz without normalization)
    dh_(t-1) = dp U^T,  dc_(t-1) = dc f
"""

import functools
import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from suite.recurrent.kernels.normalizing import normalize, normalize_back
from suite.recurrent.kernels.scan import Tensors, product
from suite.recurrent.kernels.scan import scan as plain_scan

# Of TFLite's op: what layer normalization adds to the variance.
EPSILON = 1e-8


class Variant(NamedTuple):
    """Which form of the LSTM.

    Attributes:
        coupled: The input gate is `1 - f`; gates then stand in the order `[f, g, o]`, otherwise `[i, f, g, o]`.
        projected: The output is a product of `o tanh(c)` with a matrix.
        normalized: Each gate's sum is layer-normalized before its bias is added.
        diagonal: A unit sees of the last output its own number alone.
    """

    coupled: bool = False
    projected: bool = False
    normalized: bool = False
    diagonal: bool = False

    @property
    def gates(self) -> int:
        """How many gates have weights."""
        return 3 if self.coupled else 4


class Kernel(NamedTuple):
    """What `recurrence` runs."""

    forward: Callable
    backward: Callable
    recurrent_gradients: Callable


def forward(
    variant: Variant,
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
    """All steps; arguments and results as of `lstm.forward`, with the weights that the form has.

    What is saved are the gates and the `c` before each step, and with normalization the normalized sums and what they were
    multiplied by: everything else that `backward` needs is cheaper to compute again than to keep.
    """
    units, count = states[1].shape[1], variant.gates
    half, (kernel, bias), weights = _halved(variant, units, input_weights, weights)
    recurrent, projection, gain, shift = _unpack(variant, weights)
    inside = _product_inside(variant, recurrent)

    def prepare(steps: list[tf.Tensor]) -> list[tf.Tensor]:
        # x_t W + b depends on no state: one matrix product for many steps instead of one a step.
        return [product(steps[0], kernel) + bias, *steps[1:]]

    def step(slices: list[tf.Tensor], states: Tensors) -> tuple[Tensors, Tensors]:
        h, c = states
        total = slices[0] + inside(h)
        statistics: Tensors = ()
        if variant.normalized:
            statistics = normalize(total, count, EPSILON)
            total = statistics[0] * gain + shift
        gates = tf.tanh(total) * half + (1 - half)
        i, f, g, o = _split(variant, gates)
        new_c = f * c + i * g
        new_h = o * tf.tanh(new_c)
        if variant.projected:
            new_h = tf.matmul(new_h, projection)
        # A masked step hands both states on as they came.
        if mask is not None:
            new_h, new_c = tf.where(slices[1], new_h, h), tf.where(slices[1], new_c, c)
        return (new_h, new_c), (new_h, gates, c, *statistics)[: len(widths)]

    outputs = states[0].shape[1]
    saved = (count * units, units, *((count * units, count) if variant.normalized else ()))
    widths = (outputs, *saved) if keep else (outputs,) if sequences else ()
    steps = (inputs,) if mask is None else (inputs, mask[..., None])
    ends, results = scan(prepare, step, states, steps, widths, compiled=compiled, length=length)
    return (results[0] if results else None), ends, results[1:]


def backward(
    variant: Variant,
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
    """Back-propagation through time for `forward`; arguments and results as of `lstm.backward`.

    The extras are `dz` with normalization and `dh` with projection, which the gradients of their weights are made of.
    """
    units, count = saved[1].shape[2], variant.gates
    recurrent, projection, gain, _ = _unpack(variant, weights)
    back = _product_back(variant, recurrent)

    def prepare(steps: list[tf.Tensor]) -> list[tf.Tensor]:
        return [*_factors(variant, *steps[:2]), *steps[2:]]

    def step(slices: list[tf.Tensor], states: Tensors) -> tuple[Tensors, Tensors]:
        d_h, d_c = states
        factor, slope, f = slices[:3]
        # dh_t: what came back from step t + 1 and what arrives from the output of this step.
        if d_outputs is not None:
            d_h += slices[-1]
        d_m = tf.matmul(d_h, projection, transpose_b=True) if variant.projected else d_h
        # dc_t: c_t reaches the loss by c_(t+1) and by m_t = o tanh(c_t).
        through = d_c + d_m * slope
        d_gates = tf.concat([through] * (count - 1) + [d_m], axis=-1) * factor
        before_c, real = through * f, None
        if mask is not None:
            # A masked step passed its states on: so do the gradients, and its gates and its projection get none.
            real = slices[len(saved) + 1]
            d_gates, before_c = tf.where(real, d_gates, 0), tf.where(real, before_c, d_c)
        d_sum = normalize_back(d_gates * gain, slices[3], slices[4], count) if variant.normalized else d_gates
        before_h, projected = back(d_sum), d_h
        if real is not None:
            before_h += tf.where(~real, d_h, 0)
            projected = tf.where(real, d_h, 0)
        extras = ((d_gates,) if variant.normalized else ()) + ((projected,) if variant.projected else ())
        return (before_h, before_c), (d_sum, *extras)

    steps = saved
    steps += () if mask is None else (mask[..., None],)
    steps += () if d_outputs is None else (d_outputs,)
    widths = (count * units,) * (2 if variant.normalized else 1) + ((outputs.shape[2],) if variant.projected else ())
    d_states, (d_projected, *extras) = scan(
        prepare, step, d_states, steps, widths, compiled=compiled, length=length, reverse=True
    )
    return d_projected, d_states, tuple(extras)


def recurrent_gradients(
    variant: Variant,
    previous: tf.Tensor,
    d_projected: tf.Tensor,
    extras: list[tf.Tensor],
    saved: list[tf.Tensor],
    dropped: Any = None,
) -> Tensors:
    """Gradients of the `weights` of `forward`, from the flattened `h_(t-1)`, `dp`, extras and saved values of all steps."""
    # Sums over time and batch are the inner dimension of one product.
    if variant.diagonal:
        units = previous.shape[1]
        by_gate = tf.reshape(d_projected, (-1, variant.gates, units)) * previous[:, None]
        gradients = [tf.transpose(tf.reduce_sum(by_gate, axis=0))]
    else:
        gradients = [tf.matmul(previous, d_projected, transpose_a=True)]
    if variant.projected:
        i, f, g, o = _split(variant, saved[0])
        gradients.append(tf.matmul(o * tf.tanh(f * saved[1] + i * g), extras[-1], transpose_a=True))
    if variant.normalized:
        gradients += [tf.reduce_sum(extras[0] * saved[2], axis=0), tf.reduce_sum(extras[0], axis=0)]
    return tuple(gradients)


def _halved(
    variant: Variant, units: int, input_weights: Tensors, weights: Tensors
) -> tuple[tf.Tensor, Tensors, Tensors]:
    """One half for each sigmoid and one for each tanh, `(gates units,)`, and the weights with these multiplied in.

    sigmoid(x) = (tanh(x / 2) + 1) / 2: one activation over all gates. The halves inside the tanh are multiplied once into what
    the sum is last multiplied by, so that the loop has none: into the weights, or gain and shift.
    """
    by_gate = tf.constant([0.5, 0.5, 1.0, 0.5][-variant.gates :], weights[0].dtype)
    half = tf.repeat(by_gate, units)
    if variant.normalized:
        return half, input_weights, (*weights[:-2], weights[-2] * half, weights[-1] * half)
    recurrent = weights[0] * (by_gate if variant.diagonal else half)
    return half, (input_weights[0] * half, input_weights[1] * half), (recurrent, *weights[1:])


def _factors(variant: Variant, gates: tf.Tensor, before: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """What the gradients of many steps are multiplied by: for `dz` of all gates, for `dm` to reach `dc`, and `f`.

    Slopes are had by the gate's own value: sigmoid' = s (1 - s), tanh' = 1 - g^2.
    """
    i, f, g, o = _split(variant, gates)
    squashed = tf.tanh(f * before + i * g)
    factors = [i * (1 - g * g), squashed * o * (1 - o)]
    if variant.coupled:
        # c = f c_(t-1) + (1 - f) g: the one gate reaches c both ways.
        factors = [(before - g) * f * (1 - f), *factors]
    else:
        factors = [g * i * (1 - i), before * f * (1 - f), *factors]
    return tf.concat(factors, axis=-1), o * (1 - squashed * squashed), f


def _unpack(variant: Variant, weights: Tensors) -> list[tf.Tensor | None]:
    """Recurrent weights, projection, gain and shift; None where the form has none."""
    present = (True, variant.projected, variant.normalized, variant.normalized)
    remaining = iter(weights)
    return [next(remaining) if is_there else None for is_there in present]


def _split(variant: Variant, gates: tf.Tensor) -> list[tf.Tensor]:
    """`[i, f, g, o]` of `(..., gates units)`."""
    parts = tf.split(gates, variant.gates, axis=-1)
    return [1 - parts[0], *parts] if variant.coupled else parts


def _product_inside(variant: Variant, recurrent: tf.Tensor) -> Callable[[tf.Tensor], tf.Tensor]:
    """The function `h -> h U`, or with a diagonal `h -> [h, h, ...] u`."""
    if not variant.diagonal:
        return lambda h: tf.matmul(h, recurrent)
    by_gate = tf.reshape(tf.transpose(recurrent), (-1,))
    return lambda h: tf.concat([h] * variant.gates, axis=-1) * by_gate


def _product_back(variant: Variant, recurrent: tf.Tensor) -> Callable[[tf.Tensor], tf.Tensor]:
    """The function `dp -> dp U^T`, the gradient of `_product_inside`."""
    if not variant.diagonal:
        transposed = tf.transpose(recurrent)
        return lambda d_sum: tf.matmul(d_sum, transposed)
    by_gate = tf.reshape(tf.transpose(recurrent), (-1,))
    return lambda d_sum: tf.add_n(tf.split(d_sum * by_gate, variant.gates, axis=-1))


def kernel_name(variant: Variant) -> str:
    """The name of the kernel of a form in `KERNELS`."""
    return "_".join(["compact_lstm", *(name for name, has in variant._asdict().items() if has)])


KERNELS = {
    kernel_name(variant): Kernel(
        *(functools.partial(function, variant) for function in (forward, backward, recurrent_gradients))
    )
    for variant in itertools.starmap(Variant, itertools.product((False, True), repeat=4))
    # A unit's own number of the last output is there only where there is an output for each unit.
    if not (variant.diagonal and variant.projected)
}
