"""The minimal gated recurrent unit."""

from typing import NamedTuple

import keras
from keras import ops

from suite.recurrent.dtypes import Tensor
from suite.recurrent.min_rnn import MinimalRNN


class MinGRUState(NamedTuple):
    """What a MinGRU remembers: its output `h`, `(batch, units)`."""

    h: Tensor


@keras.saving.register_keras_serializable(package="suite")
class MinGRU(MinimalRNN):
    """Minimal gated recurrent unit: a GRU whose gate and candidate look at the input alone.

        z_t = sigmoid(x_t W_z + b_z)
        n_t = x_t W_n + b_n
        h_t = (1 - z_t) h_(t-1) + z_t n_t

    The recurrence is linear in `h`, so training computes all steps at once, in O(log time) depth. Arguments are those
    of `MinimalRNN`.

    Source: Feng et al. 2024, "Were RNNs All We Needed?".
    """

    gates = 2

    def decay_and_drive(self, projected: Tensor) -> tuple[Tensor, Tensor]:
        gate, candidate = ops.split(projected, 2, axis=-1)
        z = ops.sigmoid(gate)
        return 1 - z, z * candidate

    def start(self, batch: int | Tensor) -> MinGRUState:
        """The state before the first step: zeros."""
        return MinGRUState(*self.get_initial_state(batch))
