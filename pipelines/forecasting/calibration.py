"""Quantiles that hold on dev what they promise."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from pipelines.forecasting.batches import batches
from pipelines.forecasting.config import Settings
from pipelines.forecasting.model import SCALED, WIDENING
from suite.data.examples import Example
from suite.pipeline import spread
from suite.series.conformal import conformal_moves

MOST_BATCHES = 64


def calibrate(model: keras.Model, dev: Sequence[Example], assets: dict[str, Any], settings: Settings) -> None:
    """Set how far the trained model moves its quantiles, by what came in the windows of dev; nothing of a point forecast."""
    if not (settings.quantiles and settings.calibrate):
        return
    layer = model.get_layer(WIDENING)
    layer.moves.assign(np.zeros(layer.moves.shape, np.float32))
    source = batches(dev, assets, settings, training=False)
    scored = set(spread(range(source.steps), MOST_BATCHES))
    answers, targets = [], []
    for step, (inputs, came) in enumerate(source.dataset(0).as_numpy_iterator()):
        if step not in scored:
            continue
        scaled = np.asarray(model.predict_on_batch(inputs))
        answers.append(scaled[..., :-SCALED])
        targets.append((came - scaled[..., -SCALED]) / scaled[..., -1])
    if answers:
        moves = conformal_moves(np.concatenate(answers), np.concatenate(targets), settings.quantiles)
        layer.moves.assign(moves)
