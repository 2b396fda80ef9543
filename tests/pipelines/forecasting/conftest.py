"""A small series with a season and a trend, and a model of it that is trained a little."""

from types import SimpleNamespace

import numpy as np
import pytest

from pipelines.forecasting.config import Settings
from suite.config import load_settings
from suite.data.examples import Example
from suite.series.frequency import parse_frequency
from suite.series.series import Series, Stretch

SMALL = ("horizon=4", "look_back=12", "segment=4", "units=8", "batch_size=16", "dropout=0", "learning_rate=0.01")


def make_series(rows=120, channels=2, code="h", name="made", seed=0):
    """Return hours of a daily season that grows, with some noise."""
    frequency = parse_frequency(code)
    steps = np.arange(rows)
    noise = np.random.default_rng(seed).normal(0, 0.1, (rows, channels))
    values = 10 + 0.05 * steps[:, None] + np.sin(2 * np.pi * steps[:, None] / 12 + np.arange(channels)) + noise
    times = frequency.step(np.datetime64("2024-01-01", "s"), steps)
    return Series(name, times, values.astype(np.float32), tuple("abcdefgh"[:channels]), frequency)


def make_model(assignments=(), series=None, epochs=1):
    """Return settings, assets, model and predictor of a series whose first three quarters are learned."""
    import keras

    from pipelines.forecasting.batches import batches
    from pipelines.forecasting.export import signatures
    from pipelines.forecasting.learned import prepare
    from pipelines.forecasting.model import build, phases
    from suite.runtime.keras_runtime import KerasPredictor

    settings = load_settings(Settings, None, (*SMALL, *assignments))
    series = make_series() if series is None else series
    border = len(series) * 3 // 4
    train = [Example("train", Stretch(series, 0, border), None, "train", key="train")]
    dev = [Example("dev", Stretch(series, border, len(series)), None, "dev", key="dev")]
    assets = prepare(train, settings)
    keras.utils.set_random_seed(0)
    model = build(settings, assets)
    if epochs:
        phases(settings, assets)[0].compile(model, keras.optimizers.Adam(settings.learning_rate))
        source = batches(train, assets, settings, True)
        model.fit(source.dataset(0).take(20 * epochs), verbose=0)
    predictor = KerasPredictor(model, signatures(assets, settings))
    return SimpleNamespace(
        settings=settings, assets=assets, model=model, predictor=predictor, series=series, train=train, dev=dev
    )


@pytest.fixture(scope="session")
def forecaster():
    """A small model with quantiles and a calendar."""
    return make_model()
