"""Scores of rows beside the marks of the data, against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from suite.answers.series_marks import RowScores
from suite.series.frequency import parse_frequency
from suite.series.series import Series, Stretch


def stretch(marks):
    rows = 60
    times = np.arange(rows).astype("datetime64[s]")
    return Stretch(
        Series("a", times, np.zeros((rows, 2), np.float32), ("x", "y"), parse_frequency("row"), anomalies=marks),
        20,
        rows,
    )


def test_the_figures_are_those_of_rows_scored_and_marked():
    marks = np.zeros(60, bool)
    marks[30:35] = marks[5:8] = True
    stretches = [stretch(None), stretch(marks), stretch(np.zeros(60, bool))]
    scores, generator = RowScores(), np.random.default_rng(0)
    assert scores.figures(stretches) == {}
    odd = generator.random((40, 2)) + marks[20:, None]
    odd[3, 0] = odd[4] = np.nan
    for begin in (20, 40):
        for place in range(3):
            scores.add(np.full(20, place), np.arange(begin, begin + 20), odd[begin - 20 : begin])
    present = np.arange(40) != 4
    means = np.nan_to_num(odd).sum(axis=1) / np.maximum(np.isfinite(odd).sum(axis=1), 1)
    figures = scores.figures(stretches)
    assert figures["auc_pr"] == pytest.approx(average_precision_score(marks[20:][present], means[present]))
    assert 0 < figures["vus_pr"] <= 1
    assert scores.figures([stretch(None)] * 3) == {}
