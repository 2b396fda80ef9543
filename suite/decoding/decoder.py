"""How log-probabilities become text: greedy or beam search, with what it needs."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from suite.decoding.alignment import Word, word_times
from suite.decoding.beam import Spelling, distinct_texts, prefix_beam_search
from suite.decoding.greedy import greedy

SPELLINGS = 6  # texts searched for each that is asked for: many differ in spaces alone


@dataclass(frozen=True)
class Decoder:
    """A search with everything it needs; call it with log-probabilities `(steps, symbols)`.

    Attributes:
        symbols: Text of each symbol; the first is the blank.
        beam_width: 1 is greedy.
        language_model: An `NgramModel` or None, and its `weight` and `bonus` per word.
        lexicon: The only words allowed, or None.
        hot_words: Word -> bonus.
        n_best: Texts given.
    """

    symbols: list[str]
    beam_width: int = 1
    language_model: Any = None
    weight: float = 0.0
    bonus: float = 0.0
    lexicon: tuple[str, ...] | None = None
    hot_words: dict[str, float] | None = None
    n_best: int = 1

    def __call__(self, log_probs: np.ndarray) -> list[Spelling]:
        """Return the `n_best` best texts, the best first; there may be fewer."""
        if self.beam_width == 1:
            path = greedy(log_probs)
            score = float(log_probs.max(axis=-1).sum()) if len(log_probs) else 0.0
            return [Spelling(" ".join(path.text(self.symbols).split()), score, path.ids, path.frames)]
        hypotheses = prefix_beam_search(
            log_probs,
            self.symbols,
            beam_width=self.beam_width,
            language_model=self.language_model,
            lm_weight=self.weight,
            word_bonus=self.bonus,
            lexicon=self.lexicon,
            hot_words=self.hot_words,
            n_best=self.n_best if self.n_best == 1 else SPELLINGS * self.n_best,
        )
        return distinct_texts(hypotheses)[: self.n_best]

    def text(self, log_probs: np.ndarray) -> str:
        """Return the best text."""
        return self(log_probs)[0].text

    def words(self, log_probs: np.ndarray, spelling: Spelling, step_seconds: float) -> list[Word]:
        """Return the words of a text with their times in seconds, by forced alignment."""
        return word_times(log_probs, spelling.ids, self.symbols, step_seconds)
