"""The n-gram model itself: a back-off machine over the tokens of a text."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

LEVELS = ("character", "word")
UNKNOWN, START, END = "<unk>", "<s>", "</s>"
UNKNOWN_ID, START_ID, END_ID = 0, 1, 2


@dataclass(frozen=True, eq=False)
class NgramModel:
    """A back-off model as a machine: a state is a context of up to order - 1 tokens, state 0 the empty one.

        p(w | h) = p of the n-gram h w, where the model has it
                 = backoff(h) p(w | h without its first token), otherwise

    The n-grams stand sorted by state, then by token; those of a state are `first[state]` to `first[state + 1]`.

    Attributes:
        level: `"character"` or `"word"`: what a token is.
        order: n.
        vocabulary: Text of each token; `<unk>`, `<s>`, `</s>` come first.
        first: int64 `(states + 1,)`.
        token: int32 `(n-grams,)`, last token.
        log_prob: float64 `(n-grams,)`, natural logarithms.
        target: int32 `(n-grams,)`, the state after the n-gram.
        backoff: float64 `(states,)`, natural logarithms.
        suffix: int32 `(states,)`, the state of the context without its first token; 0 for state 0.
    """

    level: str
    order: int
    vocabulary: tuple[str, ...]
    first: np.ndarray
    token: np.ndarray
    log_prob: np.ndarray
    target: np.ndarray
    backoff: np.ndarray
    suffix: np.ndarray

    @cached_property
    def ids(self) -> dict[str, int]:
        """Text of a token -> its id."""
        return {text: index for index, text in enumerate(self.vocabulary)}

    @property
    def start(self) -> int:
        """The state at the start of a sentence."""
        return self.step(0, START_ID)[1] if self.order > 1 else 0

    def step(self, state: int, token: int) -> tuple[float, int]:
        """Return the natural log-probability of a token after a state, and the next state."""
        total = 0.0
        while True:
            begin, end = self.first[state], self.first[state + 1]
            place = begin + np.searchsorted(self.token[begin:end], token)
            if place < end and self.token[place] == token:
                return total + float(self.log_prob[place]), int(self.target[place])
            if state == 0:
                token = UNKNOWN_ID  # known to every model
            total += float(self.backoff[state])
            state = int(self.suffix[state])

    def encode(self, sentence: str) -> list[int]:
        """Return the token ids of a sentence."""
        return [self.ids.get(token, UNKNOWN_ID) for token in tokens(sentence, self.level)]

    def score(self, sentence: str) -> float:
        """Return the natural log-probability of a sentence, its end included."""
        total, state = 0.0, self.start
        for token in [*self.encode(sentence), END_ID]:
            log_prob, state = self.step(state, token)
            total += log_prob
        return total

    def perplexity(self, lines: Iterable[str]) -> float:
        """Return e to the mean negative log-probability of a token; each sentence's end is a token."""
        total, count = 0.0, 0
        for line in lines:
            total += self.score(line)
            count += len(tokens(line, self.level)) + 1
        return float(np.exp(-total / max(count, 1)))


def tokens(text: str, level: str) -> list[str]:
    """Return the tokens of a sentence: its characters, spaces too, or its words."""
    return list(text) if level == "character" else text.split()
