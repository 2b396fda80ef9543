"""Audio files of any format, rate and number of channels as mono samples at one rate."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from suite.audio.levels import Levels
from suite.audio.opening import EXPECTED, open_audio
from suite.audio.source import OpenAudio
from suite.errors import UserError

# Float samples may go a little beyond full scale; whole numbers kept as floats go far beyond it.
OVERSHOOT_LEVEL, MOST_OVERSHOOT = 1.001, 2.0
OVERSHOOT = "peaks beyond full scale, which are cut off at it"
REMEMBERED_FILES = 1 << 17


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What an audio file holds.

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
    """Return what a file holds: by its header, where that can be believed (wav, flac, ogg, aiff and the like).

    Of other kinds (mp3, m4a, aac, webm, ...) headers tell estimates or nothing: those are decoded to their end and
    counted, once for as long as the file stays as it is.

    Raises:
        UserError: where there is no such file, it is no audio, holds no samples, or is damaged or shorter than it
            announces as far as that shows without decoding.
    """
    with open_audio(path) as source:
        if source.frames is not None:
            return _info(source, source.frames)
    return survey_audio(path)[0]


def survey_audio(path: Path | str) -> tuple[AudioInfo, tuple[str, ...]]:
    """Return what a file holds, counted by decoding it to its end, and notes on what a person should know of it.

    The notes are those of `check_audio`, and what is odd about the file itself (a length that is not announced, several
    tracks), in the same words for every file.

    The answer is remembered while the file stays as it is. No more than a minute of it is in memory.

    Raises:
        UserError: as `read_audio`.
    """
    try:
        status = Path(path).stat()
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    return _survey(str(path), status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=REMEMBERED_FILES)
def _survey(path: str, modified: int, size: int) -> tuple[AudioInfo, tuple[str, ...]]:
    with open_audio(path) as source:
        levels = Levels()
        for block in _mono_blocks(source, path):
            levels.add(block)
        return _info(source, levels.count), tuple(dict.fromkeys([*levels.notes(), *source.notes]))


def _info(source: OpenAudio, frames: int) -> AudioInfo:
    return AudioInfo(frames / source.sample_rate, source.sample_rate, source.channels, frames)


def read_audio(path: Path | str, sample_rate: int) -> np.ndarray:
    """Return all samples of a file, float32 `(samples,)` in [-1, 1]: channels averaged, resampled to `sample_rate` Hz.

    The format is known by the content, whatever the name. Of a file with several sound tracks the default one is read, of
    a video its sound. Resampling is soxr's high quality, as `librosa.resample` does it by default: N samples become
    ceil(N * sample_rate / rate of the file).

    Raises:
        UserError: as `inspect_audio`, and where samples are missing, undecodable, not finite, or whole numbers that are
            kept as floating-point numbers.
    """
    with open_audio(path) as source:
        blocks = list(_mono_blocks(source, path))
        samples = blocks[0] if len(blocks) == 1 else np.concatenate(blocks)
        rate = source.sample_rate
    return resample(samples, rate, sample_rate)


def resample(samples: np.ndarray, rate: float, sample_rate: int) -> np.ndarray:
    """Return float32 `(samples,)` in [-1, 1] of `rate` Hz at `sample_rate` Hz."""
    if rate == sample_rate:
        return samples
    import soxr

    # As `librosa.resample` does it, which would bring numba: so many samples as that time holds, rounded up.
    resampled = soxr.resample(samples, rate, sample_rate, quality="soxr_hq")
    size = math.ceil(len(samples) * (float(sample_rate) / rate))
    return np.clip(np.pad(resampled[:size], (0, max(0, size - len(resampled)))), -1, 1)


def read_blocks(path: Path | str, sample_rate: int, block_seconds: float) -> Iterator[np.ndarray]:
    """Return an iterator of the samples of `read_audio` in blocks, for recordings too long for the memory.

    Each block is float32 `(samples,)` of `block_seconds`, the last one shorter. Joined they are what `read_audio` returns,
    to 1e-4, though a last sample may be missing.

    Raises:
        UserError: as `read_audio`; faults that show without decoding at once, others when they are come to.
    """
    with open_audio(path):
        pass
    return _blocks(path, sample_rate, max(1, round(block_seconds * sample_rate)))


def _blocks(path: Path | str, sample_rate: int, size: int) -> Iterator[np.ndarray]:
    waiting = np.zeros(0, np.float32)
    with open_audio(path) as source:
        for samples in _resampled(_mono_blocks(source, path), source.sample_rate, sample_rate):
            waiting = np.concatenate([waiting, samples])
            whole = len(waiting) // size * size
            yield from waiting[:whole].reshape(-1, size)
            waiting = waiting[whole:]
    if len(waiting):
        yield waiting


def check_audio(samples: np.ndarray, sample_rate: int) -> list[str]:
    """Return notes on float32 `(samples,)` in [-1, 1] that can be used but may disappoint: silence, clipping, an offset."""
    levels = Levels()
    if len(samples):
        levels.add(samples)
    return levels.notes()


def _mono_blocks(source: OpenAudio, path: Path | str) -> Iterator[np.ndarray]:
    """Yield the samples of an open file, channels averaged, float32 in [-1, 1]."""
    read = 0
    for block in source.blocks:
        mono = block.mean(axis=1) if block.shape[1] > 1 else block[:, 0]
        peak = max(float(mono.max()), -float(mono.min()))
        if not np.isfinite(peak):
            at = int(np.argmin(np.isfinite(block).all(axis=1)))
            value = block[at][~np.isfinite(block[at])][0]
            raise UserError(f"{path}: sample {read + at}: expected a finite number. Received: {value}")
        if peak > MOST_OVERSHOOT and source.stores_floats:
            raise UserError(
                f"{path}: expected floating-point samples from -1 to 1. Received: a peak of {peak:,.6g}, as of whole numbers "
                "kept as floating-point ones; save them as integers (16 bits up to 32,768), or divided by their full scale"
            )
        if peak > OVERSHOOT_LEVEL and source.stores_floats and OVERSHOOT not in source.notes:
            source.notes.append(OVERSHOOT)
        read += len(mono)
        yield mono if peak <= 1 else np.clip(mono, -1, 1)
    if source.frames is not None and read < source.frames:
        raise UserError(
            f"{path}: the header announces {source.frames:,} samples. Received: a truncated file of {read:,} samples"
        )
    if not read:
        raise UserError(f"{path}: {EXPECTED}. Received: a header without samples")


def _resampled(blocks: Iterator[np.ndarray], rate: int, sample_rate: int) -> Iterator[np.ndarray]:
    if rate == sample_rate:
        yield from blocks
        return
    import soxr

    stream = soxr.ResampleStream(rate, sample_rate, 1, dtype="float32", quality="HQ")
    for block in blocks:
        yield np.clip(stream.resample_chunk(block), -1, 1)
    yield np.clip(stream.resample_chunk(np.zeros(0, np.float32), last=True), -1, 1)
