"""Stretches of series -> batches of windows, gathered when they are asked for."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from pipelines.forecasting.config import Settings
from pipelines.forecasting.learned import window_shape
from suite.data.batch_source import generated_batches
from suite.data.bucketing import BatchPlan
from suite.data.examples import Example
from suite.inputs.series_host import arrays_before, window
from suite.pipeline import BatchSource
from suite.series.windows import Windows, make_windows

LEAST_STEPS, MOST_STEPS = 20, 500  # of an epoch, where the settings say none


class WindowNames(Sequence[str]):
    """The example of each window, by the window's number."""

    def __init__(self, windows: Windows, names: Sequence[str]) -> None:
        self.windows, self.names = windows, names

    def __len__(self) -> int:
        return len(self.windows)

    def __getitem__(self, number: Any) -> Any:
        places, _ = self.windows.locate(np.array([number]))
        return self.names[places[0]]


def batches(examples: Sequence[Example], assets: dict[str, Any], settings: Settings, training: bool) -> BatchSource:
    """Return batches of windows: the model's inputs, and targets float32 `(batch, horizon, channels)`, NaN where there are none."""
    import tensorflow as tf

    stretches = [example.input for example in examples]
    windows = make_windows(stretches, assets["look_back"], assets["horizon"], assets["least_history"])
    shape, size = window_shape(assets, settings), settings.batch_size

    def plan(epoch: int) -> list[BatchPlan]:
        numbers = (
            drawn_windows(len(windows), settings, np.random.default_rng([settings.seed, epoch]))
            if training
            else np.arange(len(windows))
        )
        return [BatchPlan(numbers[start : start + size], assets["look_back"]) for start in range(0, len(numbers), size)]

    def generate(epoch: int, planned: Sequence[BatchPlan]) -> Iterator[tuple[dict[str, np.ndarray], np.ndarray]]:
        for batch in planned:
            places, rows = windows.locate(batch.indices)
            inputs = [
                window(
                    arrays_before(stretches[place].series, int(row), shape.look_back, shape.horizon, settings), shape
                )
                for place, row in zip(places, rows, strict=True)
            ]
            yield (
                {name: np.stack([arrays[name] for arrays in inputs]) for name in inputs[0]},
                windows.targets(batch.indices),
            )

    channels = shape.channels
    specs = {"values": tf.TensorSpec((None, shape.look_back, channels), tf.float32)}
    specs |= {"time": tf.TensorSpec((None,), tf.int32)} if shape.calendar else {}
    if shape.covariates:
        specs["covariates"] = tf.TensorSpec((None, shape.look_back + shape.horizon, shape.covariates), tf.float32)
    specs |= {"series": tf.TensorSpec((None,), tf.int32)} if shape.series else {}
    targets = tf.TensorSpec((None, shape.horizon, channels), tf.float32)
    return generated_batches(
        plan, generate, (specs, targets), WindowNames(windows, [example.name for example in examples])
    )


def drawn_windows(count: int, settings: Settings, generator: np.random.Generator) -> np.ndarray:
    """Return the numbers of the windows of one epoch, int64, in the order of training: all before any comes again."""
    size = settings.batch_size
    asked = settings.epoch_windows or min(max(count, LEAST_STEPS * size), MOST_STEPS * size)
    rounds = [generator.permutation(count) for _ in range(-(-asked // count))]
    return np.concatenate(rounds)[:asked]
