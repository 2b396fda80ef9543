"""How a host brings a recording of any length to a file: in windows that overlap, or in the chunks of a stream."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from suite.inputs.windows import padded
from suite.signature import Arrays, Graph, Host, Predictor, RawInput, Signature

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

FULL_SCALE = 32768  # of 16 bits
MICROPHONE = "microphone"
OVERLAP_SECONDS = 1.0  # of windows
SCALES = {"float32": "in [-1, 1]", "int16": "in 16 bits"}


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


def audio_inputs(settings: Any, dtype: str = "float32") -> dict[str, RawInput]:
    """Return the inputs `samples` and `length` of a signature: a recording, and how many of its samples count.

    Args:
        settings: Has `sample_rate`, `step_samples`, `compiled_seconds`, `chunk_milliseconds`, `causal` and `tail_samples`.
        dtype: Of the samples, `"float32"` or `"int16"`.
    """
    tail = settings.tail_samples
    samples = RawInput(
        dtype,
        (None,),
        f"audio samples {SCALES[dtype]} at {settings.sample_rate} Hz, one channel; what comes after length is padding"
        + (f"; in streaming the app ends a recording with {tail} samples of silence" if tail else ""),
        # LiteRT.js, for which `compiled` files are, does not load one with a 16-bit input.
        fixed=(_whole_steps(settings.compiled_seconds, settings),) if dtype == "float32" else (),
        chunk=(_whole_steps(settings.chunk_milliseconds / 1000, settings),) if settings.causal else (),
    )
    return {"samples": samples, "length": RawInput("int32", (), "samples that count")}


def _whole_steps(seconds: float, settings: Any) -> int:
    """Return the samples of so many seconds, rounded up to whole steps."""
    return max(1, -(-round(seconds * settings.sample_rate) // settings.step_samples)) * settings.step_samples


def audio_front_end(settings: Any, **learned: Any) -> dict[str, Any]:
    """Return what an app must know of a model that hears; `learned` is what it reads the outputs by."""
    return {
        "sample_rate": settings.sample_rate,
        "features": settings.features,
        "n_fft": settings.n_fft,
        "hop_length": settings.hop_length,
        "step_samples": settings.step_samples,
        **learned,
        "look_ahead_samples": 0 if settings.causal else None,
        "tail_samples": settings.tail_samples,
    }


def audio_host(
    settings: Any,
    join_windows: Callable[[Sequence[Arrays], Sequence[AudioWindow]], Arrays],
    join_chunks: Callable[[Sequence[Arrays]], Arrays],
) -> Host:
    """Return the host's part of a signature with `audio_inputs` that answers a recording as a whole.

    Args:
        join_windows: The answers to windows that overlap to that of the whole, each window giving its middle.
        join_chunks: The same of the chunks of a stream.
    """

    def answer_windows(predictor: Any, arrays: Arrays) -> Arrays:
        ((size,), _) = predictor.inputs["samples"]
        samples, margin = arrays["samples"][: int(arrays["length"])], round(OVERLAP_SECONDS * settings.sample_rate / 2)
        windows = overlapping_windows(samples, size, settings.step_samples, margin)
        answers = [
            predictor.call({"samples": padded(window.samples, size), "length": np.int32(len(window.samples))})
            for window in windows
        ]
        return join_windows(answers, windows)

    def answer_stream(runner: Any, arrays: Arrays) -> Arrays:
        stream = SampleStream(runner, settings.tail_samples)
        answers = stream.feed(arrays["samples"][: int(arrays["length"])])
        return join_chunks([*answers, *stream.finish()])

    return Host(
        windows=answer_windows,
        stream=answer_stream,
        seconds=lambda arrays: int(arrays["length"]) / settings.sample_rate,
    )


def in_16_bits(signature: Signature, settings: Any) -> Signature:
    """Return the signature that answers as one with `audio_inputs` does, to samples in 16 bits."""

    def function(model: "keras.Model") -> Graph:
        import tensorflow as tf

        graph = signature.function(model)

        def of_int16(samples: "tf.Tensor", length: "tf.Tensor") -> "dict[str, tf.Tensor]":
            return graph(tf.cast(samples, tf.float32) / FULL_SCALE, length)

        return of_int16

    return replace(
        signature,
        name=f"{signature.name}_int16",
        inputs=audio_inputs(settings, "int16"),
        function=function,
        host=replace(signature.host, prepare=_to_int16),
        rules=replace(signature.rules, no_int8="the converter cannot calibrate a 16-bit input"),
    )


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


def _to_int16(arrays: Arrays, predictor: Predictor) -> Arrays:
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
        return self.runner.run({"samples": padded(chunk, self.size), "length": np.int32(len(chunk))})
