"""Pictures of forecasts: behind the last rows, the error of each step, and what the quantiles hold."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from suite.errors import UserError
from suite.inputs.series_host import origin
from suite.series.series import Series, Stretch
from suite.series.windows import Windows

HISTORY_SHARE = 3  # horizons of history that a picture shows, at least
MOST_PANELS = 24
ENDINGS = (".png", ".svg", ".pdf")


def draw_windows(windows: Windows, numbers: Sequence[int], quantiles: np.ndarray, assets: dict[str, Any]) -> Any:
    """Return a figure of windows, from the best to the worst: history, what came, and the forecast with its quantiles."""
    places, rows = windows.locate(np.asarray(numbers))
    panels = [
        (windows.stretches[place].series, int(row), forecast)
        for place, row, forecast in zip(places, rows, quantiles, strict=True)
    ]
    return _draw_panels(panels, actual=True)


def _draw_panels(panels: Sequence[tuple[Series, int, np.ndarray]], actual: bool) -> Any:
    """Return a figure with a panel for each series, row and quantiles `(horizon, channels, quantiles)`: its first channel."""
    from matplotlib.figure import Figure

    columns = 1 if len(panels) == 1 else 2
    lines = -(-len(panels) // columns)
    figure = Figure(figsize=(6 * columns, 2.4 * lines))
    axes = figure.subplots(lines, columns, squeeze=False)
    for axis in axes.flat[len(panels) :]:
        axis.set_axis_off()
    for axis, (series, row, forecast) in zip(axes.flat, panels, strict=False):
        _draw_panel(axis, series, row, forecast, actual)
    figure.tight_layout()
    return figure


def _draw_panel(axis: Any, series: Series, row: int, forecast: np.ndarray, actual: bool) -> None:
    steps = len(forecast)
    first = max(0, row - max(HISTORY_SHARE * steps, 24))
    ahead = series.frequency.step(series.times[row - 1], np.arange(1, steps + 1))
    plain = series.frequency.unit == "row"
    past, ahead = (times.astype(np.int64) if plain else times for times in (series.times[first:row], ahead))
    axis.plot(past, series.values[first:row, 0], color="0.35", linewidth=1, label="history")
    middle = forecast.shape[-1] // 2
    if middle:
        axis.fill_between(ahead, forecast[:, 0, 0], forecast[:, 0, -1], color="tab:blue", alpha=0.2, linewidth=0)
    axis.plot(ahead, forecast[:, 0, middle], color="tab:blue", linewidth=1.4, label="forecast")
    if actual and row < len(series):
        came = series.values[row : row + steps, 0]
        axis.plot(ahead[: len(came)], came, color="tab:orange", linewidth=1, label="what came")
    name = series.name if len(series.channels) == 1 else f"{series.name}: {series.channels[0]}"
    axis.set_title(name, fontsize=9)
    axis.tick_params(labelsize=7)
    axis.legend(fontsize=7, loc="upper left", frameon=False)


def draw_steps(model: Any, baselines: dict[str, Any]) -> Any:
    """Return a figure of the mean absolute scaled error by step of the horizon, beside the baselines."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.5))
    axis = figure.subplots()
    for name, totals in {"model": model, **baselines}.items():
        error = totals.of_steps["mase"] / np.maximum(totals.of_steps["count"], 1)
        axis.plot(
            np.arange(1, len(error) + 1), error, label=name.replace("_", " "), linewidth=2 if name == "model" else 1
        )
    axis.set_xlabel("step of the horizon")
    axis.set_ylabel("MASE")
    axis.legend(frameon=False)
    figure.tight_layout()
    return figure


def draw_calibration(model: Any, levels: Sequence[float]) -> Any:
    """Return a figure of how many values lie below each quantile, beside how many should; and coverage by step."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.5))
    left, right = figure.subplots(1, 2)
    count = max(float(model.of_steps["count"].sum()), 1.0)
    below = [model.sums[f"below_{level:g}"] / count for level in levels]
    left.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    left.plot(levels, below, marker="o")
    left.set_xlabel("quantile")
    left.set_ylabel("share of values below it")
    inside = model.of_steps["inside"] / np.maximum(model.of_steps["count"], 1)
    right.axhline(levels[-1] - levels[0], color="0.7", linewidth=1)
    right.plot(np.arange(1, len(inside) + 1), inside)
    right.set_ylim(0, 1)
    right.set_xlabel("step of the horizon")
    right.set_ylabel("share between the outermost quantiles")
    figure.tight_layout()
    return figure


def with_plot(answered: Sequence[Any], stretches: Sequence[Stretch | UserError], path: str) -> list[Any]:
    """Return the forecasts with the place of a picture of them, which is written; at most 24 are in it.

    Raises:
        UserError: for a file that is no picture, or cannot be written.
    """
    target = Path(path)
    if target.suffix.lower() not in ENDINGS:
        raise UserError(f"--plot: expected a file that ends in {', '.join(ENDINGS)}. Received: {path}")
    panels = []
    for forecast, stretch in zip(answered, stretches, strict=True):
        if isinstance(forecast, UserError) or isinstance(stretch, UserError):
            continue
        channel = forecast.channels[0]
        values = list(channel.quantiles.values()) or [channel.median]
        panels.append((stretch.series, origin(stretch), np.array(values).T[:, None]))
    if panels:
        try:
            _draw_panels(panels[:MOST_PANELS], actual=True).savefig(target, dpi=120)
        except OSError as error:
            raise UserError(f"--plot: {path}: cannot be written: {error.strerror or error}") from error
    return [answer if isinstance(answer, UserError) else replace(answer, plot=str(target)) for answer in answered]
