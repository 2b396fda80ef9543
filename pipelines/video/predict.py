"""Videos, or what a camera sees, to actions with their probabilities."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.video.config import Settings
from pipelines.video.data import raw_arrays
from suite.answers.classes import PROBABILITIES, Label, to_label
from suite.errors import UserError
from suite.inputs.video_host import CAMERA, camera_clip, is_camera, resized
from suite.pipeline import attempt, predict_each
from suite.signature import Arrays, Predictor
from suite.vision.sampling import at_even_rate
from suite.vision.timeline import Segment, Window, merge_windows, sliding_windows, write_annotated

WINDOWS_AT_ONCE = 8


@dataclass(frozen=True)
class Action(Label):
    """The most probable class and the probability of each; on request the actions over time, and where the video with
    them written in is."""

    segments: tuple[Segment, ...] | None = None
    annotated: str | None = None

    def lines(self) -> list[str]:
        """Return the action with its probability, the actions over time, and where the video is."""
        segments = [
            f"    {part.start:7.2f} - {part.end:7.2f} s  {part.score:.3f} {part.label}" for part in self.segments or ()
        ]
        return [*super().lines(), *segments, *([f"    {self.annotated}"] if self.annotated else [])]


def predict(
    predictor: Predictor,
    raw_inputs: Sequence[Path | str | np.ndarray],
    assets: dict[str, Any],
    settings: Settings,
    timeline: bool = False,
    annotate: str | None = None,
    camera: int | None = None,
    frame_rate: float | None = None,
) -> list[Action | UserError]:
    """Classify videos.

    Args:
        predictor: Of this pipeline's `classify_clip` signature.
        raw_inputs: Paths of videos; or `camera:0`, `camera:1`, ..., from which as many frames as a clip has are taken;
            or frames, uint8 `(time, height, width)` or `(time, height, width, 3)`.
        assets: `labels`.
        settings: Of the run.
        timeline: Look at a video in windows of `frames` frames that overlap by half, and give the actions over time;
            label and scores are then their mean over time. Without it the clip is a choice of frames of the whole video.
        annotate: Write each video with its actions to this file (.mp4, .avi) or folder; gives the timeline too.
        camera: Number of a camera; the same as `camera:N` in place of the inputs, which then do not count.
        frame_rate: Of arrays of frames, in frames per second; that of the model where None.

    Returns:
        An action of each; in the place of what cannot be read its UserError.
    """
    labels = assets["labels"]
    if camera is not None:
        raw_inputs = [f"{CAMERA}{camera}"] * len(raw_inputs)

    def to_arrays(raw_input: Path | str | np.ndarray) -> Arrays:
        if is_camera(raw_input, camera is not None):
            return camera_clip(str(raw_input), settings)
        return raw_arrays(raw_input, settings, frame_rate)

    def over_time(raw_input: Path | str | np.ndarray) -> Action:
        if is_camera(raw_input, camera is not None):
            raise UserError(f"--timeline and --annotate need a video file. Received: {raw_input}")
        if isinstance(raw_input, np.ndarray) and annotate:
            raise UserError(f"annotate needs a video file. Received: an array of shape {raw_input.shape}")
        mean, segments = _classify_over_time(predictor, raw_input, labels, settings, frame_rate)
        annotated = str(write_annotated(raw_input, annotate, segments)) if annotate else None
        return replace(_action(mean, labels), segments=tuple(segments), annotated=annotated)

    if timeline or annotate:
        return [attempt(over_time, raw_input) for raw_input in raw_inputs]
    return predict_each(predictor, raw_inputs, to_arrays, lambda outputs, _: _action(outputs[PROBABILITIES], labels))


def _classify_over_time(
    predictor: Predictor,
    raw_input: Path | str | np.ndarray,
    labels: Sequence[str],
    settings: Settings,
    frame_rate: float | None,
) -> tuple[np.ndarray, list[Segment]]:
    """Return the mean probabilities of a video over its time, `(classes,)`, and its actions."""
    timed, duration = _timed_frames(raw_input, settings, frame_rate)
    frames = at_even_rate(timed, settings.frame_rate)
    spans, probabilities = _classify_windows(predictor, resized(frames, settings.height, settings.width), settings)
    spans[-1] = spans[-1][0], duration  # frames at a rate need not end with the video
    return merge_windows(spans, probabilities, labels)


def _action(probabilities: np.ndarray, labels: Sequence[str]) -> Action:
    label = to_label(probabilities, labels)
    return Action(label.label, label.scores)


def _timed_frames(
    raw_input: Path | str | np.ndarray, settings: Settings, frame_rate: float | None
) -> tuple[Iterable[tuple[float, np.ndarray]], float]:
    """Return the frames of a video with their times, and how long it lasts, in seconds."""
    from suite.vision.arrays import as_frames, frame_times
    from suite.vision.read import read_frames, video_info

    if not isinstance(raw_input, np.ndarray):
        return read_frames(raw_input, settings.channels), video_info(raw_input).duration
    if frame_rate is None and settings.frame_rate is None:
        raise UserError("timeline of an array needs its frame_rate, in frames per second. Received: None")
    frames = as_frames(raw_input, settings.channels)
    times = frame_times(len(frames) + 1, frame_rate, settings.frame_rate or 1.0)
    return zip(times.tolist(), frames, strict=False), float(times[-1])


def _classify_windows(
    predictor: Predictor, frames: Iterable[tuple[float, np.ndarray]], settings: Settings
) -> tuple[list[tuple[float, float]], np.ndarray]:
    """Return start and end of each window and its probabilities, `(windows, classes)`."""
    windows = sliding_windows(frames, settings.frames, max(1, settings.frames // 2))
    spans, probabilities = [], []
    while batch := list(islice(windows, WINDOWS_AT_ONCE)):
        answers = predictor([_arrays(window) for window in batch])
        spans += [(window.start, window.end) for window in batch]
        probabilities += [answer[PROBABILITIES] for answer in answers]
    if not spans:
        raise UserError("expected a video with frames. Received: none that can be decoded")
    return spans, np.array(probabilities, np.float64)


def _arrays(window: Window) -> dict[str, Any]:
    return {"frames": window.frames, "length": np.int32(len(window.frames))}
