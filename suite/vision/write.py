"""A video file written frame by frame, each shown at its own time."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from suite.vision.read import VideoInfo

CODECS = {".mp4": "mpeg4", ".avi": "mjpeg"}
PIXEL_FORMATS = {"mpeg4": "yuv420p", "mjpeg": "yuvj420p"}
QUALITY = 3  # of FFmpeg's quantizer, 1 (best) to 31
FINE = 60_000  # ticks of a second, of which the usual frame rates take a whole number; mpeg4 allows 65,535
MILLISECONDS = 1_000
EVEN = 0.0015  # seconds by which the times of an even rate may differ: containers round to milliseconds


def write_video(path: Path, frames: Iterable[np.ndarray], size: tuple[int, int], info: VideoInfo) -> None:
    """Write RGB frames, uint8 `(height, width, 3)`, each at its time in `info`, without sound.

    Args:
        path: Ends in one of `CODECS`.
        size: Width and height, pixels, even.
        info: Times of the frames, and when the last one ends. An avi file knows one rate: where the times vary, it
            counts milliseconds, most of which repeat the frame before.

    Raises:
        OSError: if the file cannot be written.
    """
    import av

    try:
        _encode(path, frames, size, info)
    except av.FFmpegError as error:
        raise OSError(error.errno, error.strerror) from error


def _encode(path: Path, frames: Iterable[np.ndarray], size: tuple[int, int], info: VideoInfo) -> None:
    import av

    codec = CODECS[path.suffix.lower()]
    ticks, unit = _ticks(info, even=path.suffix.lower() == ".avi")
    with av.open(f"file:{path}", "w") as container:
        stream: Any = container.add_stream(codec, rate=1 / unit)
        stream.width, stream.height = size
        stream.pix_fmt = PIXEL_FORMATS[codec]
        stream.codec_context.time_base = unit
        stream.codec_context.qscale = True
        stream.codec_context.options = {"global_quality": str(QUALITY * 118)}
        for frame, start, end in zip(frames, ticks, ticks[1:], strict=False):
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
            picture.pts, picture.time_base = int(start), unit
            for packet in stream.encode(picture):  # neither codec looks ahead: it is that of this frame
                packet.duration = int(end - start)
                container.mux(packet)
        container.mux(stream.encode(None))


def _ticks(info: VideoInfo, even: bool) -> tuple[np.ndarray, Fraction]:
    """Return the times of all frames and the end of the last one as whole numbers, and the seconds of one."""
    times = np.append(info.times, info.duration)
    if even:
        places = np.arange(len(times))
        if np.abs(times - places / info.fps).max() < EVEN:
            return places, 1 / Fraction(info.fps).limit_denominator(1001)
    unit = Fraction(1, MILLISECONDS if even else FINE)
    ticks = np.rint(times / float(unit)).astype(np.int64)
    return np.maximum.accumulate(ticks - np.arange(len(ticks))) + np.arange(len(ticks)), unit
