import numpy as np

from suite.recurrent import LastPooling, MaxMeanPooling

MASK = np.array([[True, True, False], [True, False, False], [False, False, False]])


def test_max_mean_ignores_masked_steps():
    features = np.array([[[1, -4], [3, -2], [9, 9]], [[-5, -6], [7, 7], [8, 8]], [[1, 1], [1, 1], [1, 1]]], "float32")
    pooled, weights = MaxMeanPooling()(features, mask=MASK)
    assert np.array(pooled).tolist() == [[3, -2, 2, -3], [-5, -6, -5, -6], [0, 0, 0, 0]]
    assert np.array(weights).tolist() == [[0.25, 0.75, 0], [1, 0, 0], [0, 0, 0]]


def test_last_says_which_steps_the_network_ends_at():
    features = np.ones((3, 4), "float32")
    assert np.array(LastPooling(False)(features, mask=MASK)[1]).tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    passed, weights = LastPooling(True)(features, mask=MASK)
    assert np.array_equal(passed, features)
    assert np.array(weights).tolist() == [[0.5, 0.5, 0], [1, 0, 0], [0, 0, 0]]
