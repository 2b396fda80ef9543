"""Answer kind `transcript`: what was said, with the time and confidence of each word."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from suite.answers.alternative import Alternative
from suite.answers.kind import TEXT_TYPES, AnswerKind, FileContents, require
from suite.answers.outputs import COUNT, LOG_PROBABILITY, TEXT
from suite.inputs.calls import Call, GuideSources
from suite.signature import Output

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
