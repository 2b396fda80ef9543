"""The forecaster: no look ahead, missing values, both forms, its loss, and quantiles that are calibrated."""

from dataclasses import replace

import numpy as np
import pytest

from pipelines.forecasting.batches import batches
from pipelines.forecasting.calibration import calibrate
from pipelines.forecasting.learned import prepare
from pipelines.forecasting.model import WIDENING, forecast_loss, phases
from suite.answers.series import SERIES
from suite.data.examples import Example
from suite.inputs.series import raw_arrays
from suite.series.series import Stretch
from tests.pipelines.forecasting.conftest import SMALL, make_model, make_series


def quantiles_of(forecaster, series, row):
    (outputs,) = forecaster.predictor([raw_arrays(Stretch(series, row, len(series)), forecaster.settings)])
    return outputs["quantiles"]


def test_what_comes_later_changes_no_forecast_and_no_scale(forecaster):
    series, row = forecaster.series, 90
    values = series.values.copy()
    values[row:] = np.random.default_rng(1).permutation(values[row:]) * 100
    later = replace(series, values=values)
    np.testing.assert_array_equal(quantiles_of(forecaster, later, row), quantiles_of(forecaster, series, row))
    train = [Example("train", Stretch(later, 0, row), None, "train")]
    assert prepare(train, forecaster.settings) == forecaster.assets
    examples = [Example("train", Stretch(one, 0, row), None) for one in (series, later)]
    for batch, same in zip(
        *(batches([example], forecaster.assets, forecaster.settings, True).dataset(3) for example in examples),
        strict=True,
    ):
        np.testing.assert_array_equal(batch[0]["values"], same[0]["values"])
        np.testing.assert_array_equal(batch[1], same[1])


def test_rows_before_the_window_and_missing_ones_are_left_out(forecaster):
    series, row = forecaster.series, 90
    before = series.values.copy()
    before[: row - 12] = 1e6
    np.testing.assert_array_equal(
        quantiles_of(forecaster, replace(series, values=before), row), quantiles_of(forecaster, series, row)
    )
    missing = series.values.copy()
    missing[row - 5 : row - 2, 0] = np.nan
    forecast = quantiles_of(forecaster, replace(series, values=missing), row)
    assert np.isfinite(forecast).all() and not np.allclose(forecast, quantiles_of(forecaster, series, row))
    short = replace(series, values=series.values[:3], times=series.times[:3])
    assert np.isfinite(quantiles_of(forecaster, short, 3)).all()


def test_what_is_added_to_a_series_is_added_to_its_forecast(forecaster):
    series = forecaster.series
    higher = quantiles_of(forecaster, replace(series, values=series.values + 50), 90)
    np.testing.assert_allclose(higher, quantiles_of(forecaster, series, 90) + 50, atol=1e-3)


def test_quantiles_are_in_order_and_the_loss_is_the_pinball_loss(forecaster):
    ((inputs, targets),) = batches(forecaster.dev, forecaster.assets, forecaster.settings, False).dataset(0).take(1)
    scaled = forecaster.model(inputs).numpy()
    quantiles, level, scale = scaled[..., :3], scaled[..., 3:4], scaled[..., 4:]
    assert (np.diff(quantiles, axis=-1) >= 0).all()
    targets = targets.numpy()
    targets[0, 1:, 0] = np.nan
    error = (targets[..., None] - level) / scale - quantiles
    levels = np.array([0.1, 0.5, 0.9])
    pinball = np.where(error > 0, levels * error, (levels - 1) * error)
    expected = np.nanmean(2 * pinball, axis=(1, 2, 3))
    np.testing.assert_allclose(forecast_loss(forecaster.settings)(targets, scaled), expected, rtol=1e-4)


@pytest.mark.parametrize(
    "assignments",
    [
        ("form=steps", "normalize=mean_scale"),
        pytest.param(
            ("quantiles=[]", "loss=huber", "calendar=false", "linear=false", "cell=lstm"), marks=pytest.mark.slow
        ),
    ],
    ids=["steps", "point"],
)
def test_every_form_learns(assignments):
    import keras

    forecaster = make_model(assignments, epochs=0)

    def error():
        parts = (forecaster.predictor, forecaster.dev, raw_arrays, forecaster.assets, forecaster.settings)
        return SERIES.evaluate(*parts).metrics["mase"]

    before = error()
    phases(forecaster.settings, forecaster.assets)[0].compile(forecaster.model, keras.optimizers.Adam(0.01))
    source = batches(forecaster.train, forecaster.assets, forecaster.settings, True)
    forecaster.model.fit(source.dataset(0), verbose=0)
    assert error() < before


def test_calibrated_quantiles_hold_on_dev_what_they_promise(forecaster):
    moves = forecaster.model.get_layer(WIDENING).moves
    calibrate(forecaster.model, forecaster.dev, forecaster.assets, forecaster.settings)
    assert np.abs(moves.numpy()).max() > 0
    evaluation = SERIES.evaluate(
        forecaster.predictor, forecaster.dev, raw_arrays, forecaster.assets, forecaster.settings
    )
    moves.assign(np.zeros(moves.shape))  # for the tests that share the model
    assert evaluation.metrics["coverage"] == pytest.approx(0.8, abs=0.05)


def test_series_of_other_lengths_and_starts_are_learned_together():
    from pipelines.forecasting.config import Settings
    from suite.config import load_settings

    settings = load_settings(Settings, None, (*SMALL, "series_embedding=3"))
    lengths = (5, 40, 90)
    examples = [Example(f"s{rows}", Stretch(make_series(rows, 1, name=f"s{rows}"), 0, rows), None) for rows in lengths]
    assets = prepare(examples, settings)
    assert assets["series"] == ["s40", "s5", "s90"] and assets["normalize"] == "last_scale"
    source = batches(examples, assets, settings, True)
    named = {name for step in range(source.steps) for name in source.names(0, step)}
    assert named == {"s5", "s40", "s90"}
    inputs, targets = next(iter(source.dataset(0).as_numpy_iterator()))
    assert inputs["values"].shape == (16, 12, 1) and targets.shape == (16, 4, 1)
    assert set(inputs["series"]) <= {1, 2, 3}
