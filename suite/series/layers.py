"""Layers around a forecaster: the level and scale of a window, the calendar of its steps, quantiles in their order."""

from typing import Any

import keras
import numpy as np
from keras import ops

from suite.recurrent.dtypes import Shape, Tensor
from suite.series.frequency import MONTHS, SECONDS, parse_frequency
from suite.series.sizes import calendar_width

LARGEST = 1e30  # what is larger, and NaN, is missing
NORMALIZE = ("last", "mean", "last_scale", "mean_scale")
DAY_MINUTES, WEEK_MINUTES, YEAR_DAYS = 1440, 10080, 365.2425
THURSDAY = 3  # the weekday of day 0 in 1970, Monday is 0


@keras.saving.register_keras_serializable(package="suite")
class WindowScale(keras.layers.Layer):
    """Brings a window of raw numbers to a level of 0, and says by which level and scale it did so.

        z = (x - level) / scale, and 0 where x is missing

    The level of a channel is its last value in the window, or the mean of the window. The scale is fixed for each channel, or
    that of the window: its standard deviation, never much under a hundredth of its mean absolute value, nor under the least.

    Args:
        normalize: `"last"` or `"mean"`, with `_scale` behind for the scale of the window.
        scales: The fixed scale of each channel; with `_scale` the least one.

    Call arguments:
        series: `(batch, time, channels)`; what is NaN is missing.

    Returns:
        `z` and `observed` (1 or 0), both `(batch, time, channels)`, `level` and `scale`, both `(batch, 1, channels)`.

    Source: Kim et al. 2022, "Reversible Instance Normalization for Accurate Time-Series Forecasting against Distribution Shift".
    """

    def __init__(self, normalize: str = "last", scales: Any = (1.0,), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if normalize not in NORMALIZE:
            raise ValueError(f"`normalize` must be one of {', '.join(NORMALIZE)}. Received: normalize={normalize}")
        self.normalize = normalize
        self.scales = [float(scale) for scale in scales]

    def call(self, series: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        time = series.shape[1]
        observed = ops.cast(ops.abs(series) <= LARGEST, "float32")
        values = ops.where(observed > 0, series, 0.0)
        count = ops.maximum(ops.sum(observed, axis=1, keepdims=True), 1.0)
        mean = ops.sum(values, axis=1, keepdims=True) / count
        if self.normalize.startswith("mean"):
            level = mean
        else:
            places = observed * np.arange(1, time + 1, dtype=np.float32)[:, None]
            is_last = ops.cast(places >= ops.maximum(ops.max(places, axis=1, keepdims=True), 0.5), "float32")
            level = ops.sum(values * is_last, axis=1, keepdims=True)
        if self.normalize.endswith("scale"):
            variance = ops.sum(observed * ops.square(values - mean), axis=1, keepdims=True) / count
            size = ops.sum(ops.abs(values), axis=1, keepdims=True) / count
            scale = ops.sqrt(variance + 1e-4 * ops.square(size) + np.square(self.scales).astype(np.float32))
        else:
            scale = ops.zeros_like(mean) + np.asarray(self.scales, np.float32)
        return observed * (values - level) / scale, observed, level, scale

    def compute_output_shape(self, series_shape: Shape) -> tuple[Shape, ...]:
        one = (series_shape[0], 1, series_shape[2])
        return series_shape, series_shape, one, one

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "normalize": self.normalize, "scales": self.scales}


@keras.saving.register_keras_serializable(package="suite")
class CalendarFeatures(keras.layers.Layer):
    """Where in the day, the week and the year each step of a window and of its horizon lies, as sines and cosines.

    Args:
        frequency: The code of a step, `suite.series.frequency`.
        past, ahead: Steps up to the last one, and behind it.

    Call arguments:
        time: `(batch,)`, int32: the minutes from 1970 to the last step of the past, by the clock that the calendar follows.

    Returns:
        `(batch, past + ahead, features)`; as many features as `calendar_width` says.
    """

    def __init__(self, frequency: str, past: int, ahead: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.frequency, self.past, self.ahead = frequency, past, ahead

    def call(self, time: Tensor) -> Tensor:
        frequency = parse_frequency(self.frequency)
        steps = np.arange(1 - self.past, self.ahead + 1, dtype=np.int32)[None] * frequency.count
        last = ops.expand_dims(ops.cast(time, "int32"), 1)
        days = ops.floor_divide(last, DAY_MINUTES)
        if frequency.unit in MONTHS:
            turns = [(_year(days) + steps * MONTHS[frequency.unit] / 12)]
        elif frequency.unit == "B":
            weekday = ops.minimum(ops.mod(days + THURSDAY, 7), 4)
            later = weekday + steps
            turns = [ops.cast(later, "float32") / 5, _year(days + steps + 2 * ops.floor_divide(later, 5))]
        else:
            minutes = last + steps * (SECONDS[frequency.unit] // 60)
            days = ops.floor_divide(minutes, DAY_MINUTES)
            of_week = ops.cast(ops.mod(minutes + THURSDAY * DAY_MINUTES, WEEK_MINUTES), "float32") / WEEK_MINUTES
            of_day = ops.cast(ops.mod(minutes, DAY_MINUTES), "float32") / DAY_MINUTES
            turns = [_year(days)] if frequency.unit == "W" else [of_week, _year(days)]
            turns = [of_day, of_week] if frequency.unit in ("min", "h") else turns
        angles = 2 * np.pi * ops.stack(turns, axis=-1)
        return ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=-1)

    def compute_output_shape(self, time_shape: Shape) -> Shape:
        return (time_shape[0], self.past + self.ahead, calendar_width(self.frequency))

    def get_config(self) -> dict[str, Any]:
        own = {"frequency": self.frequency, "past": self.past, "ahead": self.ahead}
        return {**super().get_config(), **own}


def _year(days: Tensor) -> Tensor:
    """Return the years since 1970, less whole centuries so that float32 tells days apart."""
    return ops.cast(ops.mod(days, 36524), "float32") / YEAR_DAYS


@keras.saving.register_keras_serializable(package="suite")
class OrderedQuantiles(keras.layers.Layer):
    """Makes quantiles of any numbers so that no one lies below a lower one.

    The middle one is a number as it is; outwards each is the one before it plus or minus softplus of its number.

    Call arguments:
        numbers: `(..., quantiles)`, the lowest first.

    Returns:
        Of the same shape, never falling along the last axis.
    """

    def call(self, numbers: Tensor) -> Tensor:
        count = numbers.shape[-1]
        middle = count // 2
        ordered = {middle: numbers[..., middle]}
        for place in range(middle + 1, count):
            ordered[place] = ordered[place - 1] + ops.softplus(numbers[..., place])
        for place in range(middle - 1, -1, -1):
            ordered[place] = ordered[place + 1] - ops.softplus(numbers[..., place])
        return ops.stack([ordered[place] for place in range(count)], axis=-1)

    def compute_output_shape(self, numbers_shape: Shape) -> Shape:
        return numbers_shape


@keras.saving.register_keras_serializable(package="suite")
class Widening(keras.layers.Layer):
    """Moves quantiles by what was found on data that training did not see, so that they hold what they promise.

    The weight `moves`, `(horizon, channels, quantiles)`, is 0 at first and is not trained: `suite.series.conformal` sets it.
    While the model is trained the quantiles stay as they are. None is moved beyond the one next to it.

    Call arguments:
        quantiles: `(batch, horizon, channels, quantiles)`.
        training: Whether the model is being trained.
    """

    def build(self, quantiles_shape: Shape) -> None:
        self.moves = self.add_weight(name="moves", shape=quantiles_shape[1:], initializer="zeros", trainable=False)

    def call(self, quantiles: Tensor, training: bool = False) -> Tensor:
        if training:
            return quantiles
        count, middle = quantiles.shape[-1], quantiles.shape[-1] // 2
        moved = quantiles + self.moves
        ordered = {middle: quantiles[..., middle]}
        for place in range(middle + 1, count):
            ordered[place] = ops.maximum(moved[..., place], ordered[place - 1])
        for place in range(middle - 1, -1, -1):
            ordered[place] = ops.minimum(moved[..., place], ordered[place + 1])
        return ops.stack([ordered[place] for place in range(count)], axis=-1)

    def compute_output_shape(self, quantiles_shape: Shape) -> Shape:
        return quantiles_shape
