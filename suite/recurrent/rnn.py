"""A recurrent layer over any cell."""

from collections.abc import Callable
from typing import Any

import keras

from suite.recurrent.deployment import current
from suite.recurrent.dtypes import Tensor, as_float
from suite.recurrent.gru import GRUState
from suite.recurrent.inner_loop import fast_inner_loop, is_plain
from suite.recurrent.lstm import LSTMState
from suite.recurrent.policy import has_gpu
from suite.recurrent.simple_rnn import SimpleRNNState

_STATES = {
    keras.layers.LSTMCell: LSTMState,
    keras.layers.GRUCell: GRUState,
    keras.layers.SimpleRNNCell: SimpleRNNState,
}


def state_type_of(cell: Any) -> Callable:
    """The class of a cell's explicit state: its attribute `state_type`, or what fits a Keras cell, else a tuple."""
    return getattr(cell, "state_type", _STATES.get(type(cell), _tuple))


def _tuple(*states) -> tuple[Any, ...]:
    return states


@keras.saving.register_keras_serializable(package="suite")
class RNN(keras.layers.RNN):
    """Runs a cell over time, with the arguments of `keras.layers.RNN`.

    The loop and its gradient are Keras', but of cells that tell which kernel does the same: see `_kernel_form`.

    Args:
        cell: A layer with `state_size` (and `output_size`), called with `(inputs (batch, features), states)` and
            returning `(output (batch, features), states)`. An attribute `state_type` names its state, a `NamedTuple`.
        args: Positional arguments of `keras.layers.RNN`.
        kwargs: Keyword arguments of `keras.layers.RNN`.
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
        # Cells stacked in one layer have their states nested: they stay in Keras' loop, and do not stream.
        nested = not all(isinstance(width, int) for width in self.state_size)
        deployment = current()
        if deployment is not None and deployment.streaming and nested:
            raise ValueError(f"In the streaming deployment an RNN runs one cell. Received: layer={self.name}")
        if deployment is not None and not nested:
            mask = mask[0] if isinstance(mask, (list, tuple)) else mask
            return deployment.inner_loop(self, super().inner_loop, sequences, initial_state, mask)
        form = None if nested else self._kernel_form(sequences, mask, training)
        if form is not None:
            mask = mask[0] if isinstance(mask, (list, tuple)) else mask
            return fast_inner_loop(self, *form, initial_state, mask, training)
        return super().inner_loop(sequences, initial_state, mask, training)

    def _kernel_form(self, sequences: Tensor, mask: Any, training: bool) -> tuple[str, tuple, Tensor] | None:
        """Name and weights of the kernel that does what the cell does, and what it runs over; None: there is none.

        A cell tells by its method `kernel_form(sequences, training)`.
        """
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        if not hasattr(self.cell, "kernel_form") or has_gpu() or not is_plain(self, sequences, mask):
            return None
        return self.cell.kernel_form(sequences, training)

    def step(self, inputs: Tensor, state: Any) -> tuple[Any, ...]:
        """One step: `(batch, features)` and a state to the output `(batch, features)` and the next state."""
        output, after = self.cell(inputs, list(state))
        after = after if isinstance(after, (list, tuple)) else [after]
        return output, state_type_of(self.cell)(*after)

    def start(self, batch: int | Tensor) -> Any:
        """The state before the first step: zeros, or what the cell says."""
        return state_type_of(self.cell)(*self.get_initial_state(batch))
