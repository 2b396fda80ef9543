"""Which library decodes an audio file, by its content: libsndfile, which is fast, or FFmpeg, which knows more."""

import io
import mmap
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from suite.audio.chunks import check_length
from suite.audio.ogg import TRAILING, find_links
from suite.audio.source import OpenAudio
from suite.errors import UserError

if TYPE_CHECKING:
    import soundfile

EXPECTED = "expected audio (wav, flac, ogg, mp3, m4a, webm, ...)"
DECODED_SECONDS = 60.0  # of the file that are decoded at a time
START_BYTES = 4096  # in which wavs have all that stands before their samples
SHOWN_BYTES = 12
MPEG4_BOXES = (b"ftyp", b"mdat", b"moov", b"wide", b"free", b"skip")
CHAINED = "several Ogg streams one after another, all of them read"


@contextmanager
def open_audio(path: Path | str) -> Iterator[OpenAudio]:
    """Open a file for decoding.

    Raises:
        UserError: for whatever is wrong with the file, there or while decoding.
    """
    import soundfile

    path = Path(path)
    if path.is_dir():
        raise UserError(f"{path}: {EXPECTED}. Received: a folder")
    try:
        with open(path, "rb") as file, ExitStack() as stack:
            size = os.fstat(file.fileno()).st_size
            start = file.read(START_BYTES)
            if not start:
                raise UserError(f"{path}: {EXPECTED}. Received: an empty file")
            yield _open(stack, file, path, start, size)
    except TypeError as error:
        raise UserError(f"{path}: {EXPECTED}. Received: raw samples, which do not say their rate") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{path}: cannot be read: {reason}") from error
    except soundfile.LibsndfileError as error:
        reason = error.error_string.rstrip(".")
        raise UserError(f"{path}: {EXPECTED}. Received: a damaged or truncated file ({reason})") from error


def _open(stack: ExitStack, file: BinaryIO, path: Path, start: bytes, size: int) -> OpenAudio:
    import soundfile

    missing, announces_nothing = check_length(file, start, size)
    if announces_nothing or _is_for_ffmpeg(start):
        return _with_ffmpeg(stack, file, path, start, size)
    parts: list[BinaryIO] = [file]
    notes: list[str] = []
    if start.startswith(b"OggS"):
        links, notes = find_links(file, path)
        if any(link.streams > 1 for link in links):  # sound beside a picture
            return _with_ffmpeg(stack, file, path, start, size)
        if len(links) > 1 or TRAILING in notes:
            parts = [_part(file, link.start, link.end) for link in links]
            notes += [CHAINED] if len(links) > 1 else []
    try:
        file.seek(0)
        # The open file, not its name: libsndfile then knows the format by the content alone.
        sounds = [stack.enter_context(soundfile.SoundFile(part)) for part in parts]
    except soundfile.LibsndfileError as error:
        _refuse_shorter(path, missing)
        return _with_ffmpeg(stack, file, path, start, size, error.error_string.rstrip("."))
    if sounds[0].subtype.startswith("MPEG"):  # an mp3 inside a wav; what libsndfile says of its length is a guess
        return _with_ffmpeg(stack, file, path, start, size)
    if sum(sound.frames for sound in sounds) == 0:
        raise UserError(f"{path}: {EXPECTED}. Received: a header without samples")
    rates = sorted({sound.samplerate for sound in sounds})
    if len(rates) > 1:
        raise UserError(f"{path}: expected one sample rate. Received: {rates[0]} Hz and {rates[1]} Hz")
    _refuse_shorter(path, missing)
    stores_floats = sounds[0].subtype in ("FLOAT", "DOUBLE")
    frames = sum(sound.frames for sound in sounds)
    return OpenAudio(rates[0], sounds[0].channels, frames, _sound_blocks(sounds), stores_floats, notes)


def _is_for_ffmpeg(start: bytes) -> bool:
    """Return whether libsndfile would read a file that begins so wrong, or at most in part."""
    if start[:3] == b"ID3" or (start[0] == 0xFF and start[1:2] >= b"\xe0"):  # it believes what an mp3 announces
        return True
    # A flac of unknown length, as from a pipe.
    return start[:4] == b"fLaC" and int.from_bytes(start[21:26], "big") & 0xFFFFFFFFF == 0


def _part(file: BinaryIO, start: int, end: int) -> BinaryIO:
    file.seek(start)
    return io.BytesIO(file.read(end - start))


def _refuse_shorter(path: Path, missing: int) -> None:
    if missing:
        raise UserError(
            f"{path}: the header announces {missing:,} bytes more than there are. Received: a truncated file"
        )


def _sound_blocks(sounds: list["soundfile.SoundFile"]) -> Iterator[np.ndarray]:
    for sound in sounds:
        size = max(1, round(DECODED_SECONDS * sound.samplerate))
        block = None
        while block is None or len(block) == size:
            block = sound.read(size, dtype="float32", always_2d=True)
            if len(block):
                yield block


def _with_ffmpeg(
    stack: ExitStack, file: BinaryIO, path: Path, start: bytes, size: int, reason: str = "no sound that FFmpeg knows"
) -> OpenAudio:
    from av.error import FFmpegError

    from suite.audio.ffmpeg import open_ffmpeg

    try:
        return stack.enter_context(open_ffmpeg(file, path))
    except FFmpegError as error:
        raise _undecodable(path, start, size, reason) from error


def _undecodable(path: Path, start: bytes, size: int, reason: str) -> UserError:
    if start[4:8] in MPEG4_BOXES:
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            if content.find(b"moov") < 0:
                index = "whose index (the box 'moov') is missing"
                return UserError(f"{path}: {EXPECTED}. Received: a truncated mp4, {index}")
    beginning = start[:SHOWN_BYTES]
    return UserError(f"{path}: {EXPECTED}. Received: {size:,} bytes that begin with {beginning!r} ({reason})")
