"""One recording of any length to a transcript with times and confidence."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.speech.config import Settings
from pipelines.speech.decoder import Decoder, make_decoder
from suite.errors import UserError
from suite.signature import Predictor

SEGMENT_SECONDS = 20.0
MICROPHONE = "microphone"


@dataclass(frozen=True)
class SpokenWord:
    """A word: seconds from the start of the recording, and the probability of its symbols (their geometric mean)."""

    text: str
    start: float
    end: float
    confidence: float


@dataclass(frozen=True)
class Alternative:
    """Another transcript that beam search found, with its score (nats)."""

    text: str
    score: float


@dataclass(frozen=True)
class Transcript:
    """What was said: the text, how sure the model is of its words (their mean), the words, and on request alternatives."""

    text: str
    confidence: float
    words: tuple[SpokenWord, ...]
    alternatives: tuple[Alternative, ...] | None = None


def predict(
    predictor: Predictor,
    raw_input: Path | str | np.ndarray,
    assets: dict,
    settings: Settings,
    stream: bool = False,
    sample_rate: float | None = None,
    **decoding: Any,
) -> Transcript:
    """Transcribe one recording; one longer than 20 seconds is cut at its quietest points, in bounded memory.

    Args:
        predictor: Of this pipeline's `transcribe` signature.
        raw_input: The path of an audio file, `microphone` with `stream`, or samples: float32 in [-1, 1] or int16,
            `(samples,)` or `(samples, channels)`.
        assets: `symbols`, and the language model where there is one.
        settings: Of the run.
        stream: Show words on stderr as they come; the predictor must be of a `streaming` file.
        sample_rate: Of an array of samples, in Hz; the model's own where None.
        **decoding: `beam_width`, `language_model` and the other arguments of `make_decoder`.

    Raises:
        UserError: for a file that is no audio or an option that does not fit.
    """
    decoder = make_decoder(assets, settings, **decoding)
    if isinstance(raw_input, np.ndarray):
        from suite.audio.samples import as_samples

        rate = settings.sample_rate if sample_rate is None else sample_rate
        raw_input = as_samples(raw_input, rate, settings.sample_rate)
    if stream:
        return _join([_transcribe_live(predictor, raw_input, decoder, settings)])
    if _is_microphone(raw_input):
        raise UserError(
            "microphone: listening needs --stream and a streaming file: --tflite MODEL_DIR/tflite/streaming.tflite"
        )
    return _join([_transcribe(predictor, *segment, decoder, settings) for segment in _segments(raw_input, settings)])


def _segments(raw_input: Path | str | np.ndarray, settings: Settings) -> Iterator[tuple[float, np.ndarray]]:
    """Yield `(start in seconds, samples)` of a recording."""
    from suite.audio.read import inspect_audio, read_audio, read_blocks
    from suite.audio.segments import split_by_silence

    if isinstance(raw_input, np.ndarray):
        blocks = raw_input
    elif inspect_audio(raw_input).duration <= SEGMENT_SECONDS:
        return iter([(0.0, read_audio(raw_input, settings.sample_rate))])
    else:
        blocks = read_blocks(raw_input, settings.sample_rate, block_seconds=10.0)
    return split_by_silence(blocks, settings.sample_rate, SEGMENT_SECONDS)


def _transcribe(predictor, start: float, samples: np.ndarray, decoder: Decoder, settings) -> Transcript:
    (answer,) = predictor([{"samples": samples, "length": np.int32(len(samples))}])
    return decode_answer(answer, decoder, settings, start)


def decode_answer(answer: dict, decoder: Decoder, settings: Settings, start: float = 0.0) -> Transcript:
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
    return Transcript(best.text, _confidence(words), words, alternatives)


def _transcribe_live(predictor, raw_input, decoder, settings) -> Transcript:
    """Transcribe chunk by chunk, writing the greedy text to stderr as it comes."""
    from pipelines.speech.streaming import SampleStream, join_answers
    from suite.audio.read import read_blocks

    runner = getattr(predictor, "runner", None)
    if runner is None:
        raise UserError(
            "--stream needs a streaming file: --tflite MODEL_DIR/tflite/streaming.tflite (`suite export` writes it)"
        )
    stream, answers = SampleStream(runner, settings.tail_samples), []

    def show(found):
        for answer in found:
            sys.stderr.write(bytes(answer["text"][: int(answer["text_length"])]).decode("utf-8", "replace"))
            sys.stderr.flush()
        answers.extend(found)

    if isinstance(raw_input, np.ndarray):
        blocks = iter([raw_input])
    elif _is_microphone(raw_input):
        from suite.audio.microphone import microphone_blocks

        blocks = microphone_blocks(settings.sample_rate, stream.size)
    else:
        blocks = read_blocks(raw_input, settings.sample_rate, block_seconds=stream.size / settings.sample_rate)
    try:
        for block in blocks:
            show(stream.feed(block))
    except KeyboardInterrupt:
        if not _is_microphone(raw_input):
            raise
    show(stream.finish())
    sys.stderr.write("\n")
    return decode_answer(join_answers(answers), decoder, settings)


def _is_microphone(raw_input: Path | str | np.ndarray) -> bool:
    """Return whether the microphone is meant; a file of that name is a file."""
    return not isinstance(raw_input, np.ndarray) and str(raw_input) == MICROPHONE and not Path(raw_input).exists()


def _confidence(words) -> float:
    return float(np.mean([word.confidence for word in words])) if words else 0.0


def _join(parts: list[Transcript]) -> Transcript:
    if len(parts) == 1:
        return parts[0]
    words = tuple(word for part in parts for word in part.words)
    return Transcript(" ".join(part.text for part in parts if part.text), _confidence(words), words)
