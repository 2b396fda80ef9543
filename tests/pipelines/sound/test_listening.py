"""Detections over time, and what a cutoff costs, against arithmetic."""

import numpy as np
import pytest
from sklearn.metrics import roc_curve

from pipelines.sound.config import Settings
from pipelines.sound.listening import NEVER, Track, at_rate, cutoffs_of, decide, listen, rejection_curve
from pipelines.sound.predict import predict
from pipelines.sound.voices import error_figures
from suite.errors import UserError

SETTINGS = Settings(
    sample_rate=8000, n_fft=256, hop_length=80, window_seconds=1, hop_seconds=0.25, smoothing_seconds=0.5
)
ASSETS = {"labels": ["other", "word"]}


def loud(inputs):
    """A predictor that takes the loudest sample of a window for the probability of the word."""
    peaks = [float(np.abs(arrays["samples"]).max()) for arrays in inputs]
    return [{"probabilities": np.array([1 - peak, peak])} for peak in peaks]


def recording(seconds, *times):
    samples = np.zeros(seconds * 8000, np.float32)
    for time in times:
        samples[int(time * 8000)] = 0.9
    return samples


def test_a_word_is_heard_once_where_it_stands():
    samples = recording(12, 3.1, 8.4)
    scored = list(listen(loud, [samples[:5000], samples[5000:]], {"word": 1}, SETTINGS))
    times, scores = (np.array([row[column] for row in scored]) for column in (0, 2))
    np.testing.assert_allclose(np.diff(times)[:-1], 0.26)  # 0.25 s in whole steps of 20 ms, but for the end
    assert times[-1] == 12
    assert scores.max() == pytest.approx(0.9, abs=1e-6)
    detections = list(decide(scored, {"word": 0.5}, 1.0))
    assert len(detections) == 2
    for detection, time in zip(detections, (3.1, 8.4), strict=True):
        assert time < detection.time < time + 1.0 and detection.label == "word" and detection.score >= 0.5
    assert len(list(decide(scored, {"word": 0.5}, 6.0))) == 1


def test_listening_is_told_of_each_recording_and_refuses_a_word_it_does_not_know():
    options = {"stream": True, "label": "word", "cutoff": 0.6}
    twice, never = predict(loud, [recording(9, 2.0, 6.0), recording(5)], ASSETS, SETTINGS, **options)
    assert twice.lines()[0] == "2 detections" and len(twice.lines()) == 3 and never.lines() == ["0 detections"]
    tuned = ASSETS | {"detector": {"label": "word", "cutoff": 0.95}}
    assert predict(loud, [recording(9, 2.0)], tuned, SETTINGS, stream=True)[0].detections == ()
    with pytest.raises(UserError, match=r"expected one of other, word. Received: 'wird'"):
        predict(loud, [recording(9)], ASSETS, SETTINGS, stream=True, label="wird")


def test_untuned_every_label_is_a_word_but_those_in_underscores():
    assets = {"labels": ["_unknown_", "word"]}
    assert cutoffs_of(assets) == {"word": 0.5} and cutoffs_of(ASSETS, cutoff=0.7) == {"other": 0.7, "word": 0.7}
    assert cutoffs_of(ASSETS | {"detector": {"label": "other", "cutoff": 0.8}}) == {"other": 0.8}
    (heard,) = predict(loud, [recording(9, 2.0)], assets, SETTINGS, stream=True)
    assert [detection.label for detection in heard.detections] == ["word"]


def test_long_recordings_are_answered_over_time():
    (long,) = predict(loud, [recording(9, 4.5)], ASSETS, SETTINGS)
    assert [segment.label for segment in long.segments] == ["other", "word", "other"]
    assert long.segments[1].start <= 4.5 <= long.segments[1].end and long.segments[-1].end == 9
    (short,) = predict(loud, [recording(1, 0.5)], ASSETS, SETTINGS)
    assert short.segments is None and short.label == "word"


def test_the_curve_counts_what_each_cutoff_accepts_and_rejects():
    peaks = np.array([0.3, 0.6, 0.8, 0.9])
    negative = Track(np.arange(5) * 10.0, np.array([0.1, 0.5, 0.7, 0.2, 0.65]), 1800.0)
    curve = {cutoff: (accepts, rejects) for cutoff, accepts, rejects in rejection_curve(peaks, [negative], 1.0)}
    assert curve[0.6] == (4.0, 0.25) and curve[0.7] == (2.0, 0.5) and curve[0.8] == (0.0, 0.5)
    assert curve[NEVER] == (0.0, 1.0)
    points = [(cutoff, *rates) for cutoff, rates in curve.items()]
    assert at_rate(points, 2.0)[0] == 0.7 and at_rate(points, 0.5) == (0.8, 0.0, 0.5)


def test_equal_errors_and_detection_cost_are_those_of_the_curve():
    generator = np.random.default_rng(0)
    same = generator.uniform(size=4000) < 0.2
    scores = generator.normal(size=4000) + 2 * same
    figures = error_figures(scores, same)
    assert figures["eer"] == pytest.approx(0.159, abs=0.015)  # two normal curves, two deviations apart
    accepts, hits, _ = roc_curve(same, scores)
    expected = min(0.01 * (1 - hits) + 0.99 * accepts) / 0.01
    assert figures["min_dcf"] == pytest.approx(expected, rel=1e-6)
    assert np.mean(scores[~same] >= figures["threshold"]) == pytest.approx(figures["eer"], abs=0.01)
    assert error_figures(np.array([0.1, 0.9]), np.array([False, True]))["eer"] == 0
