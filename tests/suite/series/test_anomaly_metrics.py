"""Figures of anomaly scores against scikit-learn, a plain reading of the definitions, and cases worked out by hand."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score

from suite.series.anomalies import (
    combine_steps,
    pca_scores,
    seasonal_scores,
    smooth,
    threshold_by_rate,
    threshold_by_tail,
    window_scores,
)
from suite.series.anomaly_metrics import auc_pr, best_range_f1, nab_score, range_f1, ranges, soften, vus_pr

GENERATOR = np.random.default_rng(0)
LABELS = np.zeros(400, bool)
LABELS[50:60] = LABELS[200:240] = LABELS[399:] = True


@pytest.mark.parametrize("digits", [1, 6])  # with ties and without
def test_the_area_is_the_average_precision_of_scikit_learn(digits):
    scores = np.round(GENERATOR.normal(size=400) + LABELS, digits)
    assert auc_pr(LABELS, scores) == pytest.approx(average_precision_score(LABELS, scores))
    assert auc_pr(np.append(LABELS, True), np.append(scores, np.nan)) == auc_pr(LABELS, scores)
    assert np.isnan(auc_pr(np.zeros(400), scores)) and np.isnan(vus_pr(np.zeros(400), scores))


def plain_vus(labels, scores, buffer):
    """The definition, row by row and threshold by threshold, as the reference implementation computes it."""
    areas = []
    for length in range(buffer + 1):
        soft, parts = soften(labels, length), ranges(soften(labels, length) > 0)
        recalls, precisions = [0.0], []
        for place in np.linspace(0, len(scores) - 1, 250).astype(int):
            called = scores >= np.sort(scores)[::-1][place]
            hits = float((soft * called).sum())
            detected = np.mean([(soft * called)[begin:end].sum() > 0 for begin, end in parts])
            recalls.append(min(hits / ((labels.sum() + soft.sum()) / 2), 1) * detected)
            precisions.append(hits / called.sum())
        areas.append(float(np.sum(np.diff(recalls) * precisions)))
    return np.mean(areas)


def test_the_volume_is_that_of_its_definition():
    scores = np.round(GENERATOR.normal(size=400) + 2 * LABELS, 1)
    assert vus_pr(LABELS, scores, 8) == pytest.approx(plain_vus(LABELS, scores, 8))
    # A detection that misses by a little is worth more than one that misses by much; row by row both are worth as little.
    single = np.arange(400) // 20 == 10
    near, far = (np.roll(single, rows).astype(float) + 1e-3 * GENERATOR.random(400) for rows in (20, 90))
    assert vus_pr(single, near, 40) > 2 * vus_pr(single, far, 40) and auc_pr(single, near) < 0.1
    assert vus_pr(single, single.astype(float), 0) == 1


def test_ranges_meet_by_their_share_and_pieces():
    single = np.arange(40) % 4 == 0  # ranges of one row: range-based is point-wise
    guessed = GENERATOR.random(40) < 0.2
    guessed[1:][guessed[:-1]] = False
    assert range_f1(single, guessed) == pytest.approx(f1_score(single, guessed, zero_division=0))
    labels, pieces = np.zeros(20, bool), np.zeros(20, bool)
    labels[5:15] = True
    pieces[5:7] = pieces[10:12] = True
    # Recall: 4 of 10 rows in two pieces, 0.2; precision: both pieces wholly within, 1.
    assert range_f1(labels, pieces) == pytest.approx(2 * 0.2 / 1.2)
    assert range_f1(labels, labels) == 1 == best_range_f1(labels, labels + 0.0)
    assert range_f1(labels, np.zeros(20, bool)) == 0


def test_the_numenta_score_at_its_ends_and_between():
    labels = np.zeros(1000, bool)
    labels[500:600] = True
    first, last, early = (np.zeros(1000) for _ in range(3))
    first[500], last[599], early[400] = 1, 1, 1
    assert nab_score([(labels, first)]) == pytest.approx(100)
    # The last row of a window of 100: position -0.01, worth 0.025 of the begin's 0.987, and no longer missed.
    late = (2 / (1 + np.exp(-0.05)) - 1) / (2 / (1 + np.exp(-5)) - 1)
    assert nab_score([(labels, last)]) == pytest.approx(100 * (1 + late) / 2)
    assert nab_score([(labels, np.zeros(1000))]) == 0  # all rows or none: none is better
    assert nab_score([(labels, first + early)]) == pytest.approx(
        100 * (2 - 0.11) / 2
    )  # one false alarm before any window
    assert nab_score([(labels, first), (labels, np.full(1000, np.nan))]) == pytest.approx(50)


def test_errors_of_forecasts_from_every_row_meet_in_the_row_they_are_of():
    errors = np.arange(6, dtype=float).reshape(3, 2, 1)  # origins 0, 1, 2 forecast rows (0, 1), (1, 2), (2, 3)
    assert combine_steps(errors, 4)[:, 0].tolist() == [0, 1.5, 3.5, 5]
    errors[1] = np.nan
    np.testing.assert_array_equal(combine_steps(errors, 5)[:, 0], [0, 1, 4, 5, np.nan])


def test_smoothing_is_a_mean_around_each_row():
    assert smooth(np.array([0.0, 3, 0, np.nan, 6]), 3).tolist() == [1.5, 1, 1.5, 3, 6]
    scores = GENERATOR.normal(size=(50, 2))
    np.testing.assert_allclose(smooth(scores, 5)[10], scores[8:13].mean(axis=0))


def test_thresholds_by_rate_and_by_the_tail():
    scores = GENERATOR.exponential(size=20_000)
    assert np.mean(scores > threshold_by_rate(scores, 0.01)) == pytest.approx(0.01, abs=1e-4)
    # An exponential exceeds log(1 / rate) with that rate: 9.2 for one in ten thousand.
    assert threshold_by_tail(scores, 1e-4) == pytest.approx(np.log(1e4), rel=0.15)
    assert threshold_by_tail(np.arange(20.0), 0.1) == threshold_by_rate(np.arange(20.0), 0.1)


def test_detectors_without_a_network_see_a_broken_season():
    rows = np.arange(1200)
    values = (np.sin(2 * np.pi * rows / 24) + 0.05 * GENERATOR.normal(size=1200))[:, None]
    values[900:912] = 0.9
    labels = np.zeros(1200, bool)
    labels[900:912] = True
    assert auc_pr(labels, seasonal_scores(values, 24, 600)[:, 0]) > 0.4  # its echo a season later counts against it
    assert auc_pr(labels, pca_scores(values, 600, 24)) > 0.7
    assert auc_pr(labels, GENERATOR.random(1200)) < 0.1
    errors = values - np.sin(2 * np.pi * rows / 24)[:, None]  # of a forecast that knows the season
    assert auc_pr(labels, window_scores(values, errors, 600, 24)) > 0.9
