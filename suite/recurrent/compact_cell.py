"""One step of the long short-term memory with fewer weights."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops
from keras.src.layers.rnn.dropout_rnn_cell import DropoutRNNCell

from suite.recurrent.dtypes import Shape, Tensor
from suite.recurrent.kernels.compact_lstm import EPSILON, Variant
from suite.recurrent.lstm import LSTMState


@keras.saving.register_keras_serializable(package="suite")
class CompactLSTMCell(keras.layers.Layer, DropoutRNNCell):
    """One step of `CompactLSTM`, whose arguments and equations it has.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h, c]`, `(batch, outputs)` and `(batch, units)`.
        training: Whether dropout acts.

    Returns:
        `(h, [h, c])`.
    """

    state_type = LSTMState
    recurrent_dropout = 0.0

    def __init__(
        self,
        units: int,
        projection: int | None = None,
        couple_gates: bool = False,
        layer_norm: bool = False,
        diagonal: bool = False,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = None,
        kernel_regularizer: Any = None,
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        if not isinstance(units, int) or units < 1:
            raise ValueError(f"`units` must be an integer of at least 1. Received: units={units}")
        if projection is not None and (not isinstance(projection, int) or projection < 1):
            raise ValueError(
                f"`projection` must be None or an integer of at least 1. Received: projection={projection}"
            )
        if diagonal and projection is not None:
            raise ValueError(
                "A diagonal recurrence needs an output for each unit, so it takes no projection. "
                f"Received: projection={projection}"
            )
        self.units = units
        self.projection = projection
        self.couple_gates = couple_gates
        self.layer_norm = layer_norm
        self.diagonal = diagonal
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        usual = keras.initializers.RandomUniform(-1, 1, seed) if diagonal else "orthogonal"
        self.recurrent_initializer = keras.initializers.get(recurrent_initializer or usual)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.dropout = dropout
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.output_size = projection or units
        self.state_size = [self.output_size, units]
        self.variant = Variant(couple_gates, projection is not None, layer_norm, diagonal)

    def build(self, input_shape: Shape) -> None:
        gates = self.variant.gates
        width = gates * self.units
        self.kernel = self.add_weight(
            name="kernel",
            shape=(input_shape[-1], width),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
        )
        self.recurrent_kernel = self.add_weight(
            name="recurrent_kernel",
            shape=(self.units, gates) if self.diagonal else (self.output_size, width),
            initializer=self.recurrent_initializer,
        )
        self.bias = self.add_weight(name="bias", shape=(width,), initializer=self._open_forget_gate)
        if self.projection is not None:
            self.projection_kernel = self.add_weight(
                name="projection_kernel", shape=(self.units, self.projection), initializer=self.kernel_initializer
            )
        if self.layer_norm:
            self.gain = self.add_weight(name="gain", shape=(width,), initializer="ones")

    def _open_forget_gate(self, shape: Shape, dtype: str | None = None) -> Tensor:
        """Zeros, and ones for the forget gate."""
        before = (self.variant.gates - 3) * self.units
        parts = [ops.zeros(before, dtype), ops.ones(self.units, dtype), ops.zeros(2 * self.units, dtype)]
        return ops.concatenate(parts)

    def recurrent_weights(self) -> tuple[Tensor, ...]:
        """The weights of the kernel beside those of the input product."""
        projection = () if self.projection is None else (self.projection_kernel,)
        return (self.recurrent_kernel, *projection, *((self.gain, self.bias) if self.layer_norm else ()))

    def call(self, inputs: Tensor, states: Sequence[Tensor], training: bool = False) -> tuple[Tensor, list[Tensor]]:
        h, c = states
        if training and self.dropout:
            inputs = inputs * self.get_dropout_mask(inputs)
        if self.diagonal:
            inside = ops.tile(h, (1, self.variant.gates)) * ops.reshape(ops.transpose(self.recurrent_kernel), (-1,))
        else:
            inside = ops.matmul(h, self.recurrent_kernel)
        total = ops.matmul(inputs, self.kernel) + inside
        if self.layer_norm:
            total = self._normalized(total) * self.gain
        parts = ops.split(total + self.bias, self.variant.gates, axis=-1)
        f, g, o = ops.sigmoid(parts[-3]), ops.tanh(parts[-2]), ops.sigmoid(parts[-1])
        c = f * c + (1 - f if self.couple_gates else ops.sigmoid(parts[0])) * g
        h = o * ops.tanh(c)
        if self.projection is not None:
            h = ops.matmul(h, self.projection_kernel)
        return h, [h, c]

    def _normalized(self, total: Tensor) -> Tensor:
        """Sums `(batch, gates units)`, normalized over the units of each gate."""
        by_gate = ops.reshape(ops.cast(total, self.variable_dtype), (-1, self.variant.gates, self.units))
        centered = by_gate - ops.mean(by_gate, axis=-1, keepdims=True)
        scale = ops.rsqrt(ops.mean(centered * centered, axis=-1, keepdims=True) + EPSILON)
        return ops.cast(ops.reshape(centered * scale, (-1, self.variant.gates * self.units)), total.dtype)

    def get_initial_state(self, batch_size: int | Tensor | None = None) -> list[Tensor]:
        return [ops.zeros((batch_size, width), self.compute_dtype) for width in self.state_size]

    def get_config(self) -> dict[str, Any]:
        names = ("units", "projection", "couple_gates", "layer_norm", "diagonal", "dropout", "seed")
        return {
            **super().get_config(),
            **{name: getattr(self, name) for name in names},
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "recurrent_initializer": keras.initializers.serialize(self.recurrent_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }
