"""Forecasters side by side on the dev rows of ETT: SegRNN as its authors have it and as the recipe has it, DLinear, a GRU, naive.

Usage: python benchmarks/forecasting.py ETTh1.csv [--horizons 96 192] [--models recipe linear] [--epochs N] [--windows N] [--torch]

The protocol is the usual one: values scaled by the first 8,640 rows, dev is rows 8,640 to 11,520, windows one row apart, none
dropped, errors averaged over windows, steps and columns. `--torch` times an epoch of the same network in plain PyTorch beside it.
"""

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

AS_PUBLISHED = ("units=512", "quantiles=[]", "loss=mae", "dropout=0.5", "linear=false", "calendar=false", "segment=48")
MODELS = {
    "recipe": (),
    "published": AS_PUBLISHED,
    "gru": ("form=steps", "units=64", "quantiles=[]", "linear=false", "calendar=false", "look_back=96"),
}


def examples_of(path: Path, settings: Any) -> dict[str, list[Any]]:
    """Return the train and dev stretches of a table."""
    from suite.data.reading import read_examples
    from suite.registry import load_pipeline

    examples = read_examples(load_pipeline("forecasting"), path, settings)
    return {part: examples.part(part) for part in ("train", "dev")}


def score(forecast: Any, source: Any, scales: np.ndarray) -> tuple[float, float]:
    """Return the mean squared and absolute error, on the scale of training, of a function of a batch of inputs."""
    squared = absolute = count = 0.0
    for inputs, targets in source.dataset(0).as_numpy_iterator():
        error = (forecast(inputs) - targets) / scales
        error = error[np.isfinite(error)]
        squared, absolute, count = squared + np.square(error).sum(), absolute + np.abs(error).sum(), count + error.size
    return squared / count, absolute / count


def train(path: Path, horizon: int, assignments: tuple[str, ...], options: argparse.Namespace) -> tuple[Any, ...]:
    """Return dev errors, seconds of an epoch, and parameters of one network with its best epoch."""
    import keras

    from pipelines.forecasting.model import raw_quantiles
    from suite.config import load_settings
    from suite.registry import load_pipeline
    from suite.training.optimizer import make_optimizer

    pipeline = load_pipeline("forecasting")
    recipe = ROOT / "pipelines" / "forecasting" / "recipes" / f"{path.stem.lower()}_{horizon}.yaml"
    more = [f"epochs={options.epochs}"] if options.epochs else []
    more += [f"epoch_windows={options.windows}"] if options.windows else []
    settings = load_settings(pipeline.Settings, recipe, (*assignments, *more))
    parts = examples_of(path, settings)
    assets = pipeline.prepare(parts["train"], settings)
    keras.utils.set_random_seed(settings.seed)
    model = pipeline.build(settings, assets)
    source, dev = (pipeline.batches(parts[part], assets, settings, part == "train") for part in ("train", "dev"))
    phase = pipeline.phases(settings, assets)[0]
    phase.compile(model, make_optimizer(settings, phase.learning_rate, settings.epochs * source.steps))
    (scales,) = assets["statistics"].values()

    def forecast(inputs: Any) -> np.ndarray:
        quantiles = np.asarray(raw_quantiles(model.predict_on_batch(inputs)))
        return quantiles[..., quantiles.shape[-1] // 2]

    errors, seconds = [], []
    for epoch in range(settings.epochs):
        started = time.perf_counter()
        model.fit(source.dataset(epoch), verbose=0, shuffle=False)
        seconds.append(time.perf_counter() - started)
        errors.append(score(forecast, dev, np.array(scales["std"])))
    return *min(errors), float(np.median(seconds)), model.count_params()


def linear(path: Path, horizon: int, options: argparse.Namespace) -> tuple[Any, ...]:
    """Return the same of DLinear (Zeng et al. 2023): a linear layer of the trend (a mean of 25 steps) and one of the rest."""
    import keras

    from pipelines.forecasting.config import Settings
    from suite.config import load_settings
    from suite.registry import load_pipeline

    pipeline = load_pipeline("forecasting")
    settings = load_settings(
        Settings, None, ("train_until='8640'", "dev_until='11520'", f"horizon={horizon}", "look_back=336", "batch_size=32",
                         f"epoch_windows={options.windows or 8000}", "calendar=false"),
    )  # fmt: skip
    parts = examples_of(path, settings)
    assets = pipeline.prepare(parts["train"], settings)
    (scales,) = assets["statistics"].values()
    mean, std = np.float32(scales["mean"]), np.float32(scales["std"])
    inputs = keras.Input((336, len(mean)))
    scaled = (inputs - mean) / std
    ends = [keras.ops.repeat(scaled[:, place : place + 1], 12, axis=1) for place in (0, 335)]
    trend = keras.layers.AveragePooling1D(25, 1)(keras.ops.concatenate([ends[0], scaled, ends[1]], axis=1))
    halves = [keras.layers.Dense(horizon)(keras.ops.transpose(part, (0, 2, 1))) for part in (trend, scaled - trend)]
    outputs = keras.ops.transpose(halves[0] + halves[1], (0, 2, 1))
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(5e-3), "mse")
    source, dev = (pipeline.batches(parts[part], assets, settings, part == "train") for part in ("train", "dev"))
    errors, seconds = [], []
    for epoch in range(options.epochs or 10):
        model.optimizer.learning_rate = 5e-3 * 0.5**epoch
        started = time.perf_counter()
        batches = source.dataset(epoch).map(lambda fed, targets: (fed["values"], (targets - mean) / std))
        model.fit(batches, verbose=0, shuffle=False)
        seconds.append(time.perf_counter() - started)
        errors.append(score(lambda fed: model.predict_on_batch(fed["values"]) * std + mean, dev, std))
    return *min(errors), float(np.median(seconds)), model.count_params()


def naive_errors(path: Path, horizon: int) -> tuple[Any, ...]:
    """Return the same of the values a day before."""
    from pipelines.forecasting.config import Settings
    from suite.config import load_settings
    from suite.registry import load_pipeline
    from suite.series.naive import seasonal_naive

    pipeline = load_pipeline("forecasting")
    settings = load_settings(
        Settings, None, ("train_until='8640'", "dev_until='11520'", f"horizon={horizon}", "look_back=96")
    )
    parts = examples_of(path, settings)
    assets = pipeline.prepare(parts["train"], settings)
    (scales,) = assets["statistics"].values()
    dev = pipeline.batches(parts["dev"], assets, settings, False)

    def forecast(inputs: Any) -> np.ndarray:
        return np.stack([seasonal_naive(values, horizon, 24) for values in inputs["values"]])

    return *score(forecast, dev, np.array(scales["std"])), 0.0, 0


def torch_epoch(horizon: int, options: argparse.Namespace) -> float:
    """Return the seconds of an epoch of the published network in plain PyTorch, on random windows of the same sizes."""
    import torch
    from torch import nn

    look_back, segment, units, channels, size = 720, 48, 512, 7, 256
    read, ahead = look_back // segment, -(-horizon // segment)
    embed, cell, give = nn.Linear(segment, units), nn.GRU(units, units, batch_first=True), nn.Linear(units, segment)
    positions, names = (nn.Parameter(torch.randn(count, units // 2)) for count in (ahead, channels))
    weights = [*embed.parameters(), *cell.parameters(), *give.parameters(), positions, names]
    optimizer, drop = torch.optim.AdamW(weights, 1e-3), nn.Dropout(0.5)
    steps = (options.windows or 8000) // size
    values, targets = torch.randn(size, look_back, channels), torch.randn(size, horizon, channels)
    started = 0.0
    for step in range(steps + 1):
        if step == 1:  # the first one warms up
            started = time.perf_counter()
        last = values[:, -1:]
        rows = (values - last).permute(0, 2, 1).reshape(-1, read, segment)
        _, state = cell(torch.relu(embed(rows)))
        places = torch.cat([positions.repeat(channels, 1), names.repeat_interleave(ahead, 0)], -1)
        fed = places.repeat(size, 1).unsqueeze(1)
        outputs, _ = cell(fed, state.repeat_interleave(ahead, 1))
        forecast = give(drop(outputs.squeeze(1))).reshape(size, channels, -1)[..., :horizon].permute(0, 2, 1) + last
        loss = (forecast - targets).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return time.perf_counter() - started


def main() -> None:
    """Print a line for each horizon and model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--horizons", nargs="+", type=int, default=[96, 192, 336, 720])
    parser.add_argument("--models", nargs="+", default=["seasonal_naive", "linear", *MODELS])
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--windows", type=int, help="windows of an epoch; 8,000 are all of ETTh1")
    parser.add_argument("--torch", action="store_true")
    options = parser.parse_args()
    for horizon in options.horizons:
        for name in options.models:
            if name == "seasonal_naive":
                figures = naive_errors(options.data, horizon)
            elif name == "linear":
                figures = linear(options.data, horizon, options)
            else:
                figures = train(options.data, horizon, MODELS[name], options)
            mse, mae, seconds, parameters = figures
            line = f"{options.data.stem} {horizon:4d} {name:15s} mse {mse:.4f}  mae {mae:.4f}"
            print(f"{line}  {seconds:6.1f} s an epoch  {parameters:,} parameters", flush=True)
        if options.torch:
            print(
                f"{options.data.stem} {horizon:4d} published in PyTorch: {torch_epoch(horizon, options):.1f} s an epoch"
            )


if __name__ == "__main__":
    main()
