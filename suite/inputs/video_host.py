"""How a host brings a video of any length to a file, and what a camera sees to a model."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from suite.errors import UserError
from suite.inputs.windows import joined, padded
from suite.signature import Arrays, Host, Output, Predictor, RawInput

CAMERA = "camera:"
WINDOWS_AT_ONCE = 8


def video_inputs(settings: Any, streams: bool) -> dict[str, RawInput]:
    """Return the inputs `frames` and `length` of a signature: frames of the model's size, and how many of them count.

    The app has scaled each picture to fit `height` and `width`, with black bars where the shape differs
    (`suite.vision.resize`). The `interpreter` file takes as many frames as there are, the `compiled` one
    `compiled_frames` with padding behind them, the `streaming` one, if it `streams`, one frame after another.
    """
    picture = (settings.height, settings.width, settings.channels)
    frames = RawInput(
        "uint8",
        (None, *picture),
        f"frames, {'RGB' if settings.channels == 3 else 'grey'}, 0..255, scaled to fit, with black bars",
        fixed=(settings.compiled_frames, *picture),
        chunk=(1, *picture) if streams else (),
    )
    return {"frames": frames, "length": RawInput("int32", (), "frames that count; what comes after them is padding")}


def video_host(outputs: dict[str, Output]) -> Host:
    """Return the host's part of a signature with the inputs `frames` and `length` that answers a video as a whole.

    A file of fixed shape answers equal windows; a `streaming` one takes frame after frame and answers for all so far.

    Args:
        outputs: Of the signature; those of windows are joined as `suite.inputs.windows.joined` says.
    """

    def answer_windows(predictor: Any, arrays: Arrays) -> Arrays:
        (size, *_), _ = predictor.inputs["frames"]
        frames = arrays["frames"][: int(arrays["length"])]
        windows = np.array_split(frames, -(-len(frames) // size))
        answers = []
        for window in windows:
            answers.append(predictor.call({"frames": padded(window, size), "length": np.int32(len(window))}))
        return joined(answers, windows, outputs)

    def answer_stream(runner: Any, arrays: Arrays) -> Arrays:
        runner.reset()
        for frame in arrays["frames"][: int(arrays["length"])]:
            answer = runner.run({"frames": frame[np.newaxis], "length": np.int32(1)})
        return answer

    return Host(windows=answer_windows, stream=answer_stream)


def is_camera(raw_input: Path | str | np.ndarray, asked: bool) -> bool:
    """Return whether a camera is meant; unless one was asked for, a file of that name is a file."""
    if isinstance(raw_input, np.ndarray):
        return False
    return str(raw_input).startswith(CAMERA) and (asked or not Path(raw_input).exists())


def camera_clip(name: str, settings: Any) -> Arrays:
    """Return what a camera sees as one clip: as many frames as the model takes, at its rate and of its size.

    Args:
        name: `camera:0`, `camera:1`, ...
        settings: Has `channels`, `frame_rate`, `frames`, `height`, `width`.

    Raises:
        UserError: for a name without a number, or a camera that gives no picture.
    """
    from suite.vision.read import camera_frames
    from suite.vision.sampling import at_even_rate

    number = name.removeprefix(CAMERA)
    if not number.isdecimal():
        raise UserError(f"expected a camera as {CAMERA}0. Received: {name!r}")
    live = at_even_rate(camera_frames(int(number), settings.channels), settings.frame_rate)
    frames = np.stack([frame for _, frame in islice(resized(live, settings.height, settings.width), settings.frames)])
    return {"frames": frames, "length": np.int32(len(frames))}


def resized(frames: Iterable[tuple[float, np.ndarray]], height: int, width: int) -> Iterator[tuple[float, np.ndarray]]:
    """Yield frames with their times, scaled to fit a model's size as in training."""
    from suite.vision.resize import resize_array

    for time, frame in frames:
        yield time, resize_array(frame[np.newaxis], height, width)[0]


def answer_over_time(
    predictor: Predictor, raw_input: Path | str | np.ndarray, settings: Any, frame_rate: float | None
) -> tuple[list[tuple[float, float]], list[Arrays]]:
    """Return start and end, in seconds, of each window of `frames` frames of a video, half over the next, and its outputs.

    Args:
        frame_rate: Of an array of frames, in frames per second; that of the model where None.

    Raises:
        UserError: for a video without frames, or an array of which no rate is known.
    """
    from suite.vision.sampling import at_even_rate
    from suite.vision.timeline import sliding_windows

    timed, duration = _timed_frames(raw_input, settings, frame_rate)
    frames = resized(at_even_rate(timed, settings.frame_rate), settings.height, settings.width)
    windows = sliding_windows(frames, settings.frames, max(1, settings.frames // 2))
    spans, answers = [], []
    while batch := list(islice(windows, WINDOWS_AT_ONCE)):
        answers += predictor([{"frames": clip.frames, "length": np.int32(len(clip.frames))} for clip in batch])
        spans += [(clip.start, clip.end) for clip in batch]
    if not spans:
        raise UserError("expected a video with frames. Received: none that can be decoded")
    spans[-1] = spans[-1][0], duration  # frames at a rate need not end with the video
    return spans, answers


def _timed_frames(
    raw_input: Path | str | np.ndarray, settings: Any, frame_rate: float | None
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
