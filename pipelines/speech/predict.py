"""Recordings of any length to transcripts with times and confidence."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.speech.config import Settings
from pipelines.speech.data import raw_arrays
from pipelines.speech.decoder import Decoder, make_decoder
from suite.answers.transcript import SpokenWord, Transcript, join_chunks, join_transcripts, mean_confidence
from suite.errors import UserError
from suite.inputs.audio_host import SampleStream, is_microphone
from suite.pipeline import attempt, predict_each
from suite.signature import Arrays, Predictor

SEGMENT_SECONDS = 20.0


def predict(
    predictor: Predictor,
    raw_inputs: Sequence[Path | str | np.ndarray],
    assets: dict[str, Any],
    settings: Settings,
    stream: bool = False,
    sample_rate: float | None = None,
    **decoding: Any,
) -> list[Transcript | UserError]:
    """Transcribe recordings; one longer than 20 seconds is cut at its quietest points, in bounded memory.

    Args:
        predictor: Of this pipeline's `transcribe` signature.
        raw_inputs: Paths of audio files, `microphone` with `stream`, or samples: float32 in [-1, 1] or int16,
            `(samples,)` or `(samples, channels)`.
        assets: `symbols`, and the language model where there is one.
        settings: Of the run.
        stream: Show words on stderr as they come; the predictor must be of a `streaming` file.
        sample_rate: Of arrays of samples, in Hz; the model's own where None.
        **decoding: `beam_width`, `language_model` and the other arguments of `make_decoder`.

    Returns:
        A transcript of each; in the place of what is no audio its UserError.

    Raises:
        UserError: for an option that does not fit.
    """
    decoder = make_decoder(assets, settings, **decoding)

    def to_samples(raw_input: Path | str | np.ndarray) -> Path | str | np.ndarray:
        return _at_model_rate(raw_input, sample_rate, settings)

    recordings = [attempt(to_samples, raw_input) for raw_input in raw_inputs]
    if stream:
        return [
            recording if isinstance(recording, UserError) else _join_live(predictor, recording, decoder, settings)
            for recording in recordings
        ]
    transcripts: list[Any] = [
        recording if isinstance(recording, UserError) else attempt(_is_long, recording, settings)
        for recording in recordings
    ]
    # What is short is answered together; of what is long one piece after another, so that it need not fit in memory.
    short = [row for row, is_long in enumerate(transcripts) if is_long is False]
    together = predict_each(
        predictor,
        [recordings[row] for row in short],
        lambda recording: raw_arrays(recording, settings),
        lambda answer, _: decode_answer(answer, decoder, settings),
    )
    for row, transcript in zip(short, together, strict=True):
        transcripts[row] = transcript
    for row, is_long in enumerate(transcripts):
        if is_long is True:
            transcripts[row] = attempt(_transcribe_long, predictor, recordings[row], decoder, settings)
    return transcripts


def _at_model_rate(
    raw_input: Path | str | np.ndarray, sample_rate: float | None, settings: Settings
) -> Path | str | np.ndarray:
    """Return an array of samples at the model's rate, and a path as it is."""
    if not isinstance(raw_input, np.ndarray):
        return raw_input
    from suite.audio.samples import as_samples

    rate = settings.sample_rate if sample_rate is None else sample_rate
    return as_samples(raw_input, rate, settings.sample_rate)


def _is_long(recording: Path | str | np.ndarray, settings: Settings) -> bool:
    """Return whether a recording is answered piece by piece."""
    from suite.audio.read import inspect_audio

    if is_microphone(recording):
        raise UserError(
            "microphone: listening needs --stream and a streaming file: --tflite MODEL_DIR/tflite/streaming.tflite"
        )
    if isinstance(recording, np.ndarray):
        return len(recording) > SEGMENT_SECONDS * settings.sample_rate
    return inspect_audio(recording).duration > SEGMENT_SECONDS


def _transcribe_long(
    predictor: Predictor, recording: Path | str | np.ndarray, decoder: Decoder, settings: Settings
) -> Transcript:
    parts = [_transcribe(predictor, *segment, decoder, settings) for segment in _segments(recording, settings)]
    return join_transcripts(parts)


def _join_live(
    predictor: Predictor, recording: Path | str | np.ndarray, decoder: Decoder, settings: Settings
) -> Transcript | UserError:
    return attempt(_transcribe_live, predictor, recording, decoder, settings)


def _segments(raw_input: Path | str | np.ndarray, settings: Settings) -> Iterator[tuple[float, np.ndarray]]:
    """Yield `(start in seconds, samples)` of the pieces of a long recording."""
    from suite.audio.read import read_blocks
    from suite.audio.segments import split_by_silence

    in_memory = isinstance(raw_input, np.ndarray)
    blocks = raw_input if in_memory else read_blocks(raw_input, settings.sample_rate, block_seconds=10.0)
    return split_by_silence(blocks, settings.sample_rate, SEGMENT_SECONDS)


def _transcribe(
    predictor: Predictor, start: float, samples: np.ndarray, decoder: Decoder, settings: Settings
) -> Transcript:
    (answer,) = predictor([{"samples": samples, "length": np.int32(len(samples))}])
    return decode_answer(answer, decoder, settings, start)


def decode_answer(answer: Arrays, decoder: Decoder, settings: Settings, start: float = 0.0) -> Transcript:
    """Return the transcript of one answer of `transcribe`, whose recording began at `start` seconds."""
    log_probs = answer["log_probs"]
    best, alternatives = decoder(log_probs)
    # What a causal model puts out in its tail was said before the recording ended.
    step = settings.step_seconds
    end = max(step, len(log_probs) * step - settings.tail_samples / settings.sample_rate)
    words = tuple(
        SpokenWord(word.text, start + min(word.start, end - step), start + min(word.end, end), word.confidence)
        for word in decoder.words(log_probs, best, step)
    )
    return Transcript(best.text, mean_confidence(words), words, alternatives)


def _transcribe_live(
    predictor: Predictor, raw_input: Path | str | np.ndarray, decoder: Decoder, settings: Settings
) -> Transcript:
    """Transcribe chunk by chunk, writing the greedy text to stderr as it comes."""
    from suite.audio.read import read_blocks

    runner = getattr(predictor, "runner", None)
    if runner is None:
        raise UserError(
            "--stream needs a streaming file: --tflite MODEL_DIR/tflite/streaming.tflite (`suite export` writes it)"
        )
    stream, answers = SampleStream(runner, settings.tail_samples), []

    def show(new: list[Arrays]) -> None:
        for answer in new:
            sys.stderr.write(bytes(answer["text"][: int(answer["text_length"])]).decode("utf-8", "replace"))
            sys.stderr.flush()
        answers.extend(new)

    if isinstance(raw_input, np.ndarray):
        blocks = iter([raw_input])
    elif is_microphone(raw_input):
        from suite.audio.microphone import microphone_blocks

        blocks = microphone_blocks(settings.sample_rate, stream.size)
    else:
        blocks = read_blocks(raw_input, settings.sample_rate, block_seconds=stream.size / settings.sample_rate)
    try:
        for block in blocks:
            show(stream.feed(block))
    except KeyboardInterrupt:
        if not is_microphone(raw_input):
            raise
    show(stream.finish())
    sys.stderr.write("\n")
    return decode_answer(join_chunks(answers), decoder, settings)
