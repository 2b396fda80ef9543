"""Cells beyond Keras': a layer-normalised LSTM, and zoneout around any cell. `RNN` runs them, by kernels where there are some."""

import functools
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from suite.recurrent.dtypes import Shape, Tensor
from suite.recurrent.inner_loop import has_usual_activations, keras_kernel
from suite.recurrent.kernels import layer_norm_lstm
from suite.recurrent.lstm import LSTMState
from suite.recurrent.rnn import state_type_of

KERAS_CELLS = (keras.layers.LSTMCell, keras.layers.GRUCell, keras.layers.SimpleRNNCell)


@keras.saving.register_keras_serializable(package="suite")
class LayerNormLSTMCell(keras.layers.Layer):
    """One step of an LSTM whose gates and cell are layer-normalised.

        [i, f, g, o] = LN(x_t W) + LN(h_(t-1) U) + b
        c_t = sigmoid(f) c_(t-1) + sigmoid(i) tanh(g)
        h_t = sigmoid(o) tanh(LN(c_t))

    with `LN(v) = scale (v - mean v) / sqrt(var v + epsilon)`, and a shift of its own for `c`.

    Args:
        units: Width of `h` and `c`.
        epsilon: Added to the variance.

    Source: Ba et al. 2016, "Layer Normalization".
    """

    state_type = LSTMState

    def __init__(self, units: int, epsilon: float = 1e-3, **kwargs) -> None:
        super().__init__(**kwargs)
        if not isinstance(units, int) or units < 1:
            raise ValueError(f"`units` must be an integer of at least 1. Received: units={units}")
        self.units = units
        self.epsilon = epsilon
        self.state_size = [units, units]
        self.output_size = units
        norm = functools.partial(keras.layers.LayerNormalization, epsilon=epsilon, dtype=self.dtype_policy)
        self.input_norm = norm(center=False, name="input_norm")
        self.state_norm = norm(center=False, name="state_norm")
        self.cell_norm = norm(name="cell_norm")

    def build(self, input_shape: Shape) -> None:
        width = 4 * self.units
        self.kernel = self.add_weight(name="kernel", shape=(input_shape[-1], width), initializer="glorot_uniform")
        self.recurrent_kernel = self.add_weight(
            name="recurrent_kernel", shape=(self.units, width), initializer="orthogonal"
        )
        self.bias = self.add_weight(name="bias", shape=(width,), initializer=_open_forget_gate)
        self.input_norm.build((None, width))
        self.state_norm.build((None, width))
        self.cell_norm.build((None, self.units))

    def call(self, inputs: Tensor, states: Sequence[Tensor], training: bool = False) -> tuple[Tensor, list[Tensor]]:
        h, c = states
        projected = self.input_norm(ops.matmul(inputs, self.kernel))
        gates = projected + self.state_norm(ops.matmul(h, self.recurrent_kernel)) + self.bias
        i, f, g, o = ops.split(gates, 4, axis=-1)
        c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
        h = ops.sigmoid(o) * ops.tanh(self.cell_norm(c))
        return h, [h, c]

    def kernel_form(self, sequences: Tensor, training: bool) -> tuple[str, tuple, Tensor] | None:
        """The kernel that does what this cell does over time, its weights, and what it runs over."""
        if self.epsilon != layer_norm_lstm.EPSILON:
            return None
        weights = self.recurrent_kernel, self.input_norm.gamma, self.bias, self.state_norm.gamma
        return (
            "layer_norm_lstm",
            (self.kernel, None, *weights, self.cell_norm.gamma, self.cell_norm.beta),
            sequences,
        )

    def get_initial_state(self, batch_size: int | Tensor | None = None) -> list[Tensor]:
        return [ops.zeros((batch_size, self.units), self.compute_dtype) for _ in self.state_size]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units, "epsilon": self.epsilon}


def _open_forget_gate(shape: tuple[int, ...], dtype: str | None = None) -> Tensor:
    units = shape[0] // 4
    return ops.concatenate([ops.zeros(units, dtype), ops.ones(units, dtype), ops.zeros(2 * units, dtype)])


@keras.saving.register_keras_serializable(package="suite")
class ZoneoutCell(keras.layers.Layer):
    """A cell whose units keep their last value now and then, drawn anew for each unit at each step.

        s_t = d s_(t-1) + (1 - d) cell(x_t, s_(t-1)),   d ~ Bernoulli(rate) in training, d = rate otherwise

    Args:
        cell: The cell.
        rate: Probability that a unit of the state keeps its value, one number, or one per state.
        seed: Of the draws.

    Source: Krueger et al. 2017, "Zoneout: Regularizing RNNs by Randomly Preserving Hidden Activations".
    """

    def __init__(self, cell: Any, rate: float | Sequence[float] = 0.1, seed: int | None = None, **kwargs) -> None:
        super().__init__(**kwargs)
        self.cell = cell
        sizes = cell.state_size
        self.state_size = list(sizes) if isinstance(sizes, (list, tuple)) else [sizes]
        self.output_size = getattr(cell, "output_size", self.state_size[0])
        self.rate = rate
        self.rates = list(rate) if isinstance(rate, Sequence) else [rate] * len(self.state_size)
        if len(self.rates) != len(self.state_size) or not all(0 <= value <= 1 for value in self.rates):
            raise ValueError(
                f"`rate` must be one number between 0 and 1, or one for each of {len(self.state_size)} states. "
                f"Received: rate={rate}"
            )
        self.state_type = state_type_of(cell)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape: Shape) -> None:
        if not self.cell.built:
            self.cell.build(input_shape)
            self.cell.built = True

    def call(self, inputs: Tensor, states: Sequence[Tensor], training: bool = False) -> tuple[Tensor, list[Tensor]]:
        _, after = self.cell(inputs, states, training=training)
        mixed = []
        for before, new, rate in zip(states, after, self.rates, strict=True):
            if training:
                drawn = keras.random.uniform(ops.shape(new), dtype=new.dtype, seed=self.seed_generator)
                mixed.append(ops.where(drawn < rate, before, new))
            else:
                mixed.append(rate * before + (1 - rate) * new)
        return mixed[0], mixed

    def kernel_form(self, sequences: Tensor, training: bool) -> tuple[str, tuple, Tensor] | None:
        """The kernel that does what the cell inside does over time, its weights, and what it runs over."""
        cell = self.cell
        if hasattr(cell, "kernel_form"):
            return cell.kernel_form(sequences, training)
        if type(cell) not in KERAS_CELLS or not has_usual_activations(cell):
            return None
        if training and (cell.dropout or cell.recurrent_dropout):
            return None
        if type(cell) is keras.layers.SimpleRNNCell and not training:
            return None  # this kernel tells its steps by their new states alone, which the mean hides
        return (*keras_kernel(cell), sequences)

    def get_initial_state(self, batch_size: int | Tensor | None = None) -> list[Tensor]:
        return self.cell.get_initial_state(batch_size=batch_size)

    def get_config(self) -> dict[str, Any]:
        cell = keras.saving.serialize_keras_object(self.cell)
        return {**super().get_config(), "cell": cell, "rate": self.rate, "seed": self.seed}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "ZoneoutCell":
        cell = keras.saving.deserialize_keras_object(config["cell"])
        return cls(**{**config, "cell": cell})
