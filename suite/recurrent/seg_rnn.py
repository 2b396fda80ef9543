"""A forecaster that reads a series in segments and gives the whole horizon at once."""

from typing import Any

import keras
from keras import ops

from suite.recurrent.deployment import current
from suite.recurrent.dtypes import Shape, Tensor
from suite.recurrent.stack import LAYERS


@keras.saving.register_keras_serializable(package="suite")
class SegRNN(keras.layers.Layer):
    """Forecasts series with a recurrent layer whose steps are segments, not single values.

    Each channel is a series of its own. With the segments `s_1 ... s_n` of a series less its last value:

        h = cell(relu(s_j W + b), h)  for each segment, one after the other                      reading
        y_k = cell([position k, channel], h) V + d  for each segment of the horizon, at once     decoding

    and the last value added again. Reading takes `segment` times fewer steps than there are values. Decoding goes one step
    from where reading ended, for each segment of the horizon by itself: no error is carried on from segment to segment.

    Args:
        horizon: How many values to forecast.
        segment: Values of a segment. A past that is no multiple of it is filled up in front with its first value.
        units: Width of the recurrent layer and of what it is fed.
        cell: A name in `suite.recurrent.stack.LAYERS`.
        dropout: Share of the features dropped before the last product.
        seed: Of the dropout.

    Call arguments:
        series: `(batch, time, channels)`; `time` is fixed.
        training: Whether dropout acts.

    Returns:
        `(batch, horizon, channels)`.

    Source: Lin et al. 2023, "SegRNN: Segment Recurrent Neural Network for Long-Term Time Series Forecasting".
    """

    def __init__(
        self,
        horizon: int,
        segment: int = 48,
        units: int = 512,
        cell: str = "gru",
        dropout: float = 0.5,
        seed: int | None = None,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        if min(horizon, segment) < 1 or units < 2:
            raise ValueError(
                "`horizon` and `segment` must be at least 1, `units` at least 2. "
                f"Received: horizon={horizon}, segment={segment}, units={units}"
            )
        if cell not in LAYERS:
            raise ValueError(f"`cell` must be one of {', '.join(LAYERS)}. Received: cell={cell}")
        self.horizon = horizon
        self.segment = segment
        self.units = units
        self.cell = cell
        self.dropout = dropout
        self.seed = seed
        dtype = self.dtype_policy
        self.embedding = keras.layers.Dense(units, activation="relu", dtype=dtype, name="embedding")
        self.recurrent = LAYERS[cell](units, return_state=True, dtype=dtype, name="recurrent")
        self.drop = keras.layers.Dropout(dropout, seed=seed, dtype=dtype, name="dropout")
        self.output_product = keras.layers.Dense(segment, dtype=dtype, name="output")

    def build(self, series_shape: Shape) -> None:
        _, time, channels = series_shape
        if time is None or channels is None:
            raise ValueError(f"The length of the past and the channels must be fixed. Received: shape={series_shape}")
        segments, future = -(-time // self.segment), -(-self.horizon // self.segment)
        self.embedding.build((None, segments, self.segment))
        self.recurrent.build((None, segments, self.units))
        self.output_product.build((None, self._features()))
        # Where there are several channels half of the features say which segment, the other half which channel.
        by_channel = self.units // 2 if channels > 1 else 0
        self.positions = self.add_weight(
            name="positions", shape=(future, self.units - by_channel), initializer="random_normal"
        )
        if by_channel:
            self.channels = self.add_weight(name="channels", shape=(channels, by_channel), initializer="random_normal")

    def call(self, series: Tensor, training: bool = False) -> Tensor:
        _, time, channels = series.shape
        future = self.positions.shape[0]
        last = series[:, -1:]
        values = ops.reshape(ops.transpose(series - last, (0, 2, 1)), (-1, time))
        missing = -time % self.segment
        if missing:
            values = ops.concatenate([ops.tile(values[:, :1], (1, missing)), values], axis=1)
        segments = ops.reshape(values, (-1, (time + missing) // self.segment, self.segment))
        state = self._read(self.embedding(segments), training)
        # Every segment of the horizon begins from the same state: rows go by batch, channel and segment.
        repeated = [
            ops.reshape(ops.tile(ops.expand_dims(part, 1), (1, future, 1)), (-1, part.shape[-1])) for part in state
        ]
        places = ops.tile(self._places(channels), (ops.shape(values)[0] // channels, 1))
        outputs, _ = self.recurrent.step(places, type(state)(*repeated))
        forecast = self.output_product(self.drop(outputs, training=training))
        forecast = ops.reshape(forecast, (-1, channels, future * self.segment))[..., : self.horizon]
        return ops.transpose(forecast, (0, 2, 1)) + last

    def _read(self, segments: Tensor, training: bool) -> Any:
        """The state after the segments, `(rows, segments, units)`."""
        state_type = type(self.recurrent.start(1))
        if current() is None:
            return state_type(*self.recurrent(segments, training=training)[1:])
        # The segments are few: without a loop the file is a pure function, of any number of channels.
        state = self.recurrent.start(ops.shape(segments)[0])
        for place in range(segments.shape[1]):
            _, state = self.recurrent.step(segments[:, place], state)
        return state

    def _places(self, channels: int) -> Tensor:
        """What decoding is fed for one example, `(channels * segments of the horizon, units)`."""
        future = self.positions.shape[0]
        positions = ops.tile(ops.expand_dims(ops.convert_to_tensor(self.positions), 0), (channels, 1, 1))
        if channels > 1:
            by_channel = ops.expand_dims(ops.convert_to_tensor(self.channels), 1)
            positions = ops.concatenate([positions, ops.tile(by_channel, (1, future, 1))], axis=-1)
        return ops.cast(ops.reshape(positions, (-1, self.units)), self.compute_dtype)

    def _features(self) -> int:
        """Width of the recurrent layer's output."""
        return self.recurrent.compute_output_shape((None, 1, self.units))[0][-1]

    def compute_output_shape(self, series_shape: Shape) -> Shape:
        return (series_shape[0], self.horizon, series_shape[2])

    def get_config(self) -> dict[str, Any]:
        names = ("horizon", "segment", "units", "cell", "dropout", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
