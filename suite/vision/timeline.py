"""Actions of a long video: its windows, and the video with what their answers add up to written in."""

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from suite.decoding.timeline import Segment
from suite.errors import UserError
from suite.vision.opencv import import_cv2
from suite.vision.read import read_frames, video_info
from suite.vision.write import CODECS, write_video


@dataclass(frozen=True, eq=False)
class Window:
    """Neighbouring frames, uint8 (time, height, width, channels), the time of the first and the end of the last, seconds."""

    frames: np.ndarray
    start: float
    end: float


def sliding_windows(frames: Iterable[tuple[float, np.ndarray]], size: int, hop: int) -> Iterator[Window]:
    """Yield windows of `size` frames, one every `hop` frames; only one is in memory.

    The last one ends with the video, whatever its distance from the one before; a shorter video is one window.

    Args:
        frames: `(time in seconds, frame)`, in order.
        hop: 1 to `size`.
    """
    newest: deque = deque(maxlen=size)
    new = 0
    for time, frame in frames:
        newest.append((time, frame))
        new += 1
        if len(newest) == size and new >= hop:
            yield _window(newest)
            new = 0
    if new:
        yield _window(newest)


def _window(timed_frames: Sequence[tuple[float, np.ndarray]]) -> Window:
    times = [time for time, _ in timed_frames]
    step = (times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else 0.04
    return Window(np.stack([frame for _, frame in timed_frames]), times[0], times[-1] + step)


def write_annotated(path: Path | str, output: Path | str, segments: Sequence[Segment]) -> Path:
    """Write the video again with the action of each moment written in, without sound, and return where.

    Each frame is shown when and for as long as it is in the video, whose rate may vary.

    Args:
        path: The video.
        output: A file to write, `.mp4` or `.avi`, or an existing folder, where the file is `NAME-actions.mp4`.
        segments: Of the video.

    Raises:
        UserError: if the output exists, has another ending, or cannot be written.
    """
    path, output = Path(path), Path(output)
    if output.is_dir():
        output = output / f"{path.stem}-actions.mp4"
    if output.suffix.lower() not in CODECS:
        raise UserError(f"--annotate: expected a file ending in {' or '.join(CODECS)}, or a folder. Received: {output}")
    if output.exists():
        raise UserError(f"--annotate: {output} exists and is not overwritten")
    info = video_info(path)
    part = output.with_name(f".{output.stem}.part{output.suffix}")
    # Codecs want even sizes; a small picture has no room for letters.
    scale = max(1, -(-240 // info.height))
    size = (info.width * scale // 2 * 2, info.height * scale // 2 * 2)
    try:
        write_video(part, _lettered(path, size, segments), size, info)
        os.replace(part, output)
    except OSError as error:
        raise UserError(f"--annotate: {output} cannot be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
    return output


def _lettered(path: Path, size: tuple[int, int], segments: Sequence[Segment]) -> Iterator[np.ndarray]:
    """Yield every frame of the video, RGB of this width and height, with the action of its moment written in."""
    cv2 = import_cv2()
    waiting = deque(segments)
    for time, frame in read_frames(path):
        while len(waiting) > 1 and time >= waiting[0].end - 1e-6:
            waiting.popleft()
        picture = cv2.resize(frame, size, interpolation=cv2.INTER_NEAREST)
        text = f"{waiting[0].label} {waiting[0].score:.2f}"
        for color, thickness in (((0, 0, 0), 4), ((255, 255, 255), 1)):
            cv2.putText(picture, text, (8, 28), cv2.FONT_HERSHEY_SIMPLEX, 0.8, color, thickness, cv2.LINE_AA)
        yield picture
