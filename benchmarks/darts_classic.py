"""A forecaster by its defaults alone on each of several files of series, beside seasonal naive, AutoETS and AutoTheta.

Usage: python benchmarks/darts_classic.py FILE... [--models FOLDER] [--origins 8] [--json FILE]

Each file is read, cut by time and trained on without any setting; a model that is in the folder of models already is taken from
there. All contenders forecast the same windows of the test part, a horizon apart and at most so many, from all rows before
each; AutoETS and AutoTheta (`pip install 'recurrent-suite[baselines]'`) are fitted anew at every one of them, to the last
1,000 rows at most. The figure is the mean absolute scaled error (MASE, scaled by the training part), the mean over windows,
steps and channels, of 12 channels at most; the last line is the median over files.
"""

import argparse
import json
import os
import sys
import time
import warnings
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from rich.console import Console

import suite
from suite.data.examples import Examples
from suite.data.reading import read_examples
from suite.data.series_parts import stretch_example
from suite.pipeline import spread
from suite.registry import load_pipeline
from suite.series.naive import seasonal_naive
from suite.series.scales import training_scales
from suite.series.series import Stretch
from suite.series.statistical import statistical_forecast

MOST_ROWS, MOST_CHANNELS, MOST_SEASON = 1000, 12, 96


def main() -> None:
    """Train what is not there, forecast, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--models", type=Path, default=Path("saved_models"))
    parser.add_argument("--origins", type=int, default=8)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    figures: dict[str, dict[str, float]] = {}
    for file in options.files:
        figures[f"{file.parent.name}/{file.stem}"] = measure(file, options.models, options.origins)
        name, row = list(figures.items())[-1]
        print(f"{name:42}", *(f"{key} {value:.3f}" for key, value in row.items()), flush=True)
        if options.json is not None:
            options.json.write_text(json.dumps(figures, indent=1))
    contenders = list(next(iter(figures.values())))
    medians = {key: float(np.median([row[key] for row in figures.values()])) for key in contenders}
    print(
        f"{'median of ' + str(len(figures)) + ' files':42}", *(f"{key} {value:.3f}" for key, value in medians.items())
    )


def measure(file: Path, models: Path, origins: int) -> dict[str, float]:
    """Return the MASE of each contender on one file, and the seconds of training."""
    from suite.runs import train
    from suite.training.unfinished import Request

    pipeline = load_pipeline("forecasting")
    settings = pipeline.Settings()
    examples = read_examples(pipeline, file, settings)
    folder = models / "forecasting" / f"defaults-{file.parent.name}-{file.stem}"
    begun = time.monotonic()
    if not folder.exists():
        train(Request("forecasting", settings, folder.name, models), examples, Console(stderr=True))
    seconds = time.monotonic() - begun
    model = suite.load(folder)
    errors: dict[str, list[float]] = {}
    for example in examples.part("test"):
        for name, error in score(example.input, model, origins).items():
            errors.setdefault(name, []).append(error)
    return {name: float(np.mean(values)) for name, values in errors.items()} | {"seconds": seconds}


def score(stretch: Stretch, model: Any, origins: int) -> dict[str, float]:
    """Return the MASE of each contender over windows of a stretch."""
    assets, artifact = model.artifact.assets, model.artifact
    horizon, season, series = assets["horizon"], assets["season"], stretch.series
    train = series.values[: training_end(stretch, artifact)]
    scale = np.array(training_scales(train, season)["mase"])[:MOST_CHANNELS]
    rows = spread(range(stretch.start, max(stretch.stop - horizon, stretch.start) + 1, horizon), origins)
    inputs = [artifact.pipeline.raw_arrays(Stretch(series, row, stretch.stop), artifact.settings) for row in rows]
    answers = model.predictor(inputs)
    errors: dict[str, list[np.ndarray]] = {}
    for row, answer in zip(rows, answers, strict=True):
        targets = series.values[row : row + horizon, :MOST_CHANNELS]
        history = series.values[:row, :MOST_CHANNELS]
        quantiles = np.asarray(answer["quantiles"]).reshape(horizon, series.values.shape[1], -1)
        forecasts = {
            "forecaster": quantiles[:, :MOST_CHANNELS, quantiles.shape[-1] // 2],
            "seasonal_naive": seasonal_naive(history, horizon, season),
            **{name: statistical(history, horizon, season, name) for name in ("AutoETS", "AutoTheta")},
        }
        for name, forecast in forecasts.items():
            errors.setdefault(name, []).append((np.abs(forecast[: len(targets)] - targets) / scale).ravel())
    return {name: float(np.nanmean(np.concatenate(parts))) for name, parts in errors.items()}


def training_end(stretch: Stretch, artifact: Any) -> int:
    """Return the row at which the training part of the series ends."""
    whole = Examples((stretch_example(stretch.series, 0, len(stretch.series)),), Path(), "", "")
    cut = artifact.pipeline.assign_parts(whole, artifact.settings)
    return cut.part("train")[0].input.stop


def statistical(history: np.ndarray, horizon: int, season: int, name: str) -> np.ndarray:
    """Return the forecast of a statistical model from the last rows, without a season that is longer than it can take."""
    return statistical_forecast(history[-MOST_ROWS:], horizon, season if season <= MOST_SEASON else 1, name)


if __name__ == "__main__":
    main()
