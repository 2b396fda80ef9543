"""Layers around a forecaster, against NumPy and the calendar of Python."""

from datetime import UTC, datetime

import numpy as np
import pytest

from suite.series.frequency import parse_frequency
from suite.series.layers import CalendarFeatures, OrderedQuantiles, Widening, WindowScale

NAN = np.nan


@pytest.mark.parametrize("normalize", ["last", "mean", "last_scale", "mean_scale"])
def test_a_window_is_brought_to_its_level_and_scale_and_missing_values_count_for_nothing(normalize):
    series = np.float32([[[1, 10], [2, NAN], [6, 30], [NAN, NAN]]])
    z, observed, level, scale = (np.asarray(part) for part in WindowScale(normalize, [2.0, 4.0])(series))
    assert observed[0].tolist() == [[1, 1], [1, 0], [1, 1], [0, 0]]
    expected = [6, 30] if normalize.startswith("last") else [3, 20]
    np.testing.assert_allclose(level[0, 0], expected)
    if normalize.endswith("scale"):
        assert (scale[0, 0] >= [np.std([1, 2, 6]), 10]).all() and (scale[0, 0] < [3.1, 11]).all()
    else:
        assert scale[0, 0].tolist() == [2, 4]
    np.testing.assert_allclose((z * scale + level)[observed > 0], series[observed > 0], rtol=1e-6)
    assert (z[observed == 0] == 0).all()


def test_a_window_without_any_value_and_a_flat_one_give_numbers():
    series = np.float32([[[NAN, 7]] * 5])
    for normalize in ("last", "mean_scale"):
        for part in WindowScale(normalize, [1.0, 1e-3])(series):
            assert np.isfinite(np.asarray(part)).all()


@pytest.mark.parametrize("code", ["15min", "h", "D", "B", "W", "MS", "ME", "QS"])
def test_the_calendar_is_that_of_the_times_of_the_steps(code):
    frequency = parse_frequency(code)
    last = np.datetime64(
        "2024-02-29T21:15" if code == "15min" else "2024-02-29T21:00" if code == "h" else "2024-03-01", "s"
    )
    last = np.datetime64("2024-02-29", "s") if code == "ME" else last
    past, ahead = 30, 40
    minutes = np.array([last.astype(np.int64) // 60], np.int32)
    features = np.asarray(CalendarFeatures(code, past, ahead)(minutes))[0]
    times = frequency.step(last, np.arange(1 - past, ahead + 1))
    for row, time in enumerate(times):
        moment = datetime.fromtimestamp(int(time.astype(np.int64)), UTC)
        of_year = (moment.timetuple().tm_yday - 1) / 365.25
        of_day = (moment.hour * 60 + moment.minute) / 1440
        turns = {
            "15min": [of_day, (moment.weekday() + of_day) / 7],
            "h": [of_day, (moment.weekday() + of_day) / 7],
            "D": [moment.weekday() / 7, of_year],
            "B": [moment.weekday() / 5, of_year],
            "W": [of_year],
        }.get(code)
        if turns is None:
            turns = [((moment.month - 1 + (code == "ME")) % 12) / 12]
        angles = 2 * np.pi * np.array(turns)
        # A year is 365.2425 days, and a month a twelfth of it.
        np.testing.assert_allclose(features[row], [*np.sin(angles), *np.cos(angles)], atol=0.05, err_msg=str(time))


def test_quantiles_never_cross_and_the_middle_one_is_as_given():
    numbers = np.random.default_rng(0).normal(0, 3, (50, 4, 2, 5)).astype(np.float32)
    ordered = np.asarray(OrderedQuantiles()(numbers))
    assert (np.diff(ordered, axis=-1) >= 0).all()
    np.testing.assert_array_equal(ordered[..., 2], numbers[..., 2])


def test_widening_moves_quantiles_in_answers_and_not_in_training_and_never_beyond_the_next():
    layer, quantiles = Widening(), np.float32([[[[-1, 0, 1]]]])
    layer.build(quantiles.shape)
    layer.moves.assign(np.float32([[[-2, 0, 3]]]))
    assert np.asarray(layer(quantiles)).ravel().tolist() == [-3, 0, 4]
    assert np.asarray(layer(quantiles, training=True)).ravel().tolist() == [-1, 0, 1]
    layer.moves.assign(np.float32([[[5, 0, -5]]]))
    assert np.asarray(layer(quantiles)).ravel().tolist() == [0, 0, 0]
