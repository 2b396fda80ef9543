"""Audio files of any format, rate and number of channels as mono samples at one rate."""

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from suite.errors import UserError

EXPECTED = "expected audio (wav, flac, ogg, mp3)"
DECODED_SECONDS = 60.0  # of the file that are decoded at a time
# What a note says of a clip.
CLIPPED_LEVEL, CLIPPED_SHARE = 0.999, 1e-3
SILENT_LEVEL = 1e-3  # -60 dB of full scale
OFFSET_LEVEL = 0.02
# What writes a wav to a pipe does not know its size and announces the largest.
UNKNOWN_BYTES = 0x7FFFF000


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What a file's header says.

    Attributes:
        duration: In seconds.
        sample_rate: In Hz.
        channels: How many.
        frames: Samples of each channel.
    """

    duration: float
    sample_rate: int
    channels: int
    frames: int


def inspect_audio(path: Path | str) -> AudioInfo:
    """Return what the header of a file says; nothing is decoded.

    Raises:
        UserError: where there is no such file, it is no audio, holds no samples, or is a wav shorter than it announces.
    """
    with _opened(path) as file:
        return AudioInfo(file.frames / file.samplerate, file.samplerate, file.channels, file.frames)


def read_audio(path: Path | str, sample_rate: int) -> np.ndarray:
    """Return all samples of a file, float32 `(samples,)` in [-1, 1]: channels averaged, resampled to `sample_rate` Hz.

    The format is known by the content, whatever the name. Resampling is soxr's high quality, as `librosa.resample` does it
    by default: N samples become ceil(N * sample_rate / rate of the file).

    Raises:
        UserError: as `inspect_audio`, and where samples are missing at the end, undecodable or not finite.
    """
    with _opened(path) as file:
        samples = np.concatenate(list(_mono_blocks(file, path)))
        rate = file.samplerate
    if rate != sample_rate:
        import librosa

        samples = librosa.resample(samples, orig_sr=rate, target_sr=sample_rate, res_type="soxr_hq")
        samples = np.clip(samples, -1, 1)
    return samples


def read_blocks(path: Path | str, sample_rate: int, block_seconds: float) -> Iterator[np.ndarray]:
    """Return an iterator of the samples of `read_audio` in blocks, for recordings too long for the memory.

    Each block is float32 `(samples,)` of `block_seconds`, the last one shorter. Joined they are what `read_audio` returns,
    to 1e-4, though a last sample may be missing.

    Raises:
        UserError: as `read_audio`; faults of the header at once, others when they are come to.
    """
    inspect_audio(path)
    return _blocks(path, sample_rate, max(1, round(block_seconds * sample_rate)))


def _blocks(path, sample_rate, size):
    waiting = np.zeros(0, np.float32)
    with _opened(path) as file:
        for samples in _resampled(_mono_blocks(file, path), file.samplerate, sample_rate):
            waiting = np.concatenate([waiting, samples])
            whole = len(waiting) // size * size
            yield from waiting[:whole].reshape(-1, size)
            waiting = waiting[whole:]
    if len(waiting):
        yield waiting


def check_audio(samples: np.ndarray, sample_rate: int) -> list[str]:
    """Return notes on float32 `(samples,)` in [-1, 1] that can be used but may disappoint: silence, clipping, an offset."""
    if not len(samples):
        return ["no samples"]
    offset = float(samples.mean(dtype=np.float64))
    peaks = samples.max() - offset, offset - samples.min()
    if max(peaks) < SILENT_LEVEL:
        return ["silent: nothing above -60 dB of full scale"]
    notes = []
    if np.mean(np.abs(samples) >= CLIPPED_LEVEL) > CLIPPED_SHARE:
        notes.append(f"clipped: more than {CLIPPED_SHARE:.1%} of the samples at full scale")
    if abs(offset) > OFFSET_LEVEL:
        notes.append(f"DC offset: the mean is more than {OFFSET_LEVEL:.0%} of full scale")
    return notes


@contextmanager
def _opened(path):
    """Open a file for decoding; what is wrong with it, there or while decoding, becomes a `UserError`."""
    import soundfile

    path = Path(path)
    if path.is_dir():
        raise UserError(f"{path}: {EXPECTED}. Received: a folder")
    try:
        size = path.stat().st_size
        if size == 0:
            raise UserError(f"{path}: {EXPECTED}. Received: an empty file")
        with open(path, "rb") as raw:
            start = raw.read(12)
            missing = _missing_bytes(raw, size)
            raw.seek(0)
            # The open file, not its name: libsndfile then knows the format by the content alone.
            with soundfile.SoundFile(raw) as file:
                if file.frames == 0:
                    raise UserError(f"{path}: {EXPECTED}. Received: a header without samples")
                if missing:
                    raise UserError(
                        f"{path}: the header announces {missing:,} bytes more than there are. Received: a truncated file"
                    )
                yield file
    except TypeError as error:
        raise UserError(f"{path}: {EXPECTED}. Received: raw samples, which do not say their rate") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{path}: cannot be read: {reason}") from error
    except soundfile.LibsndfileError as error:
        reason = error.error_string.rstrip(".")
        raise UserError(f"{path}: {EXPECTED}. Received: {size:,} bytes that begin with {start!r} ({reason})") from error


def _missing_bytes(file, size: int) -> int:
    """Return how many bytes of samples a wav announces beyond its end; libsndfile says nothing of that."""
    file.seek(0)
    if (riff := file.read(12))[:4] != b"RIFF" or riff[8:] != b"WAVE":
        return 0
    while len(header := file.read(8)) == 8:
        name, length = struct.unpack("<4sI", header)
        if name == b"data":
            return 0 if length >= UNKNOWN_BYTES else max(0, file.tell() + length - size)
        file.seek(length + length % 2, os.SEEK_CUR)
    return 0


def _mono_blocks(file, path):
    """Yield the samples of an open file, channels averaged, float32 in [-1, 1]."""
    size = max(1, round(DECODED_SECONDS * file.samplerate))
    read = 0
    while len(block := file.read(size, dtype="float32", always_2d=True)):
        mono = block.mean(axis=1) if block.shape[1] > 1 else block[:, 0]
        if not np.isfinite(mono).all():
            at = int(np.argmin(np.isfinite(block).all(axis=1)))
            value = block[at][~np.isfinite(block[at])][0]
            raise UserError(f"{path}: sample {read + at}: expected a finite number. Received: {value}")
        read += len(mono)
        yield np.clip(mono, -1, 1)
    # The length of an mp3 may be an estimate.
    if read < file.frames * (0.9 if file.format == "MP3" else 1):
        raise UserError(
            f"{path}: the header announces {file.frames:,} samples. Received: a truncated file of {read:,} samples"
        )


def _resampled(blocks, rate, sample_rate):
    if rate == sample_rate:
        yield from blocks
        return
    import soxr

    stream = soxr.ResampleStream(rate, sample_rate, 1, dtype="float32", quality="HQ")
    for block in blocks:
        yield np.clip(stream.resample_chunk(block), -1, 1)
    yield np.clip(stream.resample_chunk(np.zeros(0, np.float32), last=True), -1, 1)
