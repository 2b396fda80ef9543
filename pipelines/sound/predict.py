"""Recordings of any length to classes with their probabilities, those of long ones also over time, and words listened for."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipelines.sound.config import Settings
from pipelines.sound.data import raw_arrays
from pipelines.sound.listening import Detection, answer_windows, cutoffs_of, decide, listen, sliding_windows
from suite.answers.classes import PROBABILITIES, Label, to_label
from suite.decoding.timeline import Segment, merge_windows
from suite.errors import UserError
from suite.inputs.audio_host import is_microphone
from suite.inputs.recordings import BLOCK_SECONDS, Recording, at_model_rate, sample_blocks
from suite.pipeline import attempt, predict_each
from suite.signature import Arrays, Predictor

LONG_WINDOWS = 4  # a recording longer than so many windows is answered window by window


@dataclass(frozen=True)
class Sound(Label):
    """The most probable class and the probability of each; of a long recording their means, and the classes over time."""

    segments: tuple[Segment, ...] | None = None

    def lines(self) -> list[str]:
        """Return the class with its probability, and the classes over time."""
        segments = self.segments or ()
        return [
            *super().lines(),
            *(f"    {part.start:7.2f} - {part.end:7.2f} s  {part.score:.3f} {part.label}" for part in segments),
        ]


@dataclass(frozen=True)
class Heard:
    """The words that were heard, and when."""

    detections: tuple[Detection, ...]

    def lines(self) -> list[str]:
        """Return how many words were heard, and when each."""
        count = f"{len(self.detections)} detection{'' if len(self.detections) == 1 else 's'}"
        return [count, *(f"    {at.time:7.2f} s  {at.score:.3f} {at.label}" for at in self.detections)]


def predict(
    predictor: Predictor,
    raw_inputs: Sequence[Recording],
    assets: dict[str, Any],
    settings: Settings,
    timeline: bool = False,
    sample_rate: float | None = None,
    **listening: Any,
) -> list[Sound | Heard | UserError]:
    """Classify recordings, or listen for words in them.

    Args:
        predictor: Of this pipeline's `classify` signature.
        raw_inputs: Paths of audio files, `microphone` with `stream`, or samples: float32 in [-1, 1] or int16, `(samples,)` or
            `(samples, channels)`.
        assets: `labels`, and `detector` where a cutoff was tuned.
        settings: Of the run.
        timeline: Look at a recording in windows of `window_seconds` that overlap by half, and give the classes over time;
            label and scores are then their mean over time. What is longer than `LONG_WINDOWS` of them is always looked at so.
        sample_rate: Of arrays of samples, in Hz; the model's own where None.
        **listening: `stream`: listen for words instead, and show each detection on stderr as it comes; `label` and `cutoff`: as
            `cutoffs_of` takes them.

    Returns:
        A class, or the detections, of each; in the place of what is no audio its UserError.

    Raises:
        UserError: for an option that does not fit.
    """
    stream = listening.pop("stream", False)
    cutoffs = cutoffs_of(assets, **listening) if stream else {}

    def checked(raw_input: Recording) -> tuple[Recording, bool]:
        if is_microphone(raw_input) and not stream:
            raise UserError("microphone: listening needs --stream")
        recording = at_model_rate(raw_input, settings, sample_rate)
        whole = not stream and not timeline
        return recording, whole and _seconds(recording, settings) <= LONG_WINDOWS * settings.window_seconds

    def apart(recording: Recording) -> Sound | Heard:
        if stream:
            return _listen(predictor, recording, cutoffs, assets["labels"], settings)
        return _classify_over_time(predictor, recording, assets["labels"], settings)

    def together(outputs: Arrays, recording: Recording) -> Sound:
        answer = to_label(outputs[PROBABILITIES], assets["labels"])
        return Sound(answer.label, answer.scores)

    answers: list[Any] = [attempt(checked, raw_input) for raw_input in raw_inputs]
    short = [row for row, answer in enumerate(answers) if isinstance(answer, tuple) and answer[1]]
    shorts = [answers[row][0] for row in short]
    of_short = predict_each(predictor, shorts, lambda recording: raw_arrays(recording, settings), together)
    for row, answer in zip(short, of_short, strict=True):
        answers[row] = answer
    return [attempt(apart, answer[0]) if isinstance(answer, tuple) else answer for answer in answers]


def _seconds(recording: Recording, settings: Settings) -> float:
    from suite.audio.read import inspect_audio

    if isinstance(recording, np.ndarray):
        return len(recording) / settings.sample_rate
    return inspect_audio(recording).duration


def _classify_over_time(predictor: Predictor, recording: Recording, labels: Sequence[str], settings: Settings) -> Sound:
    """Return the mean probabilities of a recording over its time, and its classes; no more than a part is in memory."""
    size = settings.whole_steps(settings.window_seconds)
    windows = sliding_windows(sample_blocks(recording, settings, size), size, max(1, size // 2))
    spans, probabilities = [], []
    for start, end, scores in answer_windows(predictor, windows):
        spans.append((start / settings.sample_rate, end / settings.sample_rate))
        probabilities.append(scores)
    mean, segments = merge_windows(spans, np.array(probabilities, np.float64), labels)
    answer = to_label(mean, labels)
    return Sound(answer.label, answer.scores, tuple(segments))


def _listen(
    predictor: Predictor, recording: Recording, cutoffs: dict[str, float], labels: Sequence[str], settings: Settings
) -> Heard:
    """Return the words heard, each shown on stderr as it comes; the microphone is listened to until Ctrl-C."""
    live = is_microphone(recording)
    blocks = sample_blocks(recording, settings, settings.whole_steps(settings.hop_seconds if live else BLOCK_SECONDS))
    places = {word: labels.index(word) for word in cutoffs}
    scored = listen(predictor, blocks, places, settings, **({"at_once": 1} if live else {}))
    detections: list[Detection] = []
    try:
        for detection in decide(scored, cutoffs, settings.refractory_seconds):
            detections.append(detection)
            sys.stderr.write(f"{detection.time:8.2f} s  {detection.label} {detection.score:.3f}\n")
            sys.stderr.flush()
    except KeyboardInterrupt:
        if not live:
            raise
    return Heard(tuple(detections))
