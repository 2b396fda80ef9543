"""Answer kind `transcript`: what was said, with the time and confidence of each word."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from suite.answers.alternative import Alternative
from suite.answers.kind import TEXT_TYPES, AnswerKind, FileContents, require
from suite.answers.outputs import COUNT, LOG_PROBABILITY, TEXT
from suite.decoding.decoder import Decoder
from suite.decoding.greedy import greedy
from suite.inputs.audio_host import AudioWindow
from suite.inputs.calls import Call, GuideSources
from suite.signature import Arrays, Output

METRICS = {
    "wer": ("min", "fraction"),
    "cer": ("min", "fraction"),
    "insertions": ("min", "fraction of reference words"),
    "deletions": ("min", "fraction of reference words"),
    "substitutions": ("min", "fraction of reference words"),
    "loss": ("min", "nats per symbol"),
    "greedy_wer": ("min", "fraction"),
    "greedy_cer": ("min", "fraction"),
}
OUTPUTS = {
    "text": Output(TEXT, "transcript by greedy decoding, UTF-8 bytes; zeros after text_length", length="text_length"),
    "text_length": Output(COUNT, "bytes of text that count"),
    "log_probs": Output(
        LOG_PROBABILITY,
        "natural logarithm of the probability of each symbol at each step; zeros after frames",
        length="frames",
    ),
    "frames": Output(COUNT, "steps that count"),
}


@dataclass(frozen=True)
class SpokenWord:
    """A word: seconds from the start of the recording, and the probability of its symbols (their geometric mean)."""

    text: str
    start: float
    end: float
    confidence: float


@dataclass(frozen=True)
class Transcript:
    """What was said: the text, how sure the model is of its words (their mean), the words, and on request alternatives."""

    text: str
    confidence: float
    words: tuple[SpokenWord, ...]
    alternatives: tuple[Alternative, ...] | None = None

    def lines(self) -> list[str]:
        """Return the text with its confidence, and the alternatives; the time of each word is for programs."""
        return [f"{self.text} {self.confidence:.3f}", *(alternative.line() for alternative in self.alternatives or ())]


def to_transcript(outputs: Arrays, start: float, decoder: Decoder, settings: Any) -> Transcript:
    """Return the transcript that the outputs for a recording mean, which began at `start` seconds.

    Args:
        settings: Has `sample_rate`, `step_seconds`, `tail_samples`.
    """
    log_probs = outputs["log_probs"]
    texts = decoder(log_probs)
    # What a causal model puts out in its tail was said before the recording ended.
    step = settings.step_seconds
    end = max(step, len(log_probs) * step - settings.tail_samples / settings.sample_rate)
    words = tuple(
        SpokenWord(word.text, start + min(word.start, end - step), start + min(word.end, end), word.confidence)
        for word in decoder.words(log_probs, texts[0], step)
    )
    alternatives = tuple(Alternative(text.text, float(text.score)) for text in texts) if decoder.n_best > 1 else None
    return Transcript(texts[0].text, mean_confidence(words), words, alternatives)


def mean_confidence(words: Sequence[SpokenWord]) -> float:
    """Return the mean confidence of words; 0 without any."""
    return sum(word.confidence for word in words) / len(words) if words else 0.0


def join_transcripts(parts: Sequence[Transcript]) -> Transcript:
    """Return the transcripts of the pieces of one recording as one."""
    if len(parts) == 1:
        return parts[0]
    words = tuple(word for part in parts for word in part.words)
    return Transcript(" ".join(part.text for part in parts if part.text), mean_confidence(words), words)


def error_rates(references: Sequence[str], hypotheses: Sequence[str]) -> dict[str, float]:
    """Return `wer`, `cer` and the three kinds of word errors, each over all words (characters) of all references.

    Source: word error rate: edit distance in words / reference words; NIST sclite; computed by jiwer.
    """
    import jiwer

    words = jiwer.process_words(list(references), list(hypotheses))
    total = max(1, words.hits + words.substitutions + words.deletions)
    return {
        "wer": float(words.wer),
        "cer": float(jiwer.cer(list(references), list(hypotheses))),
        "insertions": words.insertions / total,
        "deletions": words.deletions / total,
        "substitutions": words.substitutions / total,
    }


def join_chunks(answers: Sequence[Arrays]) -> Arrays:
    """Return the answers of the chunks of one recording as one answer."""
    if not answers:
        return {
            "text": np.zeros(0, np.uint8),
            "text_length": np.int32(0),
            "log_probs": np.zeros((0, 1), np.float32),
            "frames": np.int32(0),
        }
    text = np.concatenate([answer["text"][: int(answer["text_length"])] for answer in answers])
    rows = np.concatenate([answer["log_probs"][: int(answer["frames"])] for answer in answers])
    return {"text": text, "text_length": np.int32(len(text)), "log_probs": rows, "frames": np.int32(len(rows))}


def join_windows(answers: Sequence[Arrays], windows: Sequence[AudioWindow], symbols: Sequence[str]) -> Arrays:
    """Return the answers to the windows of one recording as one answer, whose text is that of the steps that count."""
    if len(answers) == 1:
        return answers[0]
    log_probs = np.concatenate(
        [
            answer["log_probs"][window.first : int(answer["frames"]) if window.end is None else window.end]
            for answer, window in zip(answers, windows, strict=True)
        ]
    )
    text = np.frombuffer(greedy(log_probs).text(symbols).encode(), np.uint8)
    return {
        "text": text,
        "text_length": np.int32(len(text)),
        "log_probs": log_probs,
        "frames": np.int32(len(log_probs)),
    }


def page(contents: FileContents) -> tuple[dict[str, Any], dict[str, tuple[str, ...]]]:
    """Return what the module of the page needs to know, and the outputs that it reads of each signature."""
    require(contents, outputs=("log_probs", "frames"), front_end=("sample_rate", "step_samples", "symbols"))
    known = {name: contents.front_end[name] for name in ("sample_rate", "step_samples", "symbols")}
    size = contents.inputs["samples"]["shape"][1]
    return {"size": size, **known}, {contents.signature: ("log_probs", "frames")}


def guide(call: Call, source: GuideSources, labels: Sequence[str], front_end: dict[str, Any]) -> GuideSources | None:
    """Return the sources that read a transcript, and join those of windows by the symbols at each step where they can."""
    text, log_probs = call.output_of(TEXT.name), call.output_of(LOG_PROBABILITY.name)
    if text is None:
        return None
    values: dict[str, Any] = {"output": text.name}
    if call.whole:
        return GuideSources("transcript", values, ("together",), returns=TEXT_TYPES)
    symbols = front_end.get("symbols")
    counted = source.name == "audio" and "step_samples" in front_end
    if not (counted and symbols and log_probs and log_probs.length):
        return GuideSources("transcript", values, ("apart",), returns=TEXT_TYPES)
    values |= {"logprobs": log_probs.name, "count": log_probs.length, "symbols": symbols}
    return GuideSources("transcript", values, ("stitch",), returns=TEXT_TYPES)


TRANSCRIPT = AnswerKind("transcript", METRICS, page, ("symbols",), guide=guide)
