"""Video files and cameras as frames with their times, and what is wrong with a file in one sentence."""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from suite.errors import UserError
from suite.vision.decoder import FrameDecoder, OpenVideo, Pictures, open_video, unreadable
from suite.vision.opencv import import_cv2
from suite.vision.times import repair_times
from suite.vision.whole import require_whole

if TYPE_CHECKING:
    import cv2

FEWEST_FRAMES = 2
MOST_PIXELS = 7680 * 4320
FALLBACK_RATE = 25.0
CHUNK = 16


@dataclass(frozen=True, eq=False)
class VideoInfo:
    """What a video file holds, counted frame by frame.

    Attributes:
        frames: Frames that can be decoded.
        fps: Frames per second, the mean over the video; as announced where the frames have no times.
        width: Of a frame as it is shown (square pixels, the rotation flag applied).
        height: Likewise.
        duration: Seconds from the first frame to the end of the last.
        times: When each frame is shown, seconds from the first frame on, ascending, float64 (frames,); the rate may vary.
    """

    frames: int
    fps: float
    width: int
    height: int
    duration: float
    times: np.ndarray


@dataclass(frozen=True, eq=False)
class Clip:
    """Decoded frames, uint8 (time, height, width, channels), RGB or grey, and their times in seconds, float64 (time,)."""

    frames: np.ndarray
    times: np.ndarray


def video_info(path: Path | str) -> VideoInfo:
    """Return what a video holds. The whole file is decoded once; the answer is remembered while the file stays as it is.

    Raises:
        UserError: if the file is missing, empty, no video, audio alone, cut off, of one frame or of huge frames.
    """
    path = Path(path)
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    return _count(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=1 << 17)
def _count(path: Path, modified: int, size: int) -> VideoInfo:
    with open_video(path, MOST_PIXELS) as video:
        decoder, first, stamps = FrameDecoder(video), None, []
        for frame in decoder:
            first = first or frame
            stamps.append(math.nan if frame.pts is None else frame.pts)
        if first is None or video.stream.time_base is None:
            require_whole(video, decoder, 0.0, 0.0)
            raise UserError(f"{path}: {_fewest(0)}")
        unit = float(video.stream.time_base)
        times = repair_times(np.array(stamps, np.float64) * unit, 1 / _announced_rate(video))
        step = (times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else 1 / _announced_rate(video)
        end = float(times[-1]) + _last_seconds(times, (frame.duration or 0) * unit, step)
        require_whole(video, decoder, float(times[0]), end)
        pictures = Pictures(video, first)
    if len(times) < FEWEST_FRAMES:
        raise UserError(f"{path}: {_fewest(len(times))}")
    duration = float(end - times[0])
    return VideoInfo(len(times), float(1 / step), pictures.width, pictures.height, duration, times - times[0])


def _last_seconds(times: np.ndarray, announced: float, mean: float) -> float:
    """Return how long the last frame is shown: as announced, but a fraction of any other frame's time is a guess."""
    shortest = (times[1:] - times[:-1]).min() if len(times) > 1 else mean
    return announced if announced > 0.5 * shortest else mean


def _announced_rate(video: OpenVideo) -> float:
    rate = video.stream.guessed_rate or video.stream.average_rate
    return float(rate) if rate and rate > 0 else FALLBACK_RATE


def _fewest(count: int) -> str:
    received = "one frame, a still picture" if count else "none that can be decoded"
    return f"expected a video of at least {FEWEST_FRAMES} frames. Received: {received}"


def read_clip(
    path: Path | str,
    channels: int = 3,
    choose: Callable[[np.ndarray], np.ndarray] | None = None,
    resize: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Clip:
    """Return the frames of a video, or some of them.

    Args:
        channels: 3 for RGB, 1 for grey.
        choose: Given the times of all frames, returns the indices of those to keep, ascending (an index may come twice).
            The others are decoded, as the codec needs, but neither converted nor kept.
        resize: Applied to frames (time, height, width, channels) as they come, so that large ones are never all in memory.

    Raises:
        UserError: as `video_info`.
    """
    info = video_info(path)
    places = np.arange(info.frames) if choose is None else np.asarray(choose(info.times))
    chunks, waiting = [], []
    indices, counts = np.unique(places, return_counts=True)
    repeats = dict(zip(indices.tolist(), counts.tolist(), strict=True))
    for index, frame in _frames_at(Path(path), repeats, channels):
        waiting += [frame] * repeats[index]
        if len(waiting) >= CHUNK:
            chunks, waiting = [*chunks, _stacked(waiting, resize)], []
    if waiting:
        chunks.append(_stacked(waiting, resize))
    frames = np.concatenate(chunks)
    return Clip(frames, info.times[places[: len(frames)]])


def read_frames(path: Path | str, channels: int = 3) -> Iterator[tuple[float, np.ndarray]]:
    """Yield `(time in seconds, frame uint8 (height, width, channels))`, one frame in memory at a time.

    Raises:
        UserError: as `video_info`.
    """
    info = video_info(path)
    for index, frame in _frames_at(Path(path), range(info.frames), channels):
        yield float(info.times[index]), frame


def camera_frames(index: int = 0, channels: int = 3) -> Iterator[tuple[float, np.ndarray]]:
    """Yield `(seconds since the first frame, frame)` from a camera until it is unplugged or the caller stops.

    Raises:
        UserError: if there is no such camera or it gives no frame.
    """
    cv2 = import_cv2()
    capture = cv2.VideoCapture(index)
    started = None
    try:
        while capture.isOpened() and _grabbed(capture, cv2):
            now = time.monotonic()
            started = now if started is None else started
            yield now - started, _picture(capture.retrieve()[1], channels, cv2)
    finally:
        capture.release()
    if started is None:
        raise UserError(f"camera {index}: cannot be opened, or gives no picture")


def _frames_at(path: Path, indices: Iterable[int], channels: int) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the frames of these indices, ascending, each with its index."""
    remaining = iter(indices)
    index = next(remaining, None)
    with open_video(path, MOST_PIXELS) as video:
        pictures = None
        for position, frame in enumerate(FrameDecoder(video)):
            pictures = pictures or Pictures(video, frame)
            if position == index:
                yield position, pictures.array(frame, channels)
                index = next(remaining, None)
            if index is None:
                return


def _grabbed(capture: "cv2.VideoCapture", cv2: ModuleType) -> bool:
    try:
        return capture.grab()
    except cv2.error:  # the camera was unplugged
        return False


def _picture(frame: np.ndarray, channels: int, cv2: ModuleType) -> np.ndarray:
    if channels == 1:
        return cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)[:, :, None]
    return cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)


def _stacked(frames: list[np.ndarray], resize: Callable[[np.ndarray], np.ndarray] | None) -> np.ndarray:
    stacked = np.stack(frames)
    return stacked if resize is None else resize(stacked)
