"""Answer kind `series`: the values of the next steps of a series with their quantiles, and how odd its past was."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from suite.answers.kind import AnswerKind, FileContents, require
from suite.answers.outputs import QUANTITY
from suite.answers.series_figures import METRICS, evaluate
from suite.errors import UserError
from suite.inputs.series import as_stretch, as_trained
from suite.inputs.series_host import origin
from suite.pipeline import PredictOption, attempt, predict_each
from suite.series.series import Stretch
from suite.signature import Arrays, Output, Predictor

QUANTILES, SCORE = "quantiles", "score"
SHOWN_ANOMALIES = 20  # of a series in the terminal
SHOWN_STEPS = 6  # of a forecast in the terminal


@dataclass(frozen=True)
class ChannelForecast:
    """The forecast of one channel.

    Attributes:
        channel: Its name.
        median: The forecast of each step, in the unit of the values; where the model gives no quantiles its point.
        quantiles: `"0.1"` -> that quantile of each step.
    """

    channel: str
    median: list[float]
    quantiles: dict[str, list[float]]


@dataclass(frozen=True)
class Forecast:
    """What comes after a series.

    Attributes:
        series: Its name.
        times: Of the steps, as the data writes its times.
        channels: A forecast of each.
        actual: Where the series goes on (`since`), what came of each channel by its name; None where it is missing.
        anomalies: On request of the past: `time`, `channel` and `score` of the rows that are odd, the oddest first.
        plot: Where the picture is.
    """

    series: str
    times: list[str]
    channels: list[ChannelForecast]
    actual: dict[str, list[float | None]] | None = None
    anomalies: list[dict[str, Any]] | None = None
    plot: str | None = None

    def lines(self) -> list[str]:
        """Return series, steps and times, and of each channel the first values with the outermost quantiles."""
        head = f"{self.series}: {len(self.times)} steps from {self.times[0]} to {self.times[-1]}"
        lines = [head]
        for channel in self.channels:
            lines.append(f"    {channel.channel}: {_values(channel)}")
            if self.actual is not None:
                came = self.actual[channel.channel][:SHOWN_STEPS]
                lines.append(
                    f"        what came: {', '.join('missing' if value is None else f'{value:.5g}' for value in came)}"
                )
        for row in (self.anomalies or [])[:SHOWN_ANOMALIES]:
            lines.append(f"    odd: {row['time']} {row['channel']} {row['score']:.2f}")
        return [*lines, *([f"    {self.plot}"] if self.plot else [])]

    def rows(self) -> list[dict[str, Any]]:
        """Return a row for each step and channel, for tables."""
        return [
            {
                "series": self.series,
                "channel": channel.channel,
                "time": time,
                "median": channel.median[step],
                **{f"q{name}": values[step] for name, values in channel.quantiles.items()},
                **({} if self.actual is None else {"actual": self.actual[channel.channel][step]}),
            }
            for channel in self.channels
            for step, time in enumerate(self.times)
        ]


def _values(channel: ChannelForecast) -> str:
    names = [name for name in channel.quantiles if name != "0.5"]
    texts = []
    for step, value in enumerate(channel.median[:SHOWN_STEPS]):
        between = (
            f" ({channel.quantiles[names[0]][step]:.5g} to {channel.quantiles[names[-1]][step]:.5g})" if names else ""
        )
        texts.append(f"{value:.5g}{between}")
    return ", ".join(texts) + (" ..." if len(channel.median) > SHOWN_STEPS else "")


def series_outputs(quantiles: Sequence[float]) -> dict[str, Output]:
    """Return the outputs of a signature that forecasts; `quantiles` is empty where it gives a point."""
    names = [f"{quantile:g}" for quantile in quantiles] or ["point"]
    meaning = "of each step to come and each channel, in the unit of the values: " + ", ".join(names)
    odd = (
        "how odd the row was beside the forecast before it, of each channel: 1 is on the edge of the outermost quantiles"
        if quantiles
        else "how far the row was from the forecast before it, of each channel, in the unit of the values"
    )
    return {
        QUANTILES: Output(QUANTITY, f"quantiles {meaning}" if quantiles else f"value {meaning}", labels=names),
        SCORE: Output(QUANTITY, odd, at_once=False),
    }


def check_ahead(stretch: Stretch, assets: dict[str, Any], horizon: int | None) -> int:
    """Return how many steps are to be forecast.

    Raises:
        UserError: for more than the model was trained for, no row before, or covariates that end before the horizon does.
    """
    series, trained = stretch.series, assets["horizon"]
    steps = trained if horizon is None else horizon
    if not 1 <= steps <= trained:
        raise UserError(
            f"--horizon: expected 1 to {trained}, the steps that this model was trained for; "
            f"train with --set horizon={horizon} for more. Received: {horizon}"
        )
    row = origin(stretch)
    if not np.isfinite(series.values[:row]).any():
        raise UserError(
            f"{series.name}: expected at least one value before the forecast. Received: {row} rows without any"
        )
    if series.future is not None and len(series.future) < row + steps:
        known = len(series.future) - row
        raise UserError(
            f"{series.name}: expected future covariates of the {steps} steps to forecast, in rows without targets at the end. "
            f"Received: those of {known}"
        )
    return steps


def to_forecast(quantiles: np.ndarray, stretch: Stretch, assets: dict[str, Any], steps: int) -> Forecast:
    """Return the answer that quantiles `(horizon, channels, quantiles)` mean, with what came where the series goes on."""
    series, row = stretch.series, origin(stretch)
    times = series.frequency.step(series.times[row - 1], np.arange(1, steps + 1))
    names = [f"{quantile:g}" for quantile in assets["quantiles"]]
    channels, came = [], {}
    for place, channel in enumerate(series.channels):
        of_channel = quantiles[:steps, place].astype(np.float64)
        of_level = {name: of_channel[:, column].tolist() for column, name in enumerate(names)}
        channels.append(ChannelForecast(channel, of_channel[:, of_channel.shape[1] // 2].tolist(), of_level))
        values = series.values[row : row + steps, place]
        came[channel] = [float(value) if np.isfinite(value) else None for value in values]
        came[channel] += [None] * (steps - len(values))
    written = [series.frequency.written(time) for time in times]
    return Forecast(series.name, written, channels, came if row < len(series) else None)


def answer(outputs: Arrays, raw_input: Any, assets: dict[str, Any], settings: Any, **options: Any) -> Forecast:
    """Return the forecast of one raw input; `options` are those of `predict`, of which `since` and `horizon` count here."""
    since = options.get("since")
    stretch = as_trained(as_stretch(raw_input, settings, since), assets)
    steps = check_ahead(stretch, assets, options.get("horizon"))
    return to_forecast(outputs[QUANTILES], stretch, assets, steps)


def predict(
    predictor: Predictor,
    raw_inputs: Sequence[Any],
    raw_arrays: Callable[[Any, Any], Arrays],
    assets: dict[str, Any],
    settings: Any,
    horizon: int | None = None,
    since: str | None = None,
    plot: str | None = None,
    anomalies: bool = False,
    anomaly_rate: float | None = None,
) -> list[Forecast | UserError]:
    """Return a forecast of each series, or the UserError in its place.

    Args:
        raw_inputs: Series, which are continued beyond their end; stretches, which are forecast from their start; or paths.
        horizon: Steps; those that the model was trained for where None.
        since: The time from which on to forecast as if it were then; what came stands beside it.
        plot: A picture (.png, .svg, .pdf) of the forecasts behind the series' last rows.
        anomalies: Also say which rows of the past were odd.
        anomaly_rate: The share of rows that is to be called odd; by default the tail of the scores decides.
    """

    def to_stretch(raw_input: Any) -> Stretch:
        return as_trained(as_stretch(raw_input, settings, since), assets)

    stretches = [attempt(to_stretch, raw_input) for raw_input in raw_inputs]
    usable = [stretch for stretch in stretches if not isinstance(stretch, UserError)]

    def to_arrays(stretch: Stretch) -> Arrays:
        check_ahead(stretch, assets, horizon)
        return raw_arrays(stretch, settings)

    def to_answer(outputs: Arrays, stretch: Stretch) -> Forecast:
        steps = horizon or assets["horizon"]
        return to_forecast(outputs[QUANTILES], stretch, assets, steps)

    answers = iter(predict_each(predictor, usable, to_arrays, to_answer) if usable else [])
    answered = [stretch if isinstance(stretch, UserError) else next(answers) for stretch in stretches]
    if anomalies or anomaly_rate is not None:
        from suite.answers.series_past import row_scores, with_anomalies

        def score(stretch: Stretch) -> tuple[int, np.ndarray]:
            return row_scores(predictor, stretch, raw_arrays, assets, settings)

        answered = with_anomalies(answered, stretches, score, anomaly_rate)
    if plot is not None:
        from suite.answers.series_pictures import with_plot

        answered = with_plot(answered, stretches, plot)
    return answered


def page(contents: FileContents) -> tuple[dict[str, Any], dict[str, tuple[str, ...]]]:
    """Return what the module of the page needs to know, and the output that it reads: quantiles of each step and channel."""
    require(contents, outputs=(QUANTILES,), front_end=("channels", "quantiles", "frequency", "horizon"))
    known = {name: contents.front_end[name] for name in ("channels", "quantiles", "frequency", "horizon")}
    return {"output": QUANTILES, **known}, {contents.signature: (QUANTILES,)}


OPTIONS = (
    PredictOption("horizon", int, None, "steps to forecast, at most those that the model was trained for"),
    PredictOption("since", str, None, "forecast as if it were this time, or this row, and put beside it what came"),
    PredictOption(
        "plot", str, None, "draw the forecasts behind the last rows to this file (.png, .svg)", together=True
    ),
    PredictOption("anomalies", bool, False, "say which rows of the past were odd, and how odd"),
    PredictOption(
        "anomaly_rate", float, None, "--anomalies: the share of rows to call odd; by default the tail decides"
    ),
)
SERIES = AnswerKind(
    "series",
    METRICS,
    page,
    ("channels", "frequency", "season", "horizon", "look_back", "segment", "quantiles", "series", "covariates"),
    answer,
    evaluate=evaluate,
    predict=predict,
    options=OPTIONS,
)
