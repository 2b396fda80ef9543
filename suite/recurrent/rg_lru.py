"""The real-gated linear recurrent unit, with the convolution before it and the gate behind it."""

import math
from typing import Any, NamedTuple

import keras
import tensorflow as tf
from keras import ops

from suite.recurrent.dtypes import Shape, Tensor
from suite.recurrent.min_rnn import MinimalRNN

CONVOLUTION = 4  # steps that the convolution sees: this one and those before it
SHARPNESS = 8.0  # `c` of the source
# Of the decays where the gate is open, at the beginning: units remember from 10 to 1,000 steps.
DECAYS = 0.9, 0.999
# Bounds the slope of the square root where a unit keeps all that it has.
EPSILON = 1e-6


class RGLRUState(NamedTuple):
    """What an RGLRU remembers: the recurrence `h`, `(batch, units)`, and the `convolution`'s last inputs, `(batch, 3 units)`."""

    h: Tensor
    convolution: Tensor


@keras.saving.register_keras_serializable(package="suite")
class RGLRU(MinimalRNN):
    """The recurrent block of Griffin and Hawk: a convolution, a gated diagonal recurrence, and a gate of its own.

        u_t = x_t W_u + b_u
        v_t = k_0 u_(t-3) + k_1 u_(t-2) + k_2 u_(t-1) + k_3 u_t + b_v               one number k for each unit
        r_t = sigmoid(v_t W_r + b_r),   i_t = sigmoid(v_t W_i + b_i)
        a_t = exp(-8 softplus(L) r_t)
        h_t = a_t h_(t-1) + sqrt(1 - a_t^2) i_t v_t
        y_t = (gelu(x_t W_g + b_g) h_t) W_y + b_y

    The recurrence is linear in `h`, so training computes all steps at once, in O(log time) depth, and an exported file
    whose number of steps is fixed has no loop. Arguments are those of `MinimalRNN`; biases are always there.

    A mask may stand before and behind a sequence; a masked step inside of one counts as zeros for the convolution. The
    output of a masked step is zeros. The state is `[h, convolution]`.

    Source: De et al. 2024, "Griffin: Mixing Gated Linear Recurrences with Local Attention for Efficient Language Models".
    """

    gates = 2
    state_names = ("h", "convolution")

    def __init__(self, units: int, **kwargs) -> None:
        super().__init__(units, **kwargs)
        self.state_size = [units, (CONVOLUTION - 1) * units]

    def build(self, sequences_shape: Shape, initial_state_shape: Shape | None = None) -> None:
        super().build(sequences_shape, initial_state_shape)
        units = self.units

        def kernel(name: str, columns: int) -> Any:
            # An initializer that is called again draws the same numbers: a copy draws its own.
            copy = keras.initializers.get(keras.initializers.serialize(self.kernel_initializer))
            return self.add_weight(name=name, shape=(units, columns), initializer=copy)

        self.convolution = self.add_weight(name="convolution", shape=(CONVOLUTION, units), initializer="lecun_normal")
        self.convolution_bias = self.add_weight(name="convolution_bias", shape=(units,), initializer="zeros")
        self.gate_kernel = kernel("gate_kernel", 2 * units)
        self.gate_bias = self.add_weight(name="gate_bias", shape=(2 * units,), initializer="zeros")
        self.rate = self.add_weight(name="rate", shape=(units,), initializer=_rates)
        self.output_kernel = kernel("output_kernel", units)
        self.output_bias = self.add_weight(name="output_bias", shape=(units,), initializer="zeros")

    def run(self, sequences: Tensor, states: list[Tensor], real: Tensor | None) -> tuple[Tensor, Tensor, list[Tensor]]:
        gate, entering = ops.split(self._project(sequences), 2, axis=-1)
        if real is not None:
            entering = ops.where(real, entering, ops.zeros_like(entering))
        before = ops.reshape(states[1], (-1, CONVOLUTION - 1, self.units))
        entering = ops.concatenate([before, entering], axis=1)
        steps = sequences.shape[1] or ops.shape(sequences)[1]
        windows = [entering[:, shift : shift + steps] for shift in range(CONVOLUTION)]
        decay, drive = self._decay_and_drive(windows)
        h = self._scan(decay, drive, states[0], real)
        outputs = self._outputs(gate, h)
        if real is None:
            return outputs, outputs[:, -1], [h[:, -1], self._flat(entering[:, -(CONVOLUTION - 1) :])]
        outputs = ops.where(real, outputs, ops.zeros_like(outputs))
        # The place of the last step that counts, 1 for the first; 0 where none does.
        places = ops.cast(real[..., 0], "int32") * ops.expand_dims(ops.arange(1, steps + 1, dtype="int32"), 0)
        place = tf.reduce_max(places, axis=1)
        last = tf.gather(outputs, ops.maximum(place - 1, 0), batch_dims=1)
        # The inputs up to there: the convolution's own of before stand in front of them.
        remembered = ops.expand_dims(place, -1) + ops.expand_dims(ops.arange(CONVOLUTION - 1, dtype="int32"), 0)
        return outputs, last, [h[:, -1], self._flat(tf.gather(entering, remembered, batch_dims=1))]

    def step(self, inputs: Tensor, state: Any) -> tuple[Any, ...]:
        """One step: `(batch, features)` and an `RGLRUState` to the output `(batch, units)` and the next `RGLRUState`."""
        gate, entering = ops.split(self._project(ops.cast(inputs, self.compute_dtype)), 2, axis=-1)
        before = ops.cast(state.convolution, self.compute_dtype)
        windows = [*ops.split(before, CONVOLUTION - 1, axis=-1), entering]
        decay, drive = self._decay_and_drive(windows)
        h = ops.cast(decay * ops.cast(state.h, decay.dtype) + drive, self.compute_dtype)
        return self._outputs(gate, h), RGLRUState(h, ops.concatenate(windows[1:], axis=-1))

    def start(self, batch: int | Tensor) -> RGLRUState:
        """The state before the first step: zeros."""
        return RGLRUState(*self.get_initial_state(batch))

    def _decay_and_drive(self, windows: list[Tensor]) -> tuple[Tensor, Tensor]:
        """`a_t` and what is added to `a_t h_(t-1)`, from the inputs of the convolution, oldest first."""
        dtype = windows[0].dtype  # `step` is called outside `__call__`, where Keras would cast weights
        convolution, gate_kernel = ops.cast(self.convolution, dtype), ops.cast(self.gate_kernel, dtype)
        convolved = sum(window * convolution[shift] for shift, window in enumerate(windows))
        convolved += ops.cast(self.convolution_bias, dtype)
        gates = ops.sigmoid(ops.matmul(convolved, gate_kernel) + ops.cast(self.gate_bias, dtype))
        open_gate, take = ops.split(gates, 2, axis=-1)
        # A decay near one has no room for its last digits in half precision.
        working = "float64" if self.compute_dtype == "float64" else "float32"
        rate = -SHARPNESS * ops.softplus(ops.cast(self.rate, working))
        decay = ops.exp(ops.cast(open_gate, working) * rate)
        return decay, ops.sqrt(1 - decay * decay + EPSILON) * ops.cast(take * convolved, working)

    def _outputs(self, gate: Tensor, h: Tensor) -> Tensor:
        # gelu by its usual approximation, in ops that every runtime has.
        gelu = 0.5 * gate * (1 + ops.tanh(math.sqrt(2 / math.pi) * (gate + 0.044715 * gate * gate * gate)))
        return ops.matmul(gelu * h, ops.cast(self.output_kernel, h.dtype)) + ops.cast(self.output_bias, h.dtype)

    def _flat(self, entering: Tensor) -> Tensor:
        return ops.reshape(entering, (-1, (CONVOLUTION - 1) * self.units))

    def get_config(self) -> dict[str, Any]:
        return {name: value for name, value in super().get_config().items() if name != "use_bias"}


def _rates(shape: Shape, dtype: str | None = None) -> Tensor:
    """`L` such that decays where the gate is open, `exp(-8 softplus(L))`, are spread evenly."""
    decays = keras.random.uniform(shape, *DECAYS, dtype=dtype)
    return ops.log(ops.expm1(-ops.log(decays) / SHARPNESS))
