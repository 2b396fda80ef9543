"""Words listened for in endless sound: probabilities over time, smoothed, against cutoffs, with a pause between detections."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.sound.config import Settings
from suite.answers.classes import PROBABILITIES
from suite.errors import UserError
from suite.signature import Predictor

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WINDOWS_AT_ONCE = 32
NEVER = 1.0 + 1e-6  # a cutoff that no probability reaches
UNTUNED = 0.5  # a cutoff that nobody measured

Scored = tuple[float, str, float]  # seconds, label, smoothed probability


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


def cutoffs_of(assets: Mapping[str, Any], label: str = "", cutoff: float = 0.0) -> dict[str, float]:
    """Return the words that a model listens for, and the smoothed probability at which each counts as heard.

    Args:
        assets: `labels`, and `detector` where `suite sound tune` measured a cutoff.
        label: The word; empty: the tuned one, else every label but those in underscores, as `_unknown_`.
        cutoff: Of its probability; 0: the tuned one, else `UNTUNED`.

    Raises:
        UserError: for a word that is no label.
    """
    labels, tuned = assets["labels"], assets.get("detector", {})
    if label and label not in labels:
        raise UserError(f"--label: expected one of {', '.join(labels)}. Received: {label!r}")
    words = [label] if label else [tuned["label"]] if tuned else [name for name in labels if not name.startswith("_")]
    return {word: cutoff or (tuned["cutoff"] if tuned.get("label") == word else UNTUNED) for word in words}


def window_samples(settings: Settings) -> tuple[int, int]:
    """Return the samples of a window, and from one to the next."""
    return settings.whole_steps(settings.window_seconds), settings.whole_steps(settings.hop_seconds)


def smoothed_windows(settings: Settings) -> int:
    """Return how many windows are within `smoothing_seconds`."""
    return 1 + round(settings.smoothing_seconds * settings.sample_rate / window_samples(settings)[1])


def listen(
    predictor: Predictor,
    blocks: Iterable[np.ndarray],
    places: Mapping[str, int],
    settings: Settings,
    at_once: int = WINDOWS_AT_ONCE,
) -> Iterator[Scored]:
    """Yield the smoothed probability of each word as windows of `window_seconds` are heard, one every `hop_seconds`.

    Args:
        predictor: Of `classify`.
        blocks: Samples as they come, float32 `(samples,)` each.
        places: Of the words among the labels.
        settings: Of the model.
        at_once: Windows answered together; 1 where somebody waits for each.
    """
    recent: deque[np.ndarray] = deque(maxlen=smoothed_windows(settings))
    windows = sliding_windows(blocks, *window_samples(settings))
    for _, end, probabilities in answer_windows(predictor, windows, at_once):
        recent.append(np.asarray(probabilities, np.float64))
        smoothed = np.mean(recent, axis=0)
        yield from ((end / settings.sample_rate, word, float(smoothed[place])) for word, place in places.items())


def decide(scored: Iterable[Scored], cutoffs: Mapping[str, float], refractory_seconds: float) -> Iterator[Detection]:
    """Yield a detection where a word's smoothed probability reaches its cutoff, unless it was detected shortly before.

    Args:
        scored: Of `listen`.
        cutoffs: Of each word.
        refractory_seconds: From one detection of a word to the next, at least.
    """
    next_times = dict.fromkeys(cutoffs, -np.inf)
    for time, word, score in scored:
        if score >= cutoffs[word] and time >= next_times[word]:
            next_times[word] = time + refractory_seconds
            yield Detection(word, time, score)


def track(predictor: Predictor, blocks: Iterable[np.ndarray], place: int, settings: Settings) -> Track:
    """Return the smoothed probabilities of the label at a place over a recording; as `listen`."""
    rows = np.array([(time, score) for time, _, score in listen(predictor, blocks, {"": place}, settings)])
    rows = rows.reshape(-1, 2)
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
        accepts = sum(_accepts(negative, cutoff, refractory_seconds) for negative in negatives)
        points.append((cutoff, accepts / hours if hours else 0.0, float(np.mean(peaks < cutoff))))
    return points


def _accepts(negative: Track, cutoff: float, refractory_seconds: float) -> int:
    reached = np.flatnonzero(negative.scores >= cutoff)
    scored = ((float(negative.times[row]), "", float(negative.scores[row])) for row in reached)
    return sum(1 for _ in decide(scored, {"": cutoff}, refractory_seconds))


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
