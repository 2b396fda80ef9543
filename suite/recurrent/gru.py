"""The gated recurrent unit layer."""

from typing import Any, NamedTuple

import keras

from suite.recurrent.deployment import current
from suite.recurrent.dtypes import Tensor, as_float
from suite.recurrent.inner_loop import covers, fast_inner_loop, keras_kernel


class GRUState(NamedTuple):
    """What a GRU remembers: its output `h`, `(batch, units)`."""

    h: Tensor


@keras.saving.register_keras_serializable(package="suite")
class GRU(keras.layers.GRU):
    """Gated recurrent unit, with the arguments, weights and config of `keras.layers.GRU`.

    With the gates in the order of Keras, `[z, r, n]`, and `W`, `U` of 3 x units columns:

        z = sigmoid(x_t W_z + b_z + h_(t-1) U_z + b'_z)
        r = sigmoid(x_t W_r + b_r + h_(t-1) U_r + b'_r)
        n = tanh(x_t W_n + b_n + r (h_(t-1) U_n + b'_n))       with reset_after=True, or
        n = tanh(x_t W_n + b_n + (r h_(t-1)) U_n)              with reset_after=False (then there is no b')
        h_t = z h_(t-1) + (1 - z) n

    `x W + b` of all steps is one matrix product; the loop computes the rest and its gradient is written by hand.
    What that does not cover (other activations, `unroll`) runs in Keras' own loop, and
    a GPU uses cuDNN as Keras does.

    Call arguments:
        sequences: `(batch, time, features)`; integers and booleans are cast to the layer's `compute_dtype`; float16 and
            bfloat16 are computed in float32 and rounded at the end.
        initial_state: `(batch, units)`, or a list with that; zeros if None.
        mask: `(batch, time)`, boolean, in any pattern. A step that is False leaves the state as it is; its output is
            that of the step before, or zeros with `zero_output_for_mask`.
        training: Whether dropout acts, and whether the forward pass keeps what the gradient needs.

    Returns:
        `(batch, units)`, or `(batch, time, units)` with `return_sequences`; with `return_state` also `h`.

    Source: Cho et al. 2014, "Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine
    Translation".
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

    def step(self, inputs: Tensor, state: GRUState) -> tuple[Tensor, GRUState]:
        """One step: `(batch, features)` and a `GRUState` to the output `(batch, units)` and the next `GRUState`."""
        output, h = self.cell(inputs, list(state))
        return output, GRUState(h[0] if isinstance(h, (list, tuple)) else h)

    def start(self, batch: int | Tensor) -> GRUState:
        """The `GRUState` before the first step: zeros."""
        return GRUState(*self.get_initial_state(batch))
