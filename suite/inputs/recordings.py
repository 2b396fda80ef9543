"""Recordings of any length, from files, memory and the microphone: as a model takes them, answered whole, in pieces or live."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from suite.errors import UserError
from suite.inputs.audio_host import SampleStream, is_microphone
from suite.pipeline import attempt, predict_each
from suite.signature import Arrays, Predictor

LONGEST_SECONDS = 20.0  # of a recording that is answered at once
BLOCK_SECONDS = 10.0  # read of a longer one at a time

Recording = (
    Path | str | np.ndarray
)  # a file, or samples: float32 in [-1, 1] or int16, (samples,) or (samples, channels)


def raw_arrays(raw_input: Recording, settings: Any) -> Arrays:
    """Return a recording as what a signature takes: `samples` float32 `(samples,)` and `length` int32 `()`.

    Args:
        raw_input: The path of an audio file, or samples at the model's rate.
        settings: Has `sample_rate`.

    Raises:
        UserError: if the file or array holds no audio that can be used.
    """
    if isinstance(raw_input, np.ndarray):
        samples = at_model_rate(raw_input, settings)
    else:
        from suite.audio.read import read_audio

        samples = read_audio(raw_input, settings.sample_rate)
    return {"samples": samples, "length": np.int32(len(samples))}


def at_model_rate(raw_input: Recording, settings: Any, sample_rate: float | None = None) -> Any:
    """Return samples at the model's rate, and a path as it is; `sample_rate` is that of the samples, None the model's."""
    if not isinstance(raw_input, np.ndarray):
        return raw_input
    from suite.audio.samples import as_samples

    return as_samples(raw_input, settings.sample_rate if sample_rate is None else sample_rate, settings.sample_rate)


def answer_recordings(
    predictor: Predictor,
    recordings: Sequence[Recording | UserError],
    to_answer: Callable[[Arrays, float], Any],
    join: Callable[[Sequence[Any]], Any],
    settings: Any,
) -> list[Any]:
    """Answer recordings; what is short together, what is long piece by piece, cut at its quietest points, in bounded memory.

    Args:
        predictor: Of the signature that answers.
        recordings: Samples at the model's rate, and paths; a UserError is its own answer.
        to_answer: The outputs for a piece, and where it begins, in seconds, to its answer.
        join: The answers to the pieces of one recording to that of the whole.
    """
    answers = [
        recording if isinstance(recording, UserError) else attempt(_is_long, recording, settings)
        for recording in recordings
    ]
    short = [row for row, is_long in enumerate(answers) if is_long is False]
    together = predict_each(
        predictor,
        [recordings[row] for row in short],
        lambda recording: raw_arrays(recording, settings),
        lambda outputs, _: to_answer(outputs, 0.0),
    )
    for row, answer in zip(short, together, strict=True):
        answers[row] = answer

    def answer_long(recording: Recording) -> Any:
        pieces = _pieces(recording, settings)
        calls = ((start, {"samples": piece, "length": np.int32(len(piece))}) for start, piece in pieces)
        return join([to_answer(predictor([arrays])[0], start) for start, arrays in calls])

    return [attempt(answer_long, recordings[row]) if answer is True else answer for row, answer in enumerate(answers)]


def answer_live(predictor: Any, recording: Recording, settings: Any, show: Callable[[Arrays], None]) -> list[Arrays]:
    """Return the answers of a `streaming` file to the chunks of a recording or of the microphone, which Ctrl-C ends.

    Args:
        predictor: Of a `streaming` file.
        recording: A path, samples at the model's rate, or `microphone`.
        settings: Has `sample_rate` and `tail_samples`.
        show: Is called with each answer as it comes.

    Raises:
        UserError: if the predictor is of another file.
    """
    runner = getattr(predictor, "runner", None)
    if runner is None:
        raise UserError(
            "--stream needs a streaming file: --tflite MODEL_DIR/tflite/streaming.tflite (`suite export` writes it)"
        )
    stream, answers = SampleStream(runner, settings.tail_samples), []

    def take(chunks: Sequence[Arrays]) -> None:
        for answer in chunks:
            show(answer)
        answers.extend(chunks)

    try:
        for block in sample_blocks(recording, settings, stream.size):
            take(stream.feed(block))
    except KeyboardInterrupt:
        if not is_microphone(recording):
            raise
    take(stream.finish())
    return answers


def _is_long(recording: Recording, settings: Any) -> bool:
    """Return whether a recording is answered piece by piece."""
    from suite.audio.read import inspect_audio

    if is_microphone(recording):
        raise UserError(
            "microphone: listening needs --stream and a streaming file: --tflite MODEL_DIR/tflite/streaming.tflite"
        )
    if isinstance(recording, np.ndarray):
        return len(recording) > LONGEST_SECONDS * settings.sample_rate
    return inspect_audio(recording).duration > LONGEST_SECONDS


def _pieces(recording: Recording, settings: Any) -> Iterator[tuple[float, np.ndarray]]:
    """Yield `(start in seconds, samples)` of the pieces of a long recording."""
    from suite.audio.segments import split_by_silence

    blocks = sample_blocks(recording, settings, round(BLOCK_SECONDS * settings.sample_rate))
    return split_by_silence(blocks, settings.sample_rate, LONGEST_SECONDS)


def sample_blocks(recording: Recording, settings: Any, size: int) -> Iterator[np.ndarray]:
    """Return the samples of a recording block by block, those of a file or the microphone as they are read, `size` at a time."""
    if isinstance(recording, np.ndarray):
        return iter([recording])
    if is_microphone(recording):
        from suite.audio.microphone import microphone_blocks

        return microphone_blocks(settings.sample_rate, size)
    from suite.audio.read import read_blocks

    return read_blocks(recording, settings.sample_rate, block_seconds=size / settings.sample_rate)
