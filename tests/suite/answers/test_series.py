"""Figures of forecasts against arithmetic by hand, and what a person gets."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from suite.answers.series import SERIES
from suite.answers.series_figures import METRICS, Totals
from suite.data.examples import Example
from suite.errors import UserError
from suite.inputs.series import SERIES as SERIES_INPUT
from suite.inputs.series import raw_arrays
from suite.runtime.loaded import Answered, plain
from suite.series.frequency import parse_frequency
from suite.series.series import Series, Stretch

SETTINGS = SimpleNamespace(look_back=None, time_zone=None, most_windows=None, frequency=None, season=None)
ASSETS = {
    "channels": ["y"], "frequency": "D", "season": 2, "horizon": 3, "look_back": 4, "quantiles": [0.1, 0.5, 0.9],
    "covariates": [], "series": [], "statistics": {"a": {"std": [2.0], "mase": [4.0], "rmsse": [5.0], "mean": [0.0]}},
}  # fmt: skip


def days(values, name="a"):
    values = np.float32(values)
    times = np.datetime64("2024-03-01", "s") + np.arange(len(values)) * np.timedelta64(1, "D")
    return Series(name, times, values.reshape(len(values), -1), ("y",), parse_frequency("D"))


def last_value(inputs):
    """Forecast the last value, and quantiles that lie 1 and 2 from it."""
    last = [arrays["values"][np.isfinite(arrays["values"][:, 0])][-1, 0] for arrays in inputs]
    return [{"quantiles": np.float32(value) + np.tile(np.float32([-1, 0, 2]), (3, 1, 1))} for value in last]


def test_the_figures_of_all_windows_are_those_by_hand():
    series = days([1, 2, 4, 7, 11, 16, 22])
    evaluation = SERIES.evaluate(last_value, [Example("a", Stretch(series, 3, 7), None)], raw_arrays, ASSETS, SETTINGS)
    # Two windows, from 4 and from 7: errors of 3, 7, 12 and of 4, 9, 15.
    errors, came = np.array([[3, 7, 12], [4, 9, 15]]), np.array([[7, 11, 16], [11, 16, 22]])
    forecast = came - errors
    figures = evaluation.metrics
    assert figures["mase"] == pytest.approx(errors.mean() / 4)
    assert figures["rmsse"] == pytest.approx(np.sqrt((errors**2).mean(axis=1)).mean() / 5)
    assert figures["smape"] == pytest.approx((2 * errors / (came + forecast)).mean())
    assert figures["wmape"] == pytest.approx(errors.sum() / came.sum())
    assert figures["mse_scaled"] == pytest.approx((errors**2).mean() / 4)
    assert figures["mae_scaled"] == pytest.approx(errors.mean() / 2)
    assert figures["coverage"] == 0 and figures["width"] == pytest.approx(3 / 2)
    above = np.array([0.1 * (errors + 1), 0.5 * errors, 0.9 * (errors - 2)])
    assert figures["weighted_quantile_loss"] == pytest.approx(2 * above.mean(axis=0).sum() / came.sum())
    assert figures["mase_naive"] == pytest.approx(figures["mase"]) and figures.keys() <= METRICS.keys()
    # By a season of 2: 2, 4, 2 and 4, 7, 4.
    assert figures["mase_seasonal_naive"] == pytest.approx((came - [[2, 4, 2], [4, 7, 4]]).mean() / 4)
    assert evaluation.details["forecasts"]["model"]["mase"] == figures["mase"]
    for draw in evaluation.pictures.values():
        assert draw().axes
    json.dumps([evaluation.metrics, evaluation.samples, evaluation.details])


def test_what_is_missing_is_not_scored():
    series = days([1, 2, 3, 5, np.nan, np.nan])
    evaluation = SERIES.evaluate(last_value, [Example("a", Stretch(series, 3, 6), None)], raw_arrays, ASSETS, SETTINGS)
    assert evaluation.metrics["mase"] == pytest.approx(2 / 4) and evaluation.metrics["smape"] == pytest.approx(4 / 8)


def test_a_perfect_forecast_has_no_error_and_holds_everything():
    totals, came = Totals(), np.random.default_rng(0).normal(size=(5, 3, 2))
    ones = {name: np.ones((5, 1, 2)) for name in ("std", "mase", "rmsse")}
    totals.score(came, came, ones)
    totals.score_quantiles(came[..., None] + [-1, 0, 1], [0.1, 0.5, 0.9], came, ones["std"])
    figures = totals.figures()
    assert figures["coverage"] == 1 and figures["width"] == pytest.approx(2)
    assert all(figures[name] == 0 for name in ("mase", "rmsse", "smape", "wmape", "mse_scaled", "mae_scaled"))


def predict(*raw, **options):
    return SERIES.predict(last_value, list(raw), raw_arrays, ASSETS, SETTINGS, **options)


def test_a_series_is_continued_beyond_its_end():
    (forecast,) = predict(days([1, 2, 5]))
    assert forecast.times == ["2024-03-04", "2024-03-05", "2024-03-06"]
    (channel,) = forecast.channels
    assert channel.median == [5, 5, 5] and channel.quantiles["0.9"] == [7, 7, 7] and forecast.actual is None
    assert predict(days([1, 2, 5]), horizon=1)[0].times == ["2024-03-04"]
    assert "2024-03-04" in forecast.lines()[0] and "5 (4 to 7)" in forecast.lines()[1]
    rows = Answered("file.csv", forecast).rows()
    assert (
        len(rows) == 3 and rows[1]["time"] == "2024-03-05" and rows[1]["q0.1"] == 4 and rows[1]["input"] == "file.csv"
    )
    json.dumps(plain(forecast))


def test_since_is_as_if_it_were_then():
    (forecast,) = predict(days([1, 2, 5, 9, 12]), since="2024-03-04")
    assert forecast.times[0] == "2024-03-04" and forecast.channels[0].median[0] == 5
    assert forecast.actual == {"y": [9, 12, None]}
    assert predict(days([1, 2, 5, 9, 12]), since="3")[0].times[0] == "2024-03-04"


@pytest.mark.parametrize(
    ("series", "options", "message"),
    [
        (days([1, 2]), {"horizon": 4}, r"--horizon: expected 1 to 3, .*--set horizon=4.*Received: 4"),
        (
            days([1, 2]),
            {"since": "2025-01-01"},
            r"--since: expected a time behind 2024-03-01 and not behind 2024-03-03",
        ),
        (days([np.nan, np.nan]), {}, "expected at least one value before the forecast"),
        (
            Series("b", days([1, 2]).times, np.ones((2, 2), np.float32), ("u", "v"), parse_frequency("D")),
            {},
            "channels y.*u, v",
        ),
        (
            Series("b", days([1, 2]).times, np.ones((2, 1), np.float32), ("y",), parse_frequency("W")),
            {},
            "a row every D.*W",
        ),
    ],
    ids=["horizon", "since", "missing", "channels", "frequency"],
)
def test_what_cannot_be_forecast_is_said_in_one_sentence(series, options, message):
    (fault,) = predict(series, **options)
    assert isinstance(fault, UserError) and "\n" not in str(fault)
    with pytest.raises(UserError, match=message):
        raise fault


def test_columns_are_those_of_the_model_whatever_their_order():
    assets = ASSETS | {"channels": ["u", "v"]}
    series = Series("b", days([1, 2]).times, np.float32([[1, 9, 5], [2, 8, 5]]), ("v", "u", "w"), parse_frequency("D"))

    def last_row(inputs):
        return [{"quantiles": np.tile(arrays["values"][-1][:, None], (3, 1, 3))} for arrays in inputs]

    (forecast,) = SERIES.predict(last_row, [series], raw_arrays, assets, SETTINGS)
    assert [(channel.channel, channel.median[0]) for channel in forecast.channels] == [("u", 8), ("v", 2)]
    assert str(series) == "b: 2 rows of v, u, w" and str(Stretch(series, 0, 2)) == "b, 2024-03-01 to 2024-03-02"


def test_a_stretch_holds_an_input_for_each_of_its_rows():
    first, other = days(np.arange(10)), days(np.arange(6), "b")
    drawn = SERIES_INPUT.several([Stretch(first, 4, 10), Stretch(other, 0, 6)], 6)
    assert [(stretch.series.name, stretch.start) for stretch in drawn] == [
        ("a", 4), ("a", 6), ("a", 8), ("b", 1), ("b", 2), ("b", 4)
    ]  # fmt: skip
    assert len(SERIES_INPUT.several([Stretch(first, 8, 10)], 64)) == 2


def test_odd_rows_of_the_past_are_named_oddest_first():
    values = np.ones(30)
    values[[12, 20]] = 9, 30
    (forecast,) = predict(days(values), anomalies=True)
    # The row behind an odd one is odd as well, for who expects the last value.
    assert [(row["time"], round(row["score"], 1)) for row in forecast.anomalies[:2]] == [
        ("2024-03-22", 29.0),
        ("2024-03-21", 14.5),
    ]
    assert {row["time"] for row in forecast.anomalies} == {"2024-03-13", "2024-03-14", "2024-03-21", "2024-03-22"}


def test_a_plot_is_a_picture_with_what_came(tmp_path):
    (forecast,) = predict(days([1, 2, 5, 9, 12]), since="2024-03-04", plot=str(tmp_path / "a.png"))
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG" and forecast.plot == str(tmp_path / "a.png")
    with pytest.raises(UserError, match=r"--plot: expected a file that ends in \.png"):
        predict(days([1, 2, 5]), plot=str(tmp_path / "a.txt"))
