"""How a host brings a recording of any length to a file: in windows that overlap, or in the chunks of a stream."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from suite.signature import Arrays, Predictor

FULL_SCALE = 32768  # of 16 bits
MICROPHONE = "microphone"


@dataclass(frozen=True, eq=False)
class AudioWindow:
    """A piece of a recording, and which steps of the answer to it count: the rest is its neighbors'.

    Attributes:
        samples: float32 `(samples,)`.
        first, end: The first step that counts and the one behind the last; None is the end of the answer.
    """

    samples: np.ndarray
    first: int
    end: int | None


def overlapping_windows(samples: np.ndarray, size: int, step: int, margin: int) -> list[AudioWindow]:
    """Return a recording in windows that overlap, each of which gives its middle.

    Args:
        samples: float32 `(samples,)`.
        size: Samples of a window, a multiple of `step`; what is no longer is one window.
        step: Samples of a step of the answer.
        margin: Samples that are given up at an edge between two windows, at most a quarter of a window.
    """
    if len(samples) <= size:
        return [AudioWindow(samples, 0, None)]
    half = min(margin, size // 4) // step  # steps given up at an inner edge
    advance = size // step - 2 * half
    windows, start = [], 0
    while start * step + size < len(samples):
        window = samples[start * step : start * step + size]
        windows.append(AudioWindow(window, half if start else 0, half + advance))
        start += advance
    return [*windows, AudioWindow(samples[start * step : start * step + size], half, None)]


def to_int16(arrays: Arrays, predictor: Predictor) -> Arrays:
    """Return a recording with `samples` in 16 bits."""
    samples = np.clip(np.round(arrays["samples"] * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1)
    return arrays | {"samples": samples.astype(np.int16)}


def is_microphone(raw_input: Path | str | np.ndarray) -> bool:
    """Return whether the microphone is meant; a file of that name is a file."""
    return not isinstance(raw_input, np.ndarray) and str(raw_input) == MICROPHONE and not Path(raw_input).exists()


class SampleStream:
    """Feeds audio in pieces of any size to a streaming model, in chunks of its fixed size.

    Args:
        runner: A `ChunkRunner` of a file whose raw inputs are `samples`, `float32 (chunk,)`, and `length`.
        tail: Samples of silence that the model hears after the end of a recording.

    `feed` takes samples as they come and returns an answer for each chunk that was filled; `finish` runs what is left and
    the tail, padded, and begins a new recording. All answers joined are the model's answer to the whole recording.
    """

    def __init__(self, runner: Any, tail: int) -> None:
        self.runner, self.tail = runner, tail
        (self.size,) = runner.chunk_shape["samples"]
        self._waiting = np.zeros(0, np.float32)
        runner.reset()

    def feed(self, samples: np.ndarray) -> list[Arrays]:
        """Take more samples, float32 `(samples,)`; return the answers of the chunks that are full."""
        self._waiting = np.concatenate([self._waiting, samples])
        whole = len(self._waiting) // self.size * self.size
        answers = [self._run(self._waiting[start : start + self.size]) for start in range(0, whole, self.size)]
        self._waiting = self._waiting[whole:]
        return answers

    def finish(self) -> list[Arrays]:
        """Run what is left, the tail after it, and begin a new recording."""
        answers = self.feed(np.zeros(self.tail, np.float32))
        if len(self._waiting):
            answers.append(self._run(self._waiting))
        self._waiting = self._waiting[:0]
        self.runner.reset()
        return answers

    def _run(self, chunk: np.ndarray) -> Arrays:
        padded = np.pad(chunk, (0, self.size - len(chunk)))
        return self.runner.run({"samples": padded, "length": np.int32(len(chunk))})
