import matplotlib.pyplot as plt
import numpy as np
import pytest

from suite.data.classification import calibration_error, draw_reliability

CONFIDENCE = np.array([0.75] * 4 + [0.5] * 2)
RIGHT = np.array([1, 1, 1, 0, 1, 0], bool)


def test_confidence_that_is_right_as_often_as_it_says_is_calibrated():
    assert calibration_error(CONFIDENCE, RIGHT) == pytest.approx(0)
    assert calibration_error(np.array([1.0, 1.0]), np.array([False, False])) == pytest.approx(1)


def test_bars_stand_where_the_confidence_is_and_are_as_high_as_the_accuracy():
    figure = draw_reliability(CONFIDENCE, RIGHT)
    bars = [(bar.get_x(), bar.get_x() + bar.get_width(), bar.get_height()) for bar in figure.axes[0].patches]
    assert [height for *_, height in bars] == [0.5, 0.75]
    assert all(low <= value <= high for (low, high, _), value in zip(bars, (0.5, 0.75), strict=True))
    plt.close(figure)
