"""Long recordings in pieces that a model takes, cut where it is quietest."""

from collections.abc import Iterable, Iterator

import numpy as np

FRAME_SECONDS = 0.01
PAUSE_SECONDS = 0.2  # over which loudness is averaged: shorter gaps occur within words
EARLIEST_CUT = 0.5  # of the longest piece


def split_by_silence(
    samples: np.ndarray | Iterable[np.ndarray], sample_rate: int, max_seconds: float
) -> Iterator[tuple[float, np.ndarray]]:
    """Yield `(start in seconds, float32 (samples,))` of pieces that joined are the whole recording.

    1. Take up to `max_seconds` of samples; if they are all that is left, they are the last piece.
    2. Else cut at the middle of the quietest `PAUSE_SECONDS` in their second half (the last of several alike), and go on
       from there.

    No piece is longer than `max_seconds`. No more than that and a block is in memory.

    Args:
        samples: Of the whole recording, or an iterable of blocks of it, as `suite.audio.read.read_blocks` gives.
        sample_rate: In Hz.
        max_seconds: At least 1.
    """
    if max_seconds < 1:
        raise ValueError(f"`max_seconds` must be at least 1. Received: max_seconds={max_seconds}")
    longest = int(max_seconds * sample_rate)
    start, waiting = 0, np.zeros(0, np.float32)
    for block in [samples] if isinstance(samples, np.ndarray) else samples:
        waiting = np.concatenate([waiting, block])
        while len(waiting) > longest:
            cut = _quietest(waiting[:longest], sample_rate)
            yield start / sample_rate, waiting[:cut]
            start, waiting = start + cut, waiting[cut:]
    if len(waiting):
        yield start / sample_rate, waiting


def _quietest(samples: np.ndarray, sample_rate: int) -> int:
    """Return the sample in the middle of the quietest stretch of the second half."""
    frame = max(1, int(FRAME_SECONDS * sample_rate))
    first = int(EARLIEST_CUT * len(samples))
    count = (len(samples) - first) // frame
    power = np.square(samples[first : first + count * frame].reshape(count, frame), dtype=np.float64).mean(1)
    width = min(count, round(PAUSE_SECONDS / FRAME_SECONDS))
    loudness = np.convolve(power, np.ones(width), mode="valid")
    last = len(loudness) - 1 - int(np.argmin(loudness[::-1]))
    return first + (last + width // 2) * frame
