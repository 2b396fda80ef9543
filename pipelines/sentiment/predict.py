"""One text to a class with its probability, on request with the weight of each token."""

from dataclasses import dataclass, replace
from typing import Any

from pipelines.sentiment.config import Settings
from suite.answers.classes import WEIGHTS, Label
from suite.answers.classes import answer as class_answer
from suite.errors import UserError
from suite.signature import Arrays
from suite.text import make_tokenizer

BAR = 20


@dataclass(frozen=True)
class Token:
    """A token of the text: its characters, where they stand (`text[start:end]`), and how much the model looked at it."""

    text: str
    start: int
    end: int
    weight: float


@dataclass(frozen=True)
class Sentiment(Label):
    """The most probable class, the probability of each, and on request the weight of each token (adding up to 1)."""

    tokens: tuple[Token, ...] | None = None

    def lines(self) -> list[str]:
        """Return the label and its probability, and a bar for the weight of each token, for the terminal."""
        largest = max((token.weight for token in self.tokens or ()), default=0.0) or 1.0
        bars = [
            f"    {'#' * round(BAR * token.weight / largest):<{BAR}} {token.weight:.3f} {token.text}"
            for token in self.tokens or ()
        ]
        return [*super().lines(), *bars]


def answer(
    outputs: Arrays, raw_input: str, assets: dict[str, Any], settings: Settings, explain: bool = False
) -> Sentiment:
    """Return the answer to one text, of an empty one what the classes' biases say; `explain` gives the weight of each token.

    Raises:
        UserError: if weights are asked for of a file that does not give them.
    """
    answered = Sentiment(**vars(class_answer(outputs, raw_input, assets, settings)))
    if not explain:
        return answered
    if WEIGHTS not in outputs:
        raise UserError(
            "--explain needs the weight of each token, which this file does not give for this text; use --runtime keras"
        )
    spans = make_tokenizer(settings, assets).spans(raw_input)
    tokens = tuple(
        Token(raw_input[start:end], start, end, weight)
        for (start, end), weight in zip(spans, outputs[WEIGHTS].tolist(), strict=False)
    )
    return replace(answered, tokens=tokens)
