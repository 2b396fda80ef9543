"""One text to a class with its probability."""

from dataclasses import dataclass

from pipelines.sentiment.config import Settings
from pipelines.sentiment.data import raw_arrays
from suite.errors import UserError
from suite.signature import Predictor
from suite.text import make_tokenizer


@dataclass(frozen=True)
class Token:
    """A token of the text: its characters, where they stand (`text[start:end]`), and how much the model looked at it."""

    text: str
    start: int
    end: int
    weight: float


@dataclass(frozen=True)
class Sentiment:
    """The most probable class, the probability of each, and on request the weight of each token (adding up to 1)."""

    label: str
    scores: dict[str, float]
    tokens: tuple[Token, ...] | None = None


def predict(predictor: Predictor, raw_input: str, assets: dict, settings: Settings, explain: bool = False) -> Sentiment:
    """Classify one text.

    Args:
        predictor: Of this pipeline's `classify` signature.
        raw_input: Any text, the empty one included (then the answer is what the classes' biases say).
        assets: `labels`, and what the tokenizer needs.
        settings: Of the run.
        explain: Give the attention weight of each token.
    """
    (answer,) = predictor([raw_arrays(raw_input, settings)])
    scores = {label: float(score) for label, score in zip(assets["labels"], answer["probabilities"], strict=True)}
    tokens = None
    if explain:
        if "attention" not in answer:
            raise UserError(
                "--explain needs the weight of each token, which this file does not give for this text; use --runtime keras"
            )
        spans = make_tokenizer(settings, assets).spans(raw_input)
        weights = answer["attention"].tolist()
        tokens = tuple(
            Token(raw_input[start:end], start, end, weight)
            for (start, end), weight in zip(spans, weights, strict=False)
        )
    return Sentiment(max(scores, key=scores.get), scores, tokens)
