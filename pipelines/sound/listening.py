"""A word listened for in endless sound: probabilities over time, smoothed, against a cutoff, with a pause between detections."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from pipelines.sound.config import Settings
from suite.answers.classes import PROBABILITIES
from suite.signature import Predictor

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WINDOWS_AT_ONCE = 32
NEVER = 1.0 + 1e-6  # a cutoff that no probability reaches


@dataclass(frozen=True)
class Detection:
    """A word heard: its label, the second at which it was decided, and the smoothed probability."""

    label: str
    time: float
    score: float


@dataclass(frozen=True)
class Track:
    """Smoothed probabilities of a label over a recording.

    Attributes:
        times: Seconds at which each was known: the ends of the windows, `(windows,)`.
        scores: `(windows,)`.
        seconds: How long the recording is.
    """

    times: np.ndarray
    scores: np.ndarray
    seconds: float


def sliding_windows(blocks: Iterable[np.ndarray], size: int, hop: int) -> Iterator[tuple[int, np.ndarray]]:
    """Yield `(first sample, float32 (samples,))` of windows of `size` samples, one every `hop`.

    The last one ends with the recording, whatever its distance from the one before; a shorter recording is one window.
    """
    waiting, last, start, end = np.zeros(0, np.float32), np.zeros(0, np.float32), 0, 0
    for block in blocks:
        waiting = np.concatenate([waiting, block])
        while len(waiting) >= size:
            last, end = waiting[:size], start + size
            yield start, last
            waiting, start = waiting[hop:], start + hop
    total = start + len(waiting)
    if end < total:
        tail = np.concatenate([last, waiting[size - hop :]])[-size:] if end else waiting
        yield total - len(tail), tail


def answer_windows(
    predictor: Predictor, windows: Iterable[tuple[int, np.ndarray]], at_once: int = WINDOWS_AT_ONCE
) -> Iterator[tuple[int, int, np.ndarray]]:
    """Yield first sample, end and probabilities `(classes,)` of each window, answered so many together."""
    remaining = iter(windows)
    while batch := list(islice(remaining, at_once)):
        answers = predictor([{"samples": window, "length": np.int32(len(window))} for _, window in batch])
        for (start, window), answer in zip(batch, answers, strict=True):
            yield start, start + len(window), answer[PROBABILITIES]


def listen(
    predictor: Predictor, blocks: Iterable[np.ndarray], label: int, settings: Settings, at_once: int = WINDOWS_AT_ONCE
) -> Iterator[tuple[float, float]]:
    """Yield seconds and smoothed probability of a label as windows of `window_seconds` are heard, one every `hop_seconds`.

    Args:
        predictor: Of `classify`.
        blocks: Samples as they come, float32 `(samples,)` each.
        label: Its place among the labels.
        settings: Of the model.
        at_once: Windows answered together; 1 where somebody waits for each.
    """
    size, hop = (settings.whole_steps(seconds) for seconds in (settings.window_seconds, settings.hop_seconds))
    recent: deque[float] = deque(maxlen=1 + round(settings.smoothing_seconds * settings.sample_rate / hop))
    for _, end, probabilities in answer_windows(predictor, sliding_windows(blocks, size, hop), at_once):
        recent.append(float(probabilities[label]))
        yield end / settings.sample_rate, sum(recent) / len(recent)


def decide(
    scored: Iterable[tuple[float, float]], label: str, cutoff: float, refractory_seconds: float
) -> Iterator[Detection]:
    """Yield a detection where the smoothed probability reaches the cutoff, unless another came shortly before.

    Args:
        scored: Seconds and smoothed probability, in order of time.
        label: What is listened for.
        cutoff: Of the probability.
        refractory_seconds: From one detection to the next, at least.
    """
    next_time = -np.inf
    for time, score in scored:
        if score >= cutoff and time >= next_time:
            next_time = time + refractory_seconds
            yield Detection(label, time, score)


def track(predictor: Predictor, blocks: Iterable[np.ndarray], label: int, settings: Settings) -> Track:
    """Return the smoothed probabilities of a label over a recording; as `listen`."""
    rows = np.array(list(listen(predictor, blocks, label, settings))).reshape(-1, 2)
    return Track(rows[:, 0], rows[:, 1], float(rows[-1, 0]) if len(rows) else 0.0)


def rejection_curve(
    peaks: np.ndarray, negatives: Sequence[Track], refractory_seconds: float
) -> list[tuple[float, float, float]]:
    """Return `(cutoff, false accepts per hour, share of false rejects)` of every cutoff at which one of them changes.

    Args:
        peaks: The highest smoothed probability of each recording that holds the word, `(recordings,)`.
        negatives: Recordings that do not.
        refractory_seconds: As for `decide`.
    """
    hours = sum(negative.seconds for negative in negatives) / 3600
    heard = np.unique(np.concatenate([peaks, *(negative.scores for negative in negatives)]))
    cutoffs = heard if len(heard) <= 500 else np.unique(np.quantile(heard, np.linspace(0, 1, 500)))
    points = []
    for cutoff in [*cutoffs.tolist(), NEVER]:
        accepts = sum(
            sum(1 for _ in decide(zip(at.times, at.scores, strict=True), "", cutoff, refractory_seconds))
            for at in negatives
        )
        points.append((cutoff, accepts / hours if hours else 0.0, float(np.mean(peaks < cutoff))))
    return points


def at_rate(curve: Sequence[tuple[float, float, float]], accepts_per_hour: float) -> tuple[float, float, float]:
    """Return the point of a curve with the lowest cutoff that accepts no more than so much an hour."""
    return min(point for point in curve if point[1] <= accepts_per_hour)


def draw_rejections(curve: Sequence[tuple[float, float, float]]) -> "Figure":
    """Return a matplotlib figure: the share of false rejects over the false accepts per hour."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    axes.step([accepts for _, accepts, _ in curve], [rejects for _, _, rejects in curve], where="post")
    axes.set(xlabel="false accepts per hour", ylabel="false rejects", xscale="symlog", ylim=(0, 1), xlim=(0, None))
    axes.grid(alpha=0.3)
    return figure
