import numpy as np

from suite.data.padding import pad_rows


def test_zeros_stand_behind_what_is_shorter_in_any_axis():
    found = pad_rows([np.ones((1, 3)), np.full((2, 1), 2)], np.float32)
    assert found.dtype == np.float32 and found.tolist() == [[[1, 1, 1], [0, 0, 0]], [[2, 0, 0], [2, 0, 0]]]


def test_rows_can_be_longer_than_the_longest_and_numbers_have_no_axis():
    assert pad_rows([np.array([1]), np.array([2, 3])], np.int32, 3).tolist() == [[1, 0, 0], [2, 3, 0]]
    assert pad_rows([np.int32(4), np.int32(5)], np.int32).tolist() == [4, 5]
