"""Sound that libsndfile reads wrong or not at all (mp3, m4a, aac, webm, video with sound), decoded by FFmpeg to its end."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from suite.audio.matroska import check_elements
from suite.audio.mp3 import parse_frame, read_header
from suite.audio.source import OpenAudio
from suite.errors import UserError

if TYPE_CHECKING:
    import av

# Files of sound and video alone: a playlist would name others, a text is no sound.
FORMATS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dsf,eac3,flac,flv,gsm,loas,matroska,mov,mp3,mpeg,mpegts,ogg,tta,voc,w64,wav,wv"
)
ANNOUNCING = {"mov", "matroska", "asf", "avi", "flv", "caf", "flac", "ogg", "ape", "tta", "wv"}  # how long they are
WITHOUT_LENGTH = {"mp3", "aac", "matroska", "flac", "ac3", "eac3", "loas", "amr", "mpeg", "mpegts"}
GAP_SECONDS = 0.1  # that may lie between two packets: times are rounded
MISSING_SECONDS = 0.25  # that may be missing at the end: what is announced is rounded too
MOST_LEADING_BYTES = 4096  # that are no sound before that of an mp3: what editors leave there, but no lost second
BLOCK_SECONDS = 2.0
# At the start of a packet that is no sound, and yet no damage: tags, and the header of one mp3 behind another.
TAG = re.compile(rb"ID3|TAG|APETAGEX|LYRICSBEGIN|\xff[\xe0-\xff].{2,36}?(Info|Xing|VBRI)", re.DOTALL)

SEVERAL_TRACKS = "several sound tracks, of which the default one is read"
NO_LENGTH = "no announced length, so that a cut-off end might not show"
MORE_THAN_ANNOUNCED = "more sound than the header announces, all of it read"
LEADING_BYTES = "bytes before the first frame that are no sound, passed over"


@contextmanager
def open_ffmpeg(file: BinaryIO, path: Path | str) -> Iterator[OpenAudio]:
    """Open the sound of a file for decoding.

    Delay and padding of an mp3 encoder are cut off where the file states them (the Info header of LAME); else they
    remain, up to 0.1 s of silence. What an edit list of an mp4 leaves out is left out.

    Raises:
        UserError: where the file holds no sound; and while decoding, where it is damaged or ends before it should.
        av.error.FFmpegError: where FFmpeg does not know the format.
    """
    import av
    from av.audio.stream import AudioStream

    file.seek(0)
    nameless = SimpleNamespace(read=file.read, seek=file.seek, tell=file.tell)  # the content counts, not the name
    with av.open(nameless, "r", options={"format_whitelist": FORMATS}) as container:
        stream = container.streams.best("audio")
        if not isinstance(stream, AudioStream) or stream.codec_context is None:
            raise UserError(f"{path}: expected audio. Received: a {container.format.name} file without sound to decode")
        source = OpenAudio(stream.codec_context.sample_rate, stream.codec_context.channels, None, iter(()))
        source.stores_floats = stream.codec_context.name.startswith("pcm_f")
        if "matroska" in container.format.name:
            check_elements(file, path)
        if len(container.streams.audio) > 1:
            source.notes.append(SEVERAL_TRACKS)
        announced = None
        if container.format.name == "mp3":
            place = file.tell()
            announced, leading_bytes = read_header(file)
            file.seek(place)
            if leading_bytes > MOST_LEADING_BYTES:
                raise UserError(
                    f"{path}: expected sound from the start. Received: a damaged file; its first {leading_bytes:,} bytes "
                    "are none"
                )
            source.notes += [LEADING_BYTES] if leading_bytes else []
        frames = _Decoding(container, stream, source.notes, path, announced).frames()
        if (frame := next(frames, None)) is not None:  # what the header says of an aac may be half of it
            source.sample_rate, source.channels = frame.sample_rate, frame.layout.nb_channels
            source.blocks = _blocks(chain([frame], frames), source.sample_rate, path)
        yield source


class _Decoding:
    """One pass over the packets of a file, which counts what comes.

    Args:
        container: Open.
        stream: The sound in it.
        notes: Of the source; more are added.
        path: For messages.
        announced: Samples of each channel that the header of an mp3 announces.
    """

    def __init__(
        self,
        container: "av.container.InputContainer",
        stream: "av.audio.stream.AudioStream",
        notes: list[str],
        path: Path | str,
        announced: int | None,
    ) -> None:
        self.container, self.stream, self.notes, self.path = container, stream, notes, path
        self.kinds = set(container.format.name.split(","))
        self.announced = announced
        self.samples, self.sample_rate = 0, 1
        self.due: float | None = None  # when the next frame should begin, seconds
        self.end = 0.0  # of the last packet of any stream, seconds

    def frames(self) -> Iterator["av.AudioFrame"]:
        """Yield the frames of the sound in order."""
        last_packet = b""
        for packet in self._packets():
            if packet.pts is not None:
                self.end = max(self.end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
            if packet.stream.index != self.stream.index:
                continue
            for frame in self._decode(packet):
                self._check_time(frame)
                self.sample_rate = frame.sample_rate
                self.samples += frame.samples
                yield frame
            if packet.size and "mp3" in self.kinds:
                last_packet = bytes(packet)
        self._check_end(last_packet)

    def _packets(self) -> Iterator["av.Packet"]:
        from av.error import FFmpegError

        try:
            yield from self.container.demux()
        except FFmpegError as error:
            raise self._damaged() from error

    def _decode(self, packet: "av.Packet") -> list["av.AudioFrame"]:
        from av.error import FFmpegError

        try:
            return self.stream.decode(packet)
        except FFmpegError as error:
            if TAG.match(bytes(packet)):
                return []
            if not self.samples and self.kinds & {"mp3", "aac"}:
                self.notes.append(LEADING_BYTES)
                return []
            raise self._damaged() from error

    def _damaged(self) -> UserError:
        return UserError(
            f"{self.path}: expected sound that can be decoded to its end. Received: a damaged or truncated file; "
            f"decoding fails {self._seconds():.2f} s from the start"
        )

    def _check_time(self, frame: "av.AudioFrame") -> None:
        if frame.time is None:
            return
        if self.due is not None and frame.time - self.due > GAP_SECONDS and "mp3" not in self.kinds:
            raise UserError(
                f"{self.path}: expected sound without gaps. Received: a damaged file; {self._seconds():.2f} s from the "
                f"start {frame.time - self.due:.2f} s are missing"
            )
        self.due = frame.time + frame.samples / frame.sample_rate

    def _check_end(self, last_packet: bytes) -> None:
        frame = parse_frame(last_packet)  # None: this is no mp3
        if frame is not None and self.announced is not None:
            # Encoders differ in which frames they count.
            if self.samples < self.announced - 2 * frame.samples:
                raise UserError(
                    f"{self.path}: the header announces {self.announced:,} samples. Received: a truncated file of "
                    f"{self.samples:,} samples"
                )
            if self.samples > self.announced + 2 * frame.samples:
                self.notes.append(MORE_THAN_ANNOUNCED)
        if frame is not None and len(last_packet) < frame.size:
            raise UserError(
                f"{self.path}: expected a whole frame at the end. Received: a truncated file; "
                f"{frame.size - len(last_packet):,} bytes of the last frame are missing"
            )
        seconds, reached = self._announced_seconds()
        if seconds is not None and reached < seconds - MISSING_SECONDS:
            raise UserError(
                f"{self.path}: the header announces {seconds:.2f} s. Received: a truncated file of {reached:.2f} s"
            )
        if seconds is None and self.announced is None and self.kinds & WITHOUT_LENGTH:
            self.notes.append(NO_LENGTH)

    def _announced_seconds(self) -> tuple[float | None, float]:
        """Return the seconds that the container announces, None where it announces none, and those that came of them."""
        if not self.kinds & ANNOUNCING:
            return None, 0.0
        if self.stream.duration is not None and self.stream.time_base is not None:
            return float(self.stream.duration * self.stream.time_base), self._seconds()
        # Of the whole file: its picture may last longer than its sound.
        seconds = None if self.container.duration is None else self.container.duration / 1e6
        return seconds, max(self.end, self._seconds())

    def _seconds(self) -> float:
        return self.samples / self.sample_rate


def _blocks(frames: Iterable["av.AudioFrame"], sample_rate: int, path: Path | str) -> Iterator[np.ndarray]:
    """Yield frames joined to blocks, float32 `(frames, channels)`."""
    waiting: list[np.ndarray] = []
    for frame in frames:
        if frame.sample_rate != sample_rate:
            raise UserError(
                f"{path}: expected one sample rate. Received: {sample_rate} Hz and later {frame.sample_rate} Hz"
            )
        samples = _as_float(frame)
        if waiting and (
            waiting[0].shape[1] != samples.shape[1] or sum(map(len, waiting)) >= BLOCK_SECONDS * sample_rate
        ):
            yield np.concatenate(waiting)
            waiting = []
        waiting.append(samples)
    if waiting:
        yield np.concatenate(waiting)


def _as_float(frame: "av.AudioFrame") -> np.ndarray:
    """Return the samples of a frame, float32 `(frames, channels)`, full scale at 1."""
    channels = frame.layout.nb_channels
    samples = frame.to_ndarray()
    samples = samples.T if frame.format.is_planar else samples.reshape(-1, channels)
    if samples.dtype == np.uint8:
        return (samples.astype(np.float32) - 128) / 128
    if samples.dtype.kind == "i":
        return (samples / 2.0 ** (8 * samples.dtype.itemsize - 1)).astype(np.float32)
    return samples.astype(np.float32)
