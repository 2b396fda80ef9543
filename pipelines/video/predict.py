"""Videos, or what a camera sees, to actions with their probabilities."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.video.config import Settings
from pipelines.video.data import raw_arrays
from suite.answers.classes import PROBABILITIES, Label, to_label
from suite.decoding.timeline import Segment, merge_windows
from suite.errors import UserError
from suite.inputs.video_host import CAMERA, answer_over_time, camera_clip, is_camera
from suite.pipeline import attempt, predict_each
from suite.signature import Arrays, Predictor
from suite.vision.timeline import write_annotated


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
    """Return an action of each video; in the place of one that cannot be read stands its UserError.

    Args:
        raw_inputs: Paths of videos; or `camera:0`, `camera:1`, ..., from which as many frames as a clip has are taken;
            or frames, uint8 `(time, height, width)` or `(time, height, width, 3)`.
        timeline: Look at a video in windows of `frames` frames that overlap by half, and give the actions over time;
            label and scores are then their mean over time. Without it the clip is a choice of frames of the whole video.
        annotate: Write each video with its actions to this file (.mp4, .avi) or folder; gives the timeline too.
        camera: Number of a camera; the same as `camera:N` in place of the inputs, which then do not count.
        frame_rate: Of arrays of frames, in frames per second; that of the model where None.
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
        file = None if isinstance(raw_input, np.ndarray) else raw_input
        if annotate and file is None:
            raise UserError(f"annotate needs a video file. Received: an array of shape {np.asarray(raw_input).shape}")
        spans, answers = answer_over_time(predictor, raw_input, settings, frame_rate)
        probabilities = np.array([answer[PROBABILITIES] for answer in answers], np.float64)
        mean, segments = merge_windows(spans, probabilities, labels)
        annotated = str(write_annotated(file, annotate, segments)) if annotate and file is not None else None
        return replace(_action(mean, labels), segments=tuple(segments), annotated=annotated)

    if timeline or annotate:
        return [attempt(over_time, raw_input) for raw_input in raw_inputs]
    return predict_each(predictor, raw_inputs, to_arrays, lambda outputs, _: _action(outputs[PROBABILITIES], labels))


def _action(probabilities: np.ndarray, labels: Sequence[str]) -> Action:
    return Action(**vars(to_label(probabilities, labels)))
