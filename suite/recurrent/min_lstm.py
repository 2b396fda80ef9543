"""The minimal long short-term memory."""

from typing import NamedTuple

import keras
from keras import ops

from suite.recurrent.dtypes import Tensor
from suite.recurrent.min_rnn import MinimalRNN


class MinLSTMState(NamedTuple):
    """What a MinLSTM remembers: its output `h`, `(batch, units)`."""

    h: Tensor


@keras.saving.register_keras_serializable(package="suite")
class MinLSTM(MinimalRNN):
    """Minimal long short-term memory: forget gate, input gate and candidate look at the input alone.

        f_t = sigmoid(x_t W_f + b_f),   i_t = sigmoid(x_t W_i + b_i)
        n_t = x_t W_n + b_n
        h_t = f_t / (f_t + i_t) h_(t-1) + i_t / (f_t + i_t) n_t

    The gates share out one whole between what was and what is new, so the scale of `h` does not depend on time. The
    recurrence is linear in `h`, so training computes all steps at once, in O(log time) depth. Arguments are those of
    `MinimalRNN`.

    Source: Feng et al. 2024, "Were RNNs All We Needed?".
    """

    gates = 3

    def decay_and_drive(self, projected: Tensor) -> tuple[Tensor, Tensor]:
        forget, take, candidate = ops.split(projected, 3, axis=-1)
        # f / (f + i) = sigmoid(log f - log i): never a division of two small numbers.
        decay = ops.sigmoid(ops.log_sigmoid(forget) - ops.log_sigmoid(take))
        return decay, (1 - decay) * candidate

    def start(self, batch: int | Tensor) -> MinLSTMState:
        """The state before the first step: zeros."""
        return MinLSTMState(*self.get_initial_state(batch))
