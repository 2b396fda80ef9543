"""How well a forecaster's errors tell anomalies, beside detectors without a network: NAB, SKAB, SMAP/MSL, in one table.

Usage: python benchmarks/anomalies.py --nab FOLDER --skab FOLDER --smap FOLDER [--models FOLDER] [--steps 12] [--json FILE]

Each collection trains one forecaster by its recipe (`pipelines/forecasting/recipes/nab.yaml`, `skab.yaml`, `smap_msl.yaml`), on
the first rows of every series; a model that is in the folder of models already is taken from there. All rows of the test part
are scored, by every detector; series without a marked row there are left out of the means. No threshold is tuned, and no
point-adjusted figure is given; range-based F1 and NAB's score are at the threshold that is best for each detector.

forecaster          windows of values and of the mean error of the forecasts that reach a row, rebuilt from the principal
                    components that explain 90 % of training
forecaster, widths  the error in widths of the predicted quantiles, mean over the forecasts that reach a row and over channels
pca                 windows of values alone, rebuilt likewise
seasonal naive      difference from the value a season before (a row before where there is none), in the mean one of training
All scores are smoothed over as many rows as the forecasts reach ahead, at most `--steps` (a window has twice as many), and divided
by what one in a hundred training rows of their series lies above, so that series can share the one threshold of NAB's score.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from rich.console import Console

import suite
from suite.config import load_settings
from suite.data.examples import Examples
from suite.data.reading import read_examples
from suite.registry import load_pipeline
from suite.series.anomalies import combine_steps, pca_scores, seasonal_scores, smooth, window_scores
from suite.series.anomaly_metrics import auc_pr, best_range_f1, nab_score, vus_pr
from suite.series.grid import fill
from suite.series.residuals import scaled_errors
from suite.series.season import find_season
from suite.series.series import Series, Stretch

RECIPES = {"nab": "nab", "skab": "skab", "smap": "smap_msl"}
FIGURES = ("auc_pr", "vus_pr", "range_f1", "nab")
AT_ONCE = 2048  # windows


def main() -> None:
    """Train what is not there, score, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in RECIPES:
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--models", type=Path, default=Path("saved_models"))
    parser.add_argument("--steps", type=int, default=12, help="of each forecast whose errors count, at most")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    figures: dict[str, dict[str, list[float]]] = {}
    for name in RECIPES:
        if getattr(options, name) is not None:
            figures[name] = measure(name, getattr(options, name), options)
            show(figures)
            if options.json is not None:
                options.json.write_text(json.dumps(figures, indent=1))


def measure(name: str, data: Path, options: argparse.Namespace) -> dict[str, list[float]]:
    """Return the figures of each detector on a collection."""
    examples, model = trained(name, data, options.models)
    scored: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    for example in examples.part("test"):
        stretch: Stretch = example.input
        assert stretch.series.anomalies is not None
        if stretch.series.anomalies[stretch.start : stretch.stop].any():
            for detector, scores in detect(stretch, model, options.steps).items():
                scores[: stretch.start] = np.nan
                scored.setdefault(detector, []).append((stretch.series.anomalies, scores))
    return {detector: summarize(pairs) for detector, pairs in scored.items()}


def summarize(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[float]:
    """Return the means over series of `FIGURES`; NAB's score is of all series together."""
    means = [float(np.mean([figure(*pair) for pair in pairs])) for figure in (auc_pr, vus_pr, best_range_f1)]
    return [*means, nab_score(pairs)]


def trained(name: str, data: Path, models: Path) -> tuple[Examples, Any]:
    """Return the examples of a collection and the forecaster that its recipe makes."""
    from suite.runs import train
    from suite.training.unfinished import Request

    pipeline = load_pipeline("forecasting")
    recipe = Path(pipeline.package.__path__[0]) / "recipes" / f"{RECIPES[name]}.yaml"
    settings = load_settings(pipeline.Settings, recipe)
    examples = read_examples(pipeline, data, settings)
    folder = models / "forecasting" / f"anomalies-{name}"
    if not folder.exists():
        request = Request("forecasting", settings, f"anomalies-{name}", models)
        begun = time.monotonic()
        train(request, examples, Console(stderr=True))
        print(f"{name}: trained in {time.monotonic() - begun:.0f} s", file=sys.stderr)
    return examples, suite.load(folder)


def detect(stretch: Stretch, model: Any, steps: int) -> dict[str, np.ndarray]:
    """Return the scores of all rows of a series by each detector, float64 `(rows,)`."""
    series, train = stretch.series, stretch.start
    widths, errors = forecast_errors(series, model, steps)
    filled = fill(series.values, "forward")
    season = series.frequency.season if series.frequency.season > 1 else find_season(filled[:train])
    length = min(steps, model.artifact.assets["horizon"])
    scores = {
        "forecaster": window_scores(series.values, errors, train, 2 * length),
        "forecaster, widths": widths,
        "pca": pca_scores(filled, train, 2 * length),
        "seasonal naive": seasonal_scores(series.values, season, train),
    }
    smoothed = {name: smooth(mean_of_channels(of_rows), length) for name, of_rows in scores.items()}
    return {name: of_rows / usual_height(of_rows[:train]) for name, of_rows in smoothed.items()}


def usual_height(scores: np.ndarray) -> float:
    """Return what one in a hundred rows of training lies above, by which scores of several series can share one threshold."""
    present = scores[np.isfinite(scores)]
    height = float(np.quantile(present, 0.99)) if len(present) else 0.0
    return height if height > 0 else 1.0


def mean_of_channels(scores: np.ndarray) -> np.ndarray:
    """Return the mean over channels, of scores that grow as a logarithm: one channel alone does not drown the others."""
    if scores.ndim == 1:
        return scores
    present = np.isfinite(scores)
    counts = present.sum(axis=1)
    sums = np.where(present, np.log1p(np.where(present, scores, 0.0)), 0.0).sum(axis=1)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def forecast_errors(series: Series, model: Any, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Return for each row and channel the mean error over the forecasts that reach it: in widths of quantiles, and signed."""
    look_back, horizon = (model.artifact.assets[name] for name in ("look_back", "horizon"))
    steps, rows = min(steps, horizon), len(series)
    before = np.full((look_back, series.values.shape[1]), np.nan, np.float32)
    padded = np.concatenate([before, series.values])
    histories = np.lib.stride_tricks.sliding_window_view(padded, look_back, axis=0).transpose(0, 2, 1)[:rows]
    behind = np.full((steps, series.values.shape[1]), np.nan, np.float32)
    ahead = np.concatenate([series.values, behind])
    targets = np.lib.stride_tricks.sliding_window_view(ahead, steps, axis=0).transpose(0, 2, 1)[:rows]
    widths, errors = [], []
    for start in range(0, rows, AT_ONCE):
        inputs = np.ascontiguousarray(histories[start : start + AT_ONCE])
        quantiles = np.asarray(model.predictor.batch({"values": inputs})["quantiles"])[:, :steps].astype(np.float64)
        values = targets[start : start + AT_ONCE].astype(np.float64)
        widths.append(scaled_errors(values, quantiles))
        errors.append(values - quantiles[..., quantiles.shape[-1] // 2])
    return combine_steps(np.concatenate(widths), rows), combine_steps(np.concatenate(errors), rows)


def show(figures: dict[str, dict[str, list[float]]]) -> None:
    """Print a row for each detector: its figures on each collection, and the mean AUC-PR over collections."""
    detectors = list(next(iter(figures.values())))
    columns = [f"{name} {figure}" for name in figures for figure in FIGURES]
    print("| detector | mean auc_pr | " + " | ".join(columns) + " |")
    print("|---" * (len(columns) + 2) + "|")
    for detector in detectors:
        mean = np.mean([of_collection[detector][0] for of_collection in figures.values()])
        cells = [
            f"{value:.3f}" if place < 3 else f"{value:.1f}"
            for name in figures
            for place, value in enumerate(figures[name][detector])
        ]
        print(f"| {detector} | {mean:.3f} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
