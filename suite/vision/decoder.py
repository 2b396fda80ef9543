"""A video file as decoded frames: which stream is meant, and how its frames are turned and scaled to be looked at."""

import contextlib
import math
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from suite.errors import UserError
from suite.vision.opencv import import_cv2

if TYPE_CHECKING:
    import av

WIDEST_PIXEL = 10  # a pixel aspect ratio beyond it, or below its inverse, is a fault of the file
DESCRIBED_BYTES = 1 << 20
# What FFmpeg would make a video of, or fetch one by: coloured text, lists of other files, addresses.
NO_VIDEO_FORMATS = {"tty", "hls", "applehttp", "dash", "concat", "sdp", "lavfi", "image2"}
DEFAULT, COVERS = (
    1,
    1 << 10 | 1 << 11,
)  # FFmpeg's bits of a stream's disposition; covers: attached_pic, timed_thumbnails
ANIMATED_WEBP = re.compile(rb"RIFF....WEBPVP8X.{14}ANIM", re.DOTALL)
OPTIONS = {"protocol_whitelist": "file"}
_OF_THREAD = threading.local()


@dataclass(frozen=True, eq=False)
class OpenVideo:
    """A file opened for decoding, and its stream of pictures."""

    path: Path
    container: "av.container.InputContainer"
    stream: "av.VideoStream"
    most_pixels: int


@contextlib.contextmanager
def open_video(path: Path, most_pixels: int) -> Iterator[OpenVideo]:
    """Open a file for decoding, by one thread; frames of more than `most_pixels` are refused before one is decoded.

    Of several streams of pictures, the first is meant that the file marks as its default; a picture on the cover of a
    piece of music is none.

    Raises:
        UserError: if the file is missing, empty, no video, audio alone, or of huge frames.
    """
    import av

    try:
        # The protocol is named, or FFmpeg takes what stands before a colon in the file's name for one.
        container = av.open(f"file:{path}", options=OPTIONS, metadata_errors="replace")
    except (av.FFmpegError, ValueError) as error:
        raise _undecodable(path) from error
    with container:
        stream = _choose_stream(path, container)
        codec = stream.codec_context
        if codec.width <= 0 or codec.height <= 0:
            raise _undecodable(path)
        video = OpenVideo(path, container, stream, most_pixels)
        _check_size(video, _square(stream.sample_aspect_ratio, codec.width), codec.height)
        codec.thread_type, codec.thread_count = "NONE", 1  # clips are decoded side by side, one per thread
        yield video


def _choose_stream(path: Path, container: "av.container.InputContainer") -> "av.VideoStream":
    names = set(container.format.name.split(","))
    if NO_VIDEO_FORMATS & names or ("webp_pipe" in names and ANIMATED_WEBP.match(_read_ends(path)[0])):
        raise _undecodable(path)
    pictures = [stream for stream in container.streams.video if not int(stream.disposition) & COVERS]
    if not pictures and container.streams.video:
        raise UserError(f"{path}: expected a video. Received: audio whose only picture is that of its cover")
    if not pictures and container.streams.audio:
        raise UserError(f"{path}: expected a video. Received: audio without any picture")
    decodable = [stream for stream in pictures if stream.codec_context is not None]
    if pictures and not decodable:
        raise UserError(f"{path}: expected a video in a codec that FFmpeg decodes. Received: an unknown one")
    if not decodable:
        raise _undecodable(path)
    return next((stream for stream in decodable if int(stream.disposition) & DEFAULT), decodable[0])


def _undecodable(path: Path) -> UserError:
    return UserError(f"{path}: {_describe_undecodable(*_read_ends(path))}")


def _read_ends(path: Path) -> tuple[bytes, bytes]:
    """Return the first and last bytes of a file, at most `DESCRIBED_BYTES` each."""
    try:
        with open(path, "rb") as file:
            start = file.read(DESCRIBED_BYTES)
            file.seek(max(path.stat().st_size - DESCRIBED_BYTES, 0))
            end = file.read()
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    if not start:
        raise UserError(f"{path}: the file is empty (zero bytes)")
    return start, end


def unreadable(path: Path, error: Exception) -> UserError:
    """Return the error to raise for a file that the system cannot open."""
    if isinstance(error, FileNotFoundError):
        return UserError(f"{path}: no such file")
    if isinstance(error, IsADirectoryError):
        return UserError(f"{path}: expected a video file. Received: a folder")
    return UserError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}")


def _describe_undecodable(start: bytes, end: bytes) -> str:
    """Say why FFmpeg found no video, by the first and last bytes of the file."""
    if start[4:8] in (b"ftyp", b"mdat", b"moov", b"wide", b"free"):
        place = (start + end).find(b"moov") - 4
        if place < 0:
            return "the video is cut off: its index (the mp4 box 'moov') is missing"
        if len(start) < DESCRIBED_BYTES and place + int.from_bytes(start[place : place + 4]) > len(start):
            return "the video is cut off: its index (the mp4 box 'moov') is incomplete"
    if ANIMATED_WEBP.match(start):
        return "expected a video. Received: an animated WebP picture, which cannot be decoded; convert it to mp4"
    beginning = repr(start[:12])[1:]
    return f"expected a video. Received: a file that cannot be decoded as one, whatever its name (it starts with {beginning})"


class FrameDecoder:
    """The frames of an open video in the order in which they are shown; packets that cannot be decoded are counted.

    Attributes:
        packets: Read so far.
        damaged: Of these, how many could not be decoded.
    """

    def __init__(self, video: OpenVideo) -> None:
        self.video = video
        self.packets = 0
        self.damaged = 0

    def __iter__(self) -> Iterator["av.VideoFrame"]:
        import av

        packets = self.video.container.demux(self.video.stream)
        while True:
            try:
                packet = next(packets, None)
            except av.FFmpegError:  # what follows in the file cannot be read
                packet = None
            if packet is not None and packet.size:
                self.packets += 1
            try:
                # None takes out what waits for frames that were to come; so does the empty packet at the end.
                yield from self.video.stream.decode(packet)
            except (av.FFmpegError, EOFError):
                self.damaged += packet is not None and bool(packet.size)
            if packet is None:
                return


class Pictures:
    """Turns decoded frames of one video into arrays, all of one size: that of the first frame as it is meant to be seen.

    Pixels that are not square are made so, by the width; the display matrix (the rotation flag of phones) is applied.

    Attributes:
        width: Of a picture, pixels.
        height: Likewise.
    """

    def __init__(self, video: OpenVideo, first: "av.VideoFrame") -> None:
        aspect = video.stream.sample_aspect_ratio
        self._scaled = _square(aspect, first.width), first.height
        _check_size(video, *self._scaled)
        self._transposed, self._flipped_rows, self._flipped_columns = _turn(first)
        self.width, self.height = self._scaled[::-1] if self._transposed else self._scaled
        self._has_alpha = any(component.is_alpha for component in first.format.components)

    def array(self, frame: "av.VideoFrame", channels: int) -> np.ndarray:
        """Return a frame as uint8 `(height, width, channels)`, RGB or grey; what is transparent lies over white."""
        pixels = self._convert(frame, "rgba" if self._has_alpha else "rgb24")
        if self._has_alpha:
            pixels = _over_white(pixels)
        if self._transposed:
            pixels = pixels.transpose(1, 0, 2)
        pixels = pixels[:: -1 if self._flipped_rows else 1, :: -1 if self._flipped_columns else 1]
        pixels = np.ascontiguousarray(pixels)
        if channels == 1:
            cv2 = import_cv2()
            return cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[:, :, None]
        return pixels

    def _convert(self, frame: "av.VideoFrame", pixel_format: str) -> np.ndarray:
        import av
        from av.video.reformatter import Colorspace

        width, height = self._scaled
        settings: dict[str, Any] = {"format": pixel_format, "interpolation": "BICUBIC", "threads": 1}
        try:
            converted = _reformatter().reformat(frame, width, height, **settings)
        except av.FFmpegError:  # a matrix of colours that FFmpeg knows no formula for
            converted = _reformatter().reformat(frame, width, height, src_colorspace=Colorspace.ITU601, **settings)
        return converted.to_ndarray()


def _reformatter() -> "av.video.reformatter.VideoReformatter":
    """Return that of this thread: its tables are made anew only where size or format of the frames change."""
    from av.video.reformatter import VideoReformatter

    if not hasattr(_OF_THREAD, "reformatter"):
        _OF_THREAD.reformatter = VideoReformatter()
    return _OF_THREAD.reformatter


def _square(aspect: Fraction | None, width: int) -> int:
    """Return the width that a picture has with square pixels; `aspect` is width by height of a pixel of the file."""
    if not aspect or aspect == 1 or not 1 / WIDEST_PIXEL <= aspect <= WIDEST_PIXEL:
        return width
    return max(1, math.floor(width * aspect + Fraction(1, 2)))


def _check_size(video: OpenVideo, width: int, height: int) -> None:
    if width * height > video.most_pixels:
        expected = f"expected frames of at most {video.most_pixels:,} pixels"
        raise UserError(f"{video.path}: {expected}. Received: {width}x{height}")


def _turn(frame: "av.VideoFrame") -> tuple[bool, bool, bool]:
    """Return what the display matrix does to a frame: transpose it, then flip its rows, its columns.

    The matrix moves a point to `x' = a x + c y`, `y' = b x + d y`; quarter turns and mirrors are applied.
    """
    from av.sidedata.sidedata import Type

    data = frame.side_data.get(Type.DISPLAYMATRIX)
    if data is None:
        return False, False, False
    a, b, _, c, d = np.frombuffer(bytes(data), np.int32)[:5].tolist()
    transposed = abs(b) > abs(a) and abs(c) > abs(d)
    return (True, b < 0, c < 0) if transposed else (False, d < 0, a < 0)


def _over_white(pixels: np.ndarray) -> np.ndarray:
    """Return RGBA pixels laid over white, as RGB of the same size."""
    colours, alpha = pixels[..., :3].astype(np.uint16), pixels[..., 3:].astype(np.uint16)
    return ((colours * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
