"""Windows of raw numbers to quantiles of the values behind them."""

from typing import Any

import keras
import numpy as np
from keras import ops

from pipelines.forecasting.config import Settings
from suite.pipeline import NamedWeights, Phase
from suite.recurrent import SegRNN
from suite.recurrent.stack import LAYERS
from suite.series.layers import CalendarFeatures, OrderedQuantiles, Widening, WindowScale, calendar_width

WIDENING = "widening"
SCALED = 2  # numbers behind the quantiles: the level and the scale that they are counted in


def build(settings: Settings, assets: dict[str, Any]) -> keras.Model:
    """Return the network.

    Args:
        assets: What `prepare` returned: `look_back`, `horizon`, `segment`, `channels`, `scales`, `frequency`.

    Returns:
        A model that takes `values float32 (batch, look_back, channels)`, NaN where one is missing, perhaps `time int32 (batch,)`,
        `covariates float32 (batch, look_back + horizon, covariates)` and `series int32 (batch,)`, and gives
        `float32 (batch, horizon, channels, quantiles + 2)`: quantiles on the model's scale, and the level and the scale that
        make raw numbers of them (`raw_quantiles`).
    """
    look_back, horizon, channels = assets["look_back"], assets["horizon"], len(assets["channels"])
    inputs = {"values": keras.Input((look_back, channels), name="values")}
    scaling = WindowScale(assets["normalize"], assets["scales"], name="window_scale", dtype="float32")
    z, observed, level, scale = scaling(inputs["values"])
    known = _known(settings, assets, inputs)
    count = max(1, len(settings.quantiles))
    numbers = _network(settings, assets, count)(z, observed, known)
    if settings.linear:
        numbers = _add_to_middle(numbers, _linear(z, settings, assets), count)
    if settings.quantiles:
        numbers = OrderedQuantiles(name="ordered", dtype="float32")(numbers)
        numbers = Widening(name=WIDENING, dtype="float32")(numbers)
    scaled = keras.layers.Concatenate(name="forecast", dtype="float32")(
        [numbers, *(_broadcast(part, horizon) for part in (level, scale))]
    )
    return keras.Model(inputs, scaled, name="forecasting")


def raw_quantiles(scaled: Any) -> Any:
    """Return the quantiles in the units of the values, `(batch, horizon, channels, quantiles)`, of what the model gives."""
    return scaled[..., :-SCALED] * scaled[..., -1:] + scaled[..., -SCALED : -SCALED + 1]


def _broadcast(part: keras.KerasTensor, horizon: int) -> keras.KerasTensor:
    """Return `(batch, 1, channels)` as `(batch, horizon, channels, 1)`."""
    return ops.expand_dims(ops.repeat(part, horizon, axis=1), -1)


def _known(settings: Settings, assets: dict[str, Any], inputs: dict[str, keras.KerasTensor]) -> Any:
    """Return what is known of each step, `(batch, look_back + horizon, features)`, or None; add its inputs to `inputs`."""
    look_back, horizon, parts = assets["look_back"], assets["horizon"], []
    if has_calendar(settings, assets):
        inputs["time"] = keras.Input((), dtype="int32", name="time")
        parts.append(
            CalendarFeatures(assets["frequency"], look_back, horizon, name="calendar", dtype="float32")(inputs["time"])
        )
    if count := len(assets["covariates"]):
        inputs["covariates"] = keras.Input((look_back + horizon, count), name="covariates")
        scaling = keras.layers.Normalization(
            mean=assets["covariate_means"],
            variance=np.square(assets["covariate_scales"]),
            name="covariate_scale",
            dtype="float32",
        )
        parts.append(scaling(inputs["covariates"]))
    if assets["series"]:
        inputs["series"] = keras.Input((), dtype="int32", name="series")
        rows = len(assets["series"]) + 1
        of_series = keras.layers.Embedding(rows, settings.series_embedding, name="series_embedding")(inputs["series"])
        parts.append(ops.repeat(ops.expand_dims(of_series, 1), look_back + horizon, axis=1))
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else keras.layers.Concatenate(name="known")(parts)


def has_calendar(settings: Settings, assets: dict[str, Any]) -> bool:
    """Return whether the model is told where in the day, the week and the year a step is."""
    return settings.calendar and calendar_width(assets["frequency"]) > 0


def _network(settings: Settings, assets: dict[str, Any], count: int) -> Any:
    """Return a function of scaled values, what of them is observed and what is known, to `(batch, horizon, channels, count)`."""
    horizon, channels = assets["horizon"], len(assets["channels"])
    if settings.form == "segments":
        layer = SegRNN(
            horizon,
            assets["segment"],
            settings.units,
            settings.cell,
            settings.dropout,
            outputs=count,
            centered=False,
            output_initializer=_output_initializer(settings),
            seed=settings.seed,
            name="network",
        )

        def by_segments(z: Any, observed: Any, known: Any) -> Any:
            numbers = layer(z, observed=observed, known=known)
            return ops.expand_dims(numbers, -1) if count == 1 else numbers

        return by_segments

    def by_steps(z: Any, observed: Any, known: Any) -> Any:
        """Read step by step, all channels at once, and give the horizon step by step from where reading ended."""
        read = [z, 1 - observed] + ([] if known is None else [known[:, : assets["look_back"]]])
        options = {"return_state": True, "seed": settings.seed} if settings.cell in LAYERS else {}
        encoder = LAYERS[settings.cell](settings.units, name="encoder", **options)
        _, *state = encoder(keras.layers.Concatenate(name="read")(read))
        places = _Places(horizon, settings.units, name="places")(z)
        if known is not None:
            places = keras.layers.Concatenate(name="ahead")([places, known[:, assets["look_back"] :]])
        decoder = LAYERS[settings.cell](settings.units, return_sequences=True, name="decoder", seed=settings.seed)
        features = keras.layers.Dropout(settings.dropout, seed=settings.seed, name="dropout")(
            decoder(places, initial_state=state)
        )
        product = keras.layers.Dense(
            channels * count, kernel_initializer=_output_initializer(settings), dtype="float32", name="numbers"
        )
        numbers = product(features)
        return keras.layers.Reshape((horizon, channels, count), name="by_channel")(numbers)

    return by_steps


def _output_initializer(settings: Settings) -> Any:
    """Return small weights beside a linear forecast, so that the whole begins as that one."""
    return keras.initializers.RandomNormal(0, 1e-3, settings.seed) if settings.linear else "glorot_uniform"


@keras.saving.register_keras_serializable(package="forecasting")
class _Places(keras.layers.Layer):
    """A learned vector for each step of the horizon, `(batch, horizon, units)`, whatever the input."""

    def __init__(self, horizon: int, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.horizon, self.units = horizon, units

    def build(self, input_shape: Any) -> None:
        self.places = self.add_weight(name="places", shape=(self.horizon, self.units), initializer="random_normal")

    def call(self, inputs: Any) -> Any:
        return ops.zeros_like(inputs[:, :1, :1]) + ops.expand_dims(ops.convert_to_tensor(self.places), 0)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], self.horizon, self.units)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "horizon": self.horizon, "units": self.units}


def _linear(z: keras.KerasTensor, settings: Settings, assets: dict[str, Any]) -> keras.KerasTensor:
    """Return a linear forecast of each channel `(batch, horizon, channels, 1)`, which begins as the one of the season before."""
    kernel = keras.initializers.Constant(_start(assets).tolist())
    product = keras.layers.Dense(assets["horizon"], kernel_initializer=kernel, dtype="float32", name="linear")
    return ops.expand_dims(ops.transpose(product(ops.transpose(z, (0, 2, 1))), (0, 2, 1)), -1)


def _start(assets: dict[str, Any]) -> np.ndarray:
    """Return the kernel, `(look_back, horizon)`, by which a step is what it was a season before, else the last value."""
    look_back, horizon, season = assets["look_back"], assets["horizon"], assets["season"]
    kernel = np.zeros((look_back, horizon), np.float32)
    if 1 < season <= look_back:
        steps = np.arange(horizon)
        kernel[look_back - season + steps % season, steps] = 1.0
    elif assets["normalize"].startswith("mean"):
        kernel[-1] = 1.0
    return kernel


def _add_to_middle(numbers: keras.KerasTensor, forecast: keras.KerasTensor, count: int) -> keras.KerasTensor:
    return numbers + forecast * np.eye(count, dtype=np.float32)[count // 2]


def named_weights(settings: Settings, assets: dict[str, Any]) -> NamedWeights:
    """Return the weights whose entries belong to channels and to series."""
    names: NamedWeights = {}
    if settings.form == "segments" and len(assets["channels"]) > 1:
        names["network/channels"] = (0, assets["channels"])
    if assets["series"]:
        names["series_embedding/embeddings"] = (0, ["unknown", *assets["series"]])
    return names


def phases(settings: Settings, assets: dict[str, Any]) -> list[Phase]:
    """Return the one fit of this pipeline."""

    def compile(model: keras.Model, optimizer: keras.optimizers.Optimizer) -> None:
        model.compile(optimizer, loss=forecast_loss(settings))

    return [Phase("train", settings.epochs, settings.learning_rate, compile)]


def forecast_loss(settings: Settings) -> Any:
    """Return the loss, a function of raw targets `(batch, horizon, channels)`, NaN where missing, and what the model gives.

    Of quantiles it is twice the pinball loss, their mean, so that the median's share is the absolute error; of a point the
    loss of the settings. Errors are counted on the model's scale.
    """
    levels = np.asarray(settings.quantiles, np.float32)

    def loss(targets: Any, scaled: Any) -> Any:
        observed = ops.cast(ops.abs(targets) <= 1e30, "float32")
        values = ops.where(observed > 0, targets, 0.0)
        z = (values - scaled[..., -SCALED]) / scaled[..., -1]
        error = ops.expand_dims(z, -1) - scaled[..., :-SCALED]
        if len(levels):
            losses = 2 * ops.maximum(levels * error, (levels - 1) * error)
        else:
            losses = _point_losses(error, settings.loss)
        count = ops.maximum(ops.sum(observed, axis=(1, 2)), 1.0)
        return ops.sum(ops.mean(losses, axis=-1) * observed, axis=(1, 2)) / count

    return loss


def _point_losses(error: Any, name: str) -> Any:
    if name == "mse":
        return ops.square(error)
    size = ops.abs(error)
    return size if name == "mae" else ops.where(size < 1, 0.5 * ops.square(size), size - 0.5)
