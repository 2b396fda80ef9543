"""Video files and cameras as frames with their times, and what is wrong with a file in one sentence."""

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from suite.errors import UserError
from suite.vision.opencv import import_cv2

FEWEST_FRAMES = 2
MOST_PIXELS = 7680 * 4320
COMPLETE = 0.9  # share of the announced frames below which a file counts as cut off; headers are often a little wrong
FALLBACK_RATE = 25.0
CHUNK = 16
DESCRIBED_BYTES = 1 << 20


@dataclass(frozen=True, eq=False)
class VideoInfo:
    """What a video file holds, counted frame by frame.

    Attributes:
        frames: Frames that can be decoded.
        fps: Frames per second as announced; where nothing sensible is, from the times.
        width: Of a frame as it is shown (the rotation flag applied), pixels.
        height: Likewise.
        duration: Seconds from the first frame to the end of the last.
        times: When each frame is shown, seconds, ascending, float64 (frames,); the rate may vary.
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
        raise _unreadable(path, error) from error
    return _count(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=1 << 17)
def _count(path: Path, modified: int, size: int) -> VideoInfo:
    with _opened(path) as (capture, cv2):
        announced, fps = capture.get(cv2.CAP_PROP_FRAME_COUNT), capture.get(cv2.CAP_PROP_FPS)
        width, height = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        stamps = []
        while _grabbed(capture, cv2):
            stamps.append(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
    if not math.isfinite(fps) or fps <= 0:
        fps = FALLBACK_RATE
    times = _ascending(stamps, fps)
    duration = float(times[-1] - times[0]) + 1 / fps if len(times) else 0.0
    if len(times) < COMPLETE * announced and duration < COMPLETE * announced / fps:
        received = f"Received: {len(times)} of {announced:.0f} announced frames"
        raise UserError(f"{path}: the video is cut off or damaged. {received}")
    if len(times) < FEWEST_FRAMES:
        received = "one frame, a still picture" if len(times) else "none that can be decoded"
        raise UserError(f"{path}: expected a video of at least {FEWEST_FRAMES} frames. Received: {received}")
    return VideoInfo(len(times), fps, width, height, duration, times)


def read_clip(
    path: Path | str,
    channels: int = 3,
    choose: Callable[[np.ndarray], np.ndarray] | None = None,
    resize: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Clip:
    """Return the frames of a video, or some of them.

    Args:
        channels: 3 for RGB, 1 for grey.
        choose: Given the times of all frames, returns the indices wanted, ascending (an index may come twice).
            The others are decoded, as the codec needs, but neither converted nor kept.
        resize: Applied to frames (time, height, width, channels) as they come, so that large ones are never all in memory.

    Raises:
        UserError: as `video_info`.
    """
    info = video_info(path)
    wanted = np.arange(info.frames) if choose is None else np.asarray(choose(info.times))
    chunks, waiting = [], []
    for index, frame in _frames_at(Path(path), np.unique(wanted), channels):
        waiting += [frame] * int((wanted == index).sum())
        if len(waiting) >= CHUNK:
            chunks, waiting = [*chunks, _stacked(waiting, resize)], []
    if waiting:
        chunks.append(_stacked(waiting, resize))
    frames = np.concatenate(chunks)
    return Clip(frames, info.times[wanted[: len(frames)]])


def read_frames(path: Path | str, channels: int = 3) -> Iterator[tuple[float, np.ndarray]]:
    """Yield `(time in seconds, frame uint8 (height, width, channels))`, one frame in memory at a time.

    Raises:
        UserError: if the file cannot be opened as a video; one that is cut off ends early.
    """
    path = Path(path)
    with _opened(path) as (capture, cv2):
        fps, last, index = capture.get(cv2.CAP_PROP_FPS), -math.inf, 0
        step = 1 / fps if math.isfinite(fps) and fps > 0 else 1 / FALLBACK_RATE
        while _grabbed(capture, cv2):
            stamp = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            if not math.isfinite(stamp) or stamp <= last:
                stamp = last + step if index else 0.0
            last, index = stamp, index + 1
            yield stamp, _picture(capture.retrieve()[1], channels, cv2)


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


@contextlib.contextmanager
def _opened(path: Path):
    """Open a file for decoding; yields the capture and the module cv2."""
    try:
        with open(path, "rb") as file:
            start = file.read(DESCRIBED_BYTES)
            file.seek(max(path.stat().st_size - DESCRIBED_BYTES, 0))
            end = file.read()
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    if not start:
        raise UserError(f"{path}: the file is empty (zero bytes)")
    cv2 = import_cv2()
    # FFmpeg alone: other backends would take a name such as clip_01.avi for the first of numbered pictures.
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    try:
        width, height = capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
        if not capture.isOpened() or width <= 0 or height <= 0:
            raise UserError(f"{path}: {_describe_undecodable(start, end)}")
        if width * height > MOST_PIXELS:
            expected = f"expected frames of at most {MOST_PIXELS:,} pixels"
            raise UserError(f"{path}: {expected}. Received: {width:.0f}x{height:.0f}")
        yield capture, cv2
    finally:
        capture.release()


def _unreadable(path, error):
    if isinstance(error, FileNotFoundError):
        return UserError(f"{path}: no such file")
    if isinstance(error, IsADirectoryError):
        return UserError(f"{path}: expected a video file. Received: a folder")
    return UserError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}")


def _describe_undecodable(start: bytes, end: bytes) -> str:
    """Say why FFmpeg found no video, by the first and last bytes of the file."""
    kind, both = start[4:8], start + end
    if kind in (b"ftyp", b"mdat", b"moov", b"wide", b"free"):
        if b"moov" not in both:
            return "the video is cut off: its index (the mp4 box 'moov') is missing"
        sound, picture = b"soun" in both, b"vide" in both
    elif start[:4] == b"\x1aE\xdf\xa3":
        sound, picture = b"A_" in start, b"V_" in start
    elif start[:4] == b"RIFF":
        sound, picture = start[8:12] == b"WAVE" or b"auds" in start, b"vids" in start
    else:
        sound, picture = start[:4] in (b"OggS", b"fLaC") or start[:3] == b"ID3" or start[0] == 0xFF, False
    if sound and not picture:
        return "expected a video. Received: audio without any picture"
    shown = repr(start[:12])[1:]
    return (
        f"expected a video. Received: a file that cannot be decoded as one, whatever its name (it starts with {shown})"
    )


def _ascending(stamps, fps):
    """Return the times; where the file gives none that make sense, one frame after another at its rate."""
    times = np.array(stamps, np.float64)
    if np.all(np.isfinite(times)) and np.all(np.diff(times) > 0):
        return times
    return np.arange(len(times)) / fps


def _frames_at(path, wanted, channels):
    with _opened(path) as (capture, cv2):
        position = 0
        for index in wanted:
            while position <= index and _grabbed(capture, cv2):
                position += 1
            if position <= index:
                return
            yield index, _picture(capture.retrieve()[1], channels, cv2)


def _grabbed(capture, cv2):
    try:
        return capture.grab()
    except cv2.error:  # a damaged file ends here
        return False


def _picture(frame, channels, cv2):
    if channels == 1:
        return cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)[:, :, None]
    return cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)


def _stacked(frames, resize):
    stacked = np.stack(frames)
    return stacked if resize is None else resize(stacked)
