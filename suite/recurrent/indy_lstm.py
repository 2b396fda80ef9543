"""The long short-term memory of independent units."""

from typing import Any

import keras

from suite.recurrent.compact_lstm import CompactLSTM


@keras.saving.register_keras_serializable(package="suite")
class IndyLSTM(CompactLSTM):
    """Long short-term memory whose units do not see one another: each has of `h_(t-1)` its own number alone.

        [i, f, g, o] = x_t W + h_(t-1) * u + b          u: one number for each gate and unit
        c_t = sigmoid(f) c_(t-1) + sigmoid(i) tanh(g)
        h_t = sigmoid(o) tanh(c_t)

    Layers are stacked for units to see one another. Arguments are those of `CompactLSTM`, without a projection.

    Source: Gonnet and Deselaers 2019, "IndyLSTMs: Independently Recurrent LSTMs".
    """

    def __init__(self, units: int, **kwargs) -> None:
        super().__init__(units, **{**kwargs, "diagonal": True})

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        return {name: value for name, value in config.items() if name not in ("diagonal", "projection")}
