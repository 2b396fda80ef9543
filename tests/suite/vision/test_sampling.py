import numpy as np
import pytest

from suite.vision.sampling import at_rate, sample_indices


@pytest.mark.parametrize("sampling", ["uniform", "stride", "random"])
def test_a_short_clip_is_taken_whole(sampling):
    assert sample_indices(5, 8, sampling, np.random.default_rng(0)).tolist() == [0, 1, 2, 3, 4]


def test_uniform_frames_are_spread_over_the_whole_clip():
    assert sample_indices(100, 4, "uniform").tolist() == [12, 37, 62, 87]
    assert sample_indices(7, 1, "uniform").tolist() == [3]


def test_stride_and_random_take_neighbours():
    assert sample_indices(10, 4, "stride").tolist() == sample_indices(10, 4, "random").tolist() == [3, 4, 5, 6]
    generator = np.random.default_rng(0)
    drawn = [sample_indices(10, 4, "random", generator) for _ in range(200)]
    assert all(np.diff(own).tolist() == [1, 1, 1] for own in drawn)
    assert {int(own[0]) for own in drawn} == set(range(7))


def test_a_frame_rate_shows_what_was_on_screen_at_even_times():
    even = np.arange(11) / 10
    assert at_rate(even, None).tolist() == list(range(11))
    assert at_rate(even, 5).tolist() == [0, 2, 4, 6, 8, 10]
    assert at_rate(even, 20).tolist()[:5] == [0, 0, 1, 1, 2]
    varying = np.array([0, 0.5, 0.6, 0.7, 2.0])
    assert at_rate(varying, 2).tolist() == [0, 1, 3, 3, 4]
    assert at_rate(varying + 7, 2).tolist() == [0, 1, 3, 3, 4]
