"""The long short-term memory layer."""

from typing import Any, NamedTuple

import keras

from suite.recurrent.deployment import current
from suite.recurrent.dtypes import Tensor, as_float
from suite.recurrent.inner_loop import covers, fast_inner_loop, keras_kernel


class LSTMState(NamedTuple):
    """What an LSTM remembers: output `h` and cell `c`, each `(batch, units)`."""

    h: Tensor
    c: Tensor


@keras.saving.register_keras_serializable(package="suite")
class LSTM(keras.layers.LSTM):
    """Long short-term memory, with the arguments, weights and config of `keras.layers.LSTM`.

    With the gates in the order of Keras, `[i, f, g, o]`, and `W`, `U`, `b` of 4 x units columns:

        [i, f, g, o] = x_t W + h_(t-1) U + b
        c_t = sigmoid(f) c_(t-1) + sigmoid(i) tanh(g)
        h_t = sigmoid(o) tanh(c_t)

    `x W + b` of all steps is one matrix product; the loop computes the rest and its gradient is written by hand.
    What that does not cover (other activations, `unroll`) runs in Keras' own loop, and
    a GPU uses cuDNN as Keras does.

    Call arguments:
        sequences: `(batch, time, features)`; integers and booleans are cast to the layer's `compute_dtype`; float16 and
            bfloat16 are computed in float32 and rounded at the end.
        initial_state: `[h, c]`, each `(batch, units)`; zeros if None.
        mask: `(batch, time)`, boolean, in any pattern. A step that is False leaves the state as it is; its output is
            that of the step before, or zeros with `zero_output_for_mask`.
        training: Whether dropout acts, and whether the forward pass keeps what the gradient needs.

    Returns:
        `(batch, units)`, or `(batch, time, units)` with `return_sequences`; with `return_state` also `h` and `c`.

    Source: Hochreiter and Schmidhuber 1997, "Long Short-Term Memory"; forget gate: Gers et al. 2000.
    """

    # Whether the call that is being made begins from zeros: what an export may do depends on it.
    starts_at_zero = True

    def call(
        self, sequences: Tensor, initial_state: Any = None, mask: Tensor | None = None, training: bool = False
    ) -> Any:
        self.starts_at_zero = initial_state is None and not self.stateful
        return super().call(as_float(sequences, self.compute_dtype), initial_state, mask, training)

    def inner_loop(
        self, sequences: Tensor, initial_state: Any, mask: Tensor | None, training: bool = False
    ) -> tuple[Any, Any, Any]:
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        if (deployment := current()) is not None:
            return deployment.inner_loop(self, super().inner_loop, sequences, initial_state, mask)
        if not covers(self, sequences, mask, training):
            return super().inner_loop(sequences, initial_state, mask, training)
        return fast_inner_loop(self, *keras_kernel(self.cell), sequences, initial_state, mask, training)

    def step(self, inputs: Tensor, state: LSTMState) -> tuple[Tensor, LSTMState]:
        """One step: `(batch, features)` and an `LSTMState` to the output `(batch, units)` and the next `LSTMState`."""
        output, (h, c) = self.cell(inputs, list(state))
        return output, LSTMState(h, c)

    def start(self, batch: int | Tensor) -> LSTMState:
        """The `LSTMState` before the first step: zeros."""
        return LSTMState(*self.get_initial_state(batch))
