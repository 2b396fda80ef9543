"""The long short-term memory with fewer weights, as TFLite's fused op has it."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from suite.recurrent.compact_cell import CompactLSTMCell
from suite.recurrent.deployment import current
from suite.recurrent.dtypes import Tensor
from suite.recurrent.inner_loop import fast_inner_loop
from suite.recurrent.kernels.compact_lstm import kernel_name
from suite.recurrent.rnn import RNN

OPTIONS = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll", "zero_output_for_mask")


@keras.saving.register_keras_serializable(package="suite")
class CompactLSTM(RNN):
    """Long short-term memory with fewer weights: coupled gates (CIFG), a projected output (LSTMP), layer normalization.

    With `W`, `U`, `b` of a column for each unit of each gate, and everything but the first line as in `LSTM`:

        [f, g, o] or [i, f, g, o] = x_t W + h_(t-1) U + b               couple_gates: i = 1 - f
                                  = gain LN(x_t W + h_(t-1) U) + b      layer_norm: LN over the units of each gate
        c_t = sigmoid(f) c_(t-1) + sigmoid(i) tanh(g)
        h_t = sigmoid(o) tanh(c_t)
            = (sigmoid(o) tanh(c_t)) P                                  projection

    With the input gate coupled a quarter of the weights goes, with a projection to a fraction of the units most of `U`.
    In an exported file of the `interpreter` deployment a layer is one `UNIDIRECTIONAL_SEQUENCE_LSTM`, whatever its form.
    The loop and its gradient are written by hand, as those of `LSTM`; first derivatives only.

    Args:
        units: Width of `c`.
        projection: Width of `h` and of the outputs; None: `units`, without a product.
        couple_gates: Whether the input gate is one minus the forget gate.
        layer_norm: Whether the sum of each gate is layer-normalized. Nothing but `1e-8` is added to the variance, as in the
            op of the file.
        diagonal: Whether a unit sees of `h_(t-1)` its own number alone; `U` is then `(units, gates)`. Without projection.
        kernel_initializer: Of `W` and `P`.
        recurrent_initializer: Of `U`; orthogonal if None, or uniform between -1 and 1 where it is diagonal.
        kernel_regularizer: Of `W`.
        dropout: Share of the input features dropped in training, the same ones at every step.
        seed: Of the dropout.
        return_sequences, return_state, go_backwards, stateful, unroll, zero_output_for_mask: As of `keras.layers.RNN`.

    Call arguments:
        sequences: `(batch, time, features)`.
        initial_state: `[h, c]`, `(batch, outputs)` and `(batch, units)`; zeros if None.
        mask: `(batch, time)`, boolean, in any pattern. A step that is False leaves the state as it is; its output is
            that of the step before, or zeros with `zero_output_for_mask`.
        training: Whether dropout acts, and whether the forward pass keeps what the gradient needs.

    Returns:
        `(batch, outputs)`, or `(batch, time, outputs)` with `return_sequences`; with `return_state` also `h` and `c`.

    Sources: Greff et al. 2015, "LSTM: A Search Space Odyssey" (CIFG); Sak et al. 2014, "Long Short-Term Memory Based
    Recurrent Neural Network Architectures for Large Vocabulary Speech Recognition"; Ba et al. 2016, "Layer Normalization".
    """

    def __init__(self, units: int, *args, **kwargs) -> None:
        options = {name: kwargs.pop(name) for name in OPTIONS if name in kwargs}
        common = {name: kwargs.pop(name) for name in ("name", "activity_regularizer") if name in kwargs}
        # Like a Keras layer and its cell, the two have one dtype, and are trained or not together.
        shared = {name: kwargs[name] for name in ("dtype", "trainable") if name in kwargs}
        super().__init__(CompactLSTMCell(units, *args, name="cell", **kwargs), **options, **common, **shared)
        self.input_spec = keras.layers.InputSpec(ndim=3)

    @property
    def units(self) -> int:
        """Width of `c`."""
        return self.cell.units

    def inner_loop(
        self, sequences: Tensor, initial_state: Any, mask: Tensor | None, training: bool = False
    ) -> tuple[Any, Any, Any]:
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        plain_mask = mask is None or mask.shape.rank == 2
        if current() is not None or self.unroll or not plain_mask:
            return super().inner_loop(sequences, initial_state, mask, training)
        cell = self.cell
        weights = cell.kernel, None if cell.layer_norm else cell.bias, *cell.recurrent_weights()
        return fast_inner_loop(self, kernel_name(cell.variant), weights, sequences, initial_state, mask, training)

    def fused_tensors(self) -> dict[int, tf.Tensor]:
        """Return the weights by their place among the inputs of `UNIDIRECTIONAL_SEQUENCE_LSTM`, constants of float32.

        The op has of each gate a matrix for the inputs (places 1 to 4), one for the outputs (5 to 8; its diagonal where it is
        one), a bias (12 to 15) and a gain (20 to 23), in the order i, f, g, o; the projection is at 16. Matrices have a row
        for each unit, and those of an input gate that is coupled are absent.
        """
        cell = self.cell
        gates = range(4)[-cell.variant.gates :]

        def by_gate(weight: Any, beginning: int) -> dict[int, tf.Tensor]:
            parts = np.split(_constant(weight), len(gates), axis=-1)
            return {beginning + gate: tf.constant(part.T) for gate, part in zip(gates, parts, strict=True)}

        tensors = by_gate(cell.kernel, 1) | by_gate(cell.bias, 12)
        # A diagonal has a column for each gate: laid out as a bias is, each gate's numbers are a vector.
        recurrent = _constant(cell.recurrent_kernel)
        tensors |= by_gate(recurrent.T.reshape(-1) if cell.diagonal else recurrent, 5)
        if cell.projection is not None:
            tensors[16] = tf.constant(_constant(cell.projection_kernel).T)
        if cell.layer_norm:
            tensors |= by_gate(cell.gain, 20)
        return tensors

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["cell"]
        return {**self.cell.get_config(), **config}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "CompactLSTM":
        return cls(**config)


def _constant(weight: Any) -> np.ndarray:
    """The value of a weight of a model that is being exported."""
    if isinstance(weight, np.ndarray):
        return weight
    value = tf.get_static_value(tf.cast(keras.ops.convert_to_tensor(weight), tf.float32))
    if value is None:
        raise ValueError(f"A fused layer is traced with constants in the place of its weights. Received: {weight}")
    return value
