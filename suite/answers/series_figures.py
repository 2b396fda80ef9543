"""How good forecasts are: every window of the scored stretches, beside the forecasts that need no model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from suite.answers.series_marks import MARK_METRICS, RowScores
from suite.data.examples import Example
from suite.inputs.series import as_trained
from suite.pipeline import Evaluation, spread
from suite.series.naive import drift, naive, naive2, seasonal_naive
from suite.series.residuals import scaled_errors
from suite.series.scales import Scales, training_scales
from suite.series.series import Stretch
from suite.series.windows import Windows, make_windows
from suite.signature import Arrays, Predictor

FORECAST_METRICS = ("mase", "rmsse", "smape", "wmape", "mse_scaled", "mae_scaled")
BASELINES = {"naive": naive, "seasonal_naive": seasonal_naive, "drift": drift}
METRICS = {
    "mase": ("min", "ratio to the seasonal naive error in training"),
    "rmsse": ("min", "ratio to the seasonal naive error in training"),
    "smape": ("min", "fraction"),
    "wmape": ("min", "fraction"),
    "mse_scaled": ("min", "training variances"),
    "mae_scaled": ("min", "training standard deviations"),
    "weighted_quantile_loss": ("min", "fraction"),
    "owa": ("min", "ratio to naive forecasts without season"),
    "coverage": ("max", "fraction"),
    "width": ("min", "training standard deviations"),
    **MARK_METRICS,
    **{f"mase_{name}": ("min", "ratio to the seasonal naive error in training") for name in BASELINES},
    **{f"smape_{name}": ("min", "fraction") for name in BASELINES},
    **{f"mse_scaled_{name}": ("min", "training variances") for name in BASELINES},
}
AT_ONCE = 512  # windows that are answered and scored together
SAMPLES, PICTURED, SHOWN_STEPS = 50, 12, 12


@dataclass
class Totals:
    """Sums over the windows scored so far, of a forecast and what came.

    Attributes:
        sums: Name -> what is added up.
        of_steps: Name -> the same for each step of the horizon, float64 `(horizon,)`.
    """

    sums: dict[str, float] = field(default_factory=dict)
    of_steps: dict[str, np.ndarray] = field(default_factory=dict)

    def add(self, **values: Any) -> None:
        """Add numbers, and of arrays `(horizon,)` each step."""
        for name, value in values.items():
            if np.ndim(value):
                self.of_steps[name] = self.of_steps.get(name, 0.0) + np.asarray(value, np.float64)
            else:
                self.sums[name] = self.sums.get(name, 0.0) + float(value)

    def mean(self, name: str, count: str) -> float:
        """Return one sum divided by another."""
        return self.sums[name] / max(self.sums[count], 1e-30)

    def score(self, forecast: np.ndarray, targets: np.ndarray, scales: dict[str, np.ndarray]) -> np.ndarray:
        """Add the errors of windows, float64 `(windows, horizon, channels)`, targets NaN where nothing is to be scored.

        Args:
            scales: `std`, `mase` and `rmsse` of each window and channel, `(windows, 1, channels)`.

        Returns:
            The mean absolute scaled error of each window and channel, NaN where it has no target, `(windows, channels)`.
        """
        present = np.isfinite(targets)
        error = np.where(present, forecast - targets, 0.0)
        size, total = np.abs(error), np.where(present, np.abs(targets) + np.abs(forecast), 0.0)
        both = np.divide(2 * size, total, out=np.zeros_like(size), where=total > 0)
        counts = present.sum(axis=1)
        of_window = np.divide(
            (size / scales["mase"]).sum(axis=1), counts, out=np.full(counts.shape, np.nan), where=counts > 0
        )
        squares = np.square(error / scales["rmsse"]).sum(axis=1)
        roots = np.sqrt(np.divide(squares, counts, out=np.zeros(counts.shape), where=counts > 0))
        axes = (0, 2)
        self.add(
            count=present.sum(axis=axes),
            mase=(size / scales["mase"]).sum(axis=axes),
            mse_scaled=np.square(error / scales["std"]).sum(axis=axes),
            mae_scaled=(size / scales["std"]).sum(axis=axes),
            smape=both.sum(axis=axes),
        )
        self.add(
            windows=(counts > 0).sum(),
            rmsse=roots.sum(),
            absolute=size.sum(),
            total=np.where(present, np.abs(targets), 0.0).sum(),
        )
        return of_window

    def score_quantiles(
        self, quantiles: np.ndarray, levels: Sequence[float], targets: np.ndarray, std: np.ndarray
    ) -> None:
        """Add the quantile losses and what the outermost quantiles hold, of quantiles `(windows, horizon, channels, levels)`."""
        present = np.isfinite(targets)
        error = np.where(present[..., None], targets[..., None] - quantiles, 0.0)
        losses = 2 * np.maximum(np.asarray(levels) * error, (np.asarray(levels) - 1) * error)
        below = (error <= 0) & present[..., None]
        inside = present & (targets >= quantiles[..., 0]) & (targets <= quantiles[..., -1])
        width = np.where(present, (quantiles[..., -1] - quantiles[..., 0]) / std, 0.0)
        self.add(quantile_loss=losses.mean(axis=-1).sum(), inside=inside.sum(axis=(0, 2)), width=width.sum(axis=(0, 2)))
        for column, level in enumerate(levels):
            self.add(**{f"below_{level:g}": below[..., column].sum()})

    def figures(self) -> dict[str, float]:
        """Return the metrics of what was added."""
        count = max(float(self.of_steps["count"].sum()), 1.0)
        figures = {
            name: float(self.of_steps[name].sum()) / count for name in ("mase", "smape", "mse_scaled", "mae_scaled")
        }
        figures["rmsse"] = self.mean("rmsse", "windows")
        figures["wmape"] = self.mean("absolute", "total")
        if "inside" in self.of_steps:
            figures["weighted_quantile_loss"] = self.mean("quantile_loss", "total")
            figures["coverage"] = float(self.of_steps["inside"].sum()) / count
            figures["width"] = float(self.of_steps["width"].sum()) / count
        return {name: figures[name] for name in METRICS if name in figures}


@dataclass(frozen=True, eq=False)
class Scored:
    """The windows of a part, scored.

    Attributes:
        model: Totals of the model.
        baselines: Totals of each baseline.
        worst: `(error, window number)` of the windows, the scaled error of the worst channel.
        windows: All of them.
        marks: How odd the first row of each window was, for data that marks anomalies.
    """

    model: Totals
    baselines: dict[str, Totals]
    worst: list[tuple[float, int]]
    windows: Windows
    marks: RowScores = field(default_factory=RowScores)


def evaluate(
    predictor: Predictor,
    examples: Sequence[Example],
    raw_arrays: Callable[[Any, Any], Arrays],
    assets: dict[str, Any],
    settings: Any,
) -> Evaluation:
    """Return the figures of every window of the stretches (one row apart, none dropped), pictures, and the worst windows.

    The average goes over windows, steps and channels; what is missing is not scored. Scales come from training rows: of a
    series that training did not have beside others, from the rows before its stretch.
    """
    stretches = [as_trained(example.input, assets) for example in examples]
    scored = score(predictor, stretches, raw_arrays, assets, settings)
    metrics, table = scored.model.figures(), {"model": scored.model.figures()}
    for name, totals in scored.baselines.items():
        figures = totals.figures()
        table[name] = figures
        metrics |= {f"{metric}_{name}": figures[metric] for metric in ("mase", "smape", "mse_scaled")}
    if "naive2" in table:
        metrics["owa"] = float(
            np.mean([table["model"][name] / max(table["naive2"][name], 1e-30) for name in ("mase", "smape")])
        )
    metrics |= scored.marks.figures(scored.windows.stretches)
    metrics = {name: metrics[name] for name in METRICS if name in metrics}
    details: dict[str, Any] = {"forecasts": table, "steps": _of_steps(scored)}
    from suite.answers import series_pictures

    answers = partial(_answer_windows, predictor, scored.windows, raw_arrays, settings)
    pictured = [number for _, number in spread(sorted(scored.worst), PICTURED)]
    pictures = {
        "forecasts": lambda: series_pictures.draw_windows(scored.windows, pictured, answers(pictured), assets),
        "error_by_step": partial(series_pictures.draw_steps, scored.model, scored.baselines),
    }
    if assets["quantiles"]:
        pictures["calibration"] = partial(series_pictures.draw_calibration, scored.model, assets["quantiles"])
    return Evaluation(metrics, pictures, _samples(scored, answers, assets), details, input_pictures=("forecasts",))


def score(
    predictor: Predictor,
    stretches: Sequence[Stretch],
    raw_arrays: Callable[[Any, Any], Arrays],
    assets: dict[str, Any],
    settings: Any,
) -> Scored:
    """Return the errors over the windows of stretches, of the model and of the baselines."""
    windows = make_windows(stretches, assets["look_back"], assets["horizon"], assets["look_back"])
    numbers = np.arange(len(windows))
    if settings.most_windows is not None:
        numbers = np.array(spread(range(len(windows)), settings.most_windows), np.int64)
    # Those of the baselines are the same after every epoch.
    baselines = {} if settings.most_windows else BASELINES
    if baselines and len(windows) == len(stretches) > 1:  # one horizon of each series, as M4 is scored
        baselines = baselines | {"naive2": naive2}
    scored = Scored(Totals(), {name: Totals() for name in baselines}, [], windows)
    scales_of = [_scales(stretch, assets) for stretch in stretches]
    levels = assets["quantiles"]
    for start in range(0, len(numbers), AT_ONCE):
        chunk = numbers[start : start + AT_ONCE]
        quantiles = _answer_windows(predictor, windows, raw_arrays, settings, chunk)
        targets = windows.targets(chunk).astype(np.float64)
        places, rows = windows.locate(chunk)
        scales = {
            name: np.array([scales_of[place][name] for place in places])[:, None] for name in ("std", "mase", "rmsse")
        }
        of_window = scored.model.score(quantiles[..., quantiles.shape[-1] // 2], targets, scales)
        if levels:
            scored.model.score_quantiles(quantiles, levels, targets, scales["std"])
            if not settings.most_windows:
                scored.marks.add(places, rows, scaled_errors(targets[:, 0], quantiles[:, 0]))
        for name, forecast in baselines.items():
            expected = np.stack(
                [
                    forecast(stretches[place].series.values[:row], assets["horizon"], assets["season"])
                    for place, row in zip(places, rows, strict=True)
                ]
            )
            scored.baselines[name].score(expected, targets, scales)
        worst = np.where(np.isfinite(of_window), of_window, -1.0).max(axis=1)
        scored.worst.extend(zip(worst.tolist(), chunk.tolist(), strict=True))
    return scored


def _answer_windows(
    predictor: Predictor,
    windows: Windows,
    raw_arrays: Callable[[Any, Any], Arrays],
    settings: Any,
    numbers: Sequence[int] | np.ndarray,
) -> np.ndarray:
    """Return the quantiles of windows by their numbers, float64 `(windows, horizon, channels, quantiles)`."""
    places, rows = windows.locate(np.asarray(numbers))
    inputs = []
    for place, row in zip(places, rows, strict=True):
        stretch = windows.stretches[place]
        inputs.append(raw_arrays(Stretch(stretch.series, int(row), stretch.stop), settings))
    return np.stack([outputs["quantiles"] for outputs in predictor(inputs)]).astype(np.float64)


def _scales(stretch: Stretch, assets: dict[str, Any]) -> Scales:
    """Return what errors of a series are divided by: learned of its training rows, else of the rows before the stretch."""
    statistics = assets.get("statistics", {})
    if len(statistics) == 1:  # whatever the file is called that goes on with the series
        return next(iter(statistics.values()))
    if stretch.series.name in statistics:
        return statistics[stretch.series.name]
    return training_scales(stretch.series.values[: max(stretch.start, 1)], assets["season"])


def _of_steps(scored: Scored) -> dict[str, dict[str, float]]:
    """Return figures of some steps of the horizon, spread evenly, by their numbers."""
    model, count = scored.model.of_steps, np.maximum(scored.model.of_steps["count"], 1)
    names = [name for name in ("mase", "smape", "mse_scaled", "mae_scaled", "inside") if name in model]
    shown = spread(range(len(count)), SHOWN_STEPS - 1)
    return {
        str(step + 1): {
            {"inside": "coverage"}.get(name, name): float(model[name][step] / count[step]) for name in names
        }
        for step in sorted({*shown, len(count) - 1})
    }


def _samples(scored: Scored, answers: Callable[..., np.ndarray], assets: dict[str, Any]) -> dict[str, list]:
    """Return the worst windows, one a row: the first step's forecast beside what came."""
    worst = sorted(scored.worst, reverse=True)[:SAMPLES]
    numbers = np.array([number for _, number in worst])
    places, rows = scored.windows.locate(numbers)
    quantiles, targets = answers(numbers), scored.windows.targets(numbers)
    middle = quantiles.shape[-1] // 2
    series = [scored.windows.stretches[place].series for place in places]
    return {
        "series": [one.name for one in series],
        "from": [one.frequency.written(one.times[row]) for one, row in zip(series, rows, strict=True)],
        "mase": [error for error, _ in worst],
        "forecast": [[float(value) for value in row[:, 0, middle]] for row in quantiles],
        "actual": [[float(value) if np.isfinite(value) else None for value in row[:, 0]] for row in targets],
    }
