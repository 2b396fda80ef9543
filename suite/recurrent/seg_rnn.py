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
    What else is known of the steps, past and to come, is read with the segments and told to the decoding.

    Args:
        horizon: How many values to forecast.
        segment: Values of a segment. A past that is no multiple of it is filled up in front with its first value.
        units: Width of the recurrent layer and of what it is fed.
        cell: A name in `suite.recurrent.stack.LAYERS`.
        dropout: Share of the features dropped before the last product.
        outputs: Numbers to give for each value of the horizon (quantiles).
        centered: Whether the last value is subtracted and added again; False where this is done outside.
        output_initializer: Of the weights of the last product.
        seed: Of the dropout.

    Call arguments:
        series: `(batch, time, channels)`; `time` is fixed.
        observed: `(batch, time, channels)`, 1 where there is a value and 0 where one is missing; by default there is every
            one. A segment without any leaves the state as it is.
        known: `(batch, time + horizon, features)`, what is known of each step of the past and of the horizon.
        training: Whether dropout acts.

    Returns:
        `(batch, horizon, channels)`, with several `outputs` `(batch, horizon, channels, outputs)`.

    Source: Lin et al. 2023, "SegRNN: Segment Recurrent Neural Network for Long-Term Time Series Forecasting".
    """

    def __init__(
        self,
        horizon: int,
        segment: int = 48,
        units: int = 512,
        cell: str = "gru",
        dropout: float = 0.5,
        outputs: int = 1,
        centered: bool = True,
        output_initializer: Any = "glorot_uniform",
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if min(horizon, segment, outputs) < 1 or units < 2:
            raise ValueError(
                "`horizon`, `segment` and `outputs` must be at least 1, `units` at least 2. "
                f"Received: horizon={horizon}, segment={segment}, outputs={outputs}, units={units}"
            )
        if cell not in LAYERS:
            raise ValueError(f"`cell` must be one of {', '.join(LAYERS)}. Received: cell={cell}")
        self.horizon = horizon
        self.segment = segment
        self.units = units
        self.cell = cell
        self.dropout = dropout
        self.outputs = outputs
        self.centered = centered
        self.output_initializer = keras.initializers.get(output_initializer)
        self.seed = seed
        dtype = self.dtype_policy
        self.embedding = keras.layers.Dense(units, activation="relu", dtype=dtype, name="embedding")
        self.recurrent = LAYERS[cell](units, return_state=True, dtype=dtype, name="recurrent")
        self.drop = keras.layers.Dropout(dropout, seed=seed, dtype=dtype, name="dropout")
        self.output_product = keras.layers.Dense(
            segment * outputs, kernel_initializer=self.output_initializer, dtype=dtype, name="output"
        )
        self.known_past = keras.layers.Dense(units, use_bias=False, dtype=dtype, name="known_past")
        self.known_future = keras.layers.Dense(units, use_bias=False, dtype=dtype, name="known_future")

    def build(self, series_shape: Shape, observed_shape: Shape | None = None, known_shape: Shape | None = None) -> None:
        _, time, channels = series_shape
        if time is None or channels is None:
            raise ValueError(f"The length of the past and the channels must be fixed. Received: shape={series_shape}")
        segments, future = -(-time // self.segment), -(-self.horizon // self.segment)
        read = self.segment * (1 if observed_shape is None else 2)
        self.embedding.build((None, segments, read))
        self.recurrent.build((None, segments, self.units))
        self.output_product.build((None, self._features()))
        if known_shape is not None and known_shape[-1] is not None:
            self.known_past.build((None, segments, self.segment * known_shape[-1]))
            self.known_future.build((None, future, self.segment * known_shape[-1]))
        # Where there are several channels half of the features say which segment, the other half which channel.
        by_channel = self.units // 2 if channels > 1 else 0
        self.positions = self.add_weight(
            name="positions", shape=(future, self.units - by_channel), initializer="random_normal"
        )
        if by_channel:
            self.channels = self.add_weight(name="channels", shape=(channels, by_channel), initializer="random_normal")

    def call(
        self, series: Tensor, observed: Tensor | None = None, known: Tensor | None = None, training: bool = False
    ) -> Tensor:
        _, time, channels = series.shape
        future = self.positions.shape[0]
        last = series[:, -1:] if self.centered else 0.0
        segments = self._segments(series - last, "first")
        mask = None
        if observed is not None:
            missing = 1 - self._segments(observed, "zero")
            mask = ops.min(missing, axis=-1) < 1
            segments = ops.concatenate([segments, missing], axis=-1)
        places = ops.tile(self._places(channels), (ops.shape(segments)[0] // channels, 1))
        known_past = None
        if known is not None:
            known_past, known_ahead = self._known(known, time, channels)
            places = places + known_ahead
        state = self._read(self._embed(segments, known_past), mask, training)
        # Every segment of the horizon begins from the same state: rows go by batch, channel and segment.
        repeated = [
            ops.reshape(ops.tile(ops.expand_dims(part, 1), (1, future, 1)), (-1, part.shape[-1])) for part in state
        ]
        outputs, _ = self.recurrent.step(places, type(state)(*repeated))
        forecast = self.output_product(self.drop(outputs, training=training))
        forecast = ops.reshape(forecast, (-1, channels, future * self.segment, self.outputs))[:, :, : self.horizon]
        forecast = ops.transpose(forecast, (0, 2, 1, 3))
        return forecast[..., 0] + last if self.outputs == 1 else forecast + ops.expand_dims(last, -1)

    def _segments(self, series: Tensor, filled_with: str) -> Tensor:
        """The segments of each channel by itself, `(batch * channels, segments, segment)`."""
        time = series.shape[1]
        values = ops.reshape(ops.transpose(series, (0, 2, 1)), (-1, time))
        missing = -time % self.segment
        if missing:
            front = ops.tile(values[:, :1], (1, missing))
            values = ops.concatenate([front if filled_with == "first" else ops.zeros_like(front), values], axis=1)
        return ops.reshape(values, (-1, (time + missing) // self.segment, self.segment))

    def _embed(self, segments: Tensor, known_past: Tensor | None) -> Tensor:
        if known_past is None:
            return self.embedding(segments)
        embedding = self.embedding
        kernel, bias = (ops.cast(weight, self.compute_dtype) for weight in (embedding.kernel, embedding.bias))
        return ops.relu(ops.matmul(segments, kernel) + bias + known_past)

    def _known(self, known: Tensor, time: int, channels: int) -> tuple[Tensor, Tensor]:
        """What is known of the segments of the past `(rows, segments, units)` and of the horizon `(rows * segments, units)`."""
        front, behind = -time % self.segment, -self.horizon % self.segment
        features = self.segment * known.shape[-1]
        past = ops.pad(known[:, :time], ((0, 0), (front, 0), (0, 0)))
        ahead = ops.pad(known[:, time:], ((0, 0), (0, behind), (0, 0)))
        parts = []
        for layer, steps, count in (
            (self.known_past, past, (time + front) // self.segment),
            (self.known_future, ahead, (self.horizon + behind) // self.segment),
        ):
            projected = layer(ops.reshape(steps, (-1, count, features)))
            by_channel = ops.tile(ops.expand_dims(projected, 1), (1, channels, 1, 1))
            parts.append(ops.reshape(by_channel, (-1, count, self.units)))
        return parts[0], ops.reshape(parts[1], (-1, self.units))

    def _read(self, segments: Tensor, mask: Tensor | None, training: bool) -> Any:
        """The state after the segments, `(rows, segments, units)`."""
        state_type = type(self.recurrent.start(1))
        if current() is None:
            return state_type(*self.recurrent(segments, mask=mask, training=training)[1:])
        # The segments are few: without a loop the file is a pure function, of any number of channels.
        state = self.recurrent.start(ops.shape(segments)[0])
        for place in range(segments.shape[1]):
            _, after = self.recurrent.step(segments[:, place], state)
            if mask is None:
                state = after
            else:
                reads = mask[:, place : place + 1]
                state = state_type(*(ops.where(reads, new, old) for new, old in zip(after, state, strict=True)))
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

    def compute_output_shape(
        self, series_shape: Shape, observed_shape: Shape | None = None, known_shape: Shape | None = None
    ) -> Shape:
        shape = (series_shape[0], self.horizon, series_shape[2])
        return shape if self.outputs == 1 else (*shape, self.outputs)

    def get_config(self) -> dict[str, Any]:
        names = ("horizon", "segment", "units", "cell", "dropout", "outputs", "centered", "seed")
        options = {name: getattr(self, name) for name in names}
        initializer = keras.initializers.serialize(self.output_initializer)
        return {**super().get_config(), **options, "output_initializer": initializer}
