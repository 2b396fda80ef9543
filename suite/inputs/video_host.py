"""How a host brings a video of any length to a file, and what a camera sees to a model."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from suite.errors import UserError
from suite.inputs.windows import joined
from suite.signature import Arrays, Host, Output

CAMERA = "camera:"


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
            padding = [(0, size - len(window)), *[(0, 0)] * (window.ndim - 1)]
            answers.append(predictor.call({"frames": np.pad(window, padding), "length": np.int32(len(window))}))
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
