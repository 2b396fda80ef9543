"""Windows: which there are, and that they are views of one array."""

import numpy as np

from suite.series.frequency import parse_frequency
from suite.series.series import Series, Stretch
from suite.series.windows import history, make_windows


def series(rows, name="a", channels=1):
    values = np.arange(rows * channels, dtype=np.float32).reshape(rows, channels)
    times = np.arange(rows).astype("datetime64[s]")
    return Series(name, times, values, tuple(map(str, range(channels))), parse_frequency("row"))


def test_every_row_of_a_stretch_is_a_target_and_no_row_behind_it():
    whole = series(20)
    windows = make_windows([Stretch(whole, 0, 12), Stretch(whole, 12, 20)], look_back=3, horizon=4)
    numbers = np.arange(len(windows))
    places, rows = windows.locate(numbers)
    assert [(int(place), int(row)) for place, row in zip(places, rows, strict=True)] == [
        *((0, row) for row in range(1, 9)),
        *((1, row) for row in range(12, 17)),
    ]
    targets, histories = windows.targets(numbers)[..., 0], windows.histories(numbers)[..., 0]
    assert targets[-1].tolist() == [16, 17, 18, 19] and histories[-1].tolist() == [13, 14, 15]
    assert np.isnan(histories[0, :2]).all() and histories[0, 2] == 0
    assert not np.isnan(targets).any()


def test_a_stretch_shorter_than_a_horizon_has_one_window_that_ends_with_it():
    windows = make_windows([Stretch(series(10), 8, 10)], look_back=4, horizon=5)
    targets = windows.targets(np.array([0]))[0, :, 0]
    assert len(windows) == 1 and targets[:2].tolist() == [8, 9] and np.isnan(targets[2:]).all()


def test_windows_begin_with_as_much_history_as_is_asked_for_where_there_is_so_much():
    assert make_windows([Stretch(series(30), 0, 30)], 8, 2, least_history=8).first.tolist() == [8]
    assert make_windows([Stretch(series(6), 0, 6)], 8, 2, least_history=8).first.tolist() == [4]
    assert make_windows([Stretch(series(30), 3, 30)], 8, 2, least_history=8).first.tolist() == [3]


def test_a_history_is_a_view():
    values = series(50).values
    assert history(values, 40, 10).base is not None and np.shares_memory(history(values, 40, 10), values)


def test_a_million_rows_have_a_million_windows_in_no_memory():
    windows = make_windows([Stretch(series(1_000_000), 0, 1_000_000)], look_back=96, horizon=24)
    assert len(windows) == 1_000_000 - 24
    arrays = [array for array in vars(windows).values() if isinstance(array, np.ndarray)]
    assert sum(array.nbytes for array in arrays) < 100
