"""How log-probabilities become text: greedy or beam search, as settings, options and the model's assets say."""

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.speech.config import Settings
from suite.errors import UserError

HOT_WORD_BONUS = 3.0  # nats for each occurrence


@dataclass(frozen=True)
class Decoder:
    """A search with everything it needs; call it with log-probabilities `(steps, symbols)`.

    Attributes:
        symbols: Text of each symbol; the first is the blank.
        beam_width: 1 is greedy.
        language_model: An `NgramModel` or None, and its `weight` and `bonus` per word.
        lexicon: The only words allowed, or None.
        hot_words: Word -> bonus.
        n_best: Hypotheses given.
    """

    symbols: list[str]
    beam_width: int = 1
    language_model: Any = None
    weight: float = 0.0
    bonus: float = 0.0
    lexicon: tuple[str, ...] | None = None
    hot_words: dict[str, float] | None = None
    n_best: int = 1

    def __call__(self, log_probs: np.ndarray):
        """Return the best hypothesis, and the n best as alternatives (None unless more than one is asked for)."""
        from pipelines.speech.predict import Alternative
        from suite.decoding.beam import Hypothesis, beam_search
        from suite.decoding.greedy import greedy

        if self.beam_width == 1:
            path = greedy(log_probs)
            score = float(log_probs.max(axis=-1).sum()) if len(log_probs) else 0.0
            return Hypothesis(path.text(self.symbols).strip(), score, path.ids, path.frames), None
        found = beam_search(
            log_probs,
            self.symbols,
            beam_width=self.beam_width,
            language_model=self.language_model,
            lm_weight=self.weight,
            word_bonus=self.bonus,
            lexicon=self.lexicon,
            hot_words=self.hot_words,
            n_best=self.n_best,
        )
        alternatives = tuple(Alternative(one.text.strip(), float(one.score)) for one in found)
        return found[0], alternatives if self.n_best > 1 else None

    def text(self, log_probs: np.ndarray) -> str:
        """Return the best text."""
        return self(log_probs)[0].text.strip()

    def words(self, log_probs: np.ndarray, hypothesis, step_seconds: float):
        """Return the words of a hypothesis with their times in seconds, by forced alignment."""
        from suite.decoding.alignment import word_times

        return word_times(log_probs, hypothesis.ids, self.symbols, step_seconds)


def make_decoder(
    assets: dict,
    settings: Settings,
    beam_width: int = 0,
    language_model: str = "",
    language_model_weight: float = -1.0,
    lexicon: str = "",
    hot_words: str = "",
    n_best: int = 1,
) -> Decoder:
    """Return the decoder of a model.

    Args:
        assets: `symbols`, and the language model, tuned weights and the words of a closed vocabulary where there are some.
        settings: Of the run.
        beam_width: Prefixes that beam search keeps; 1 is greedy; 0 does as the settings say.
        language_model: Path of an ARPA file to use instead of the model's own.
        language_model_weight: Weight of its log probability; below 0 as the settings say.
        lexicon: Path of a text file with the only words allowed; by default those of a closed vocabulary, if it is closed.
        hot_words: Words, separated by commas, that get a bonus.
        n_best: Alternatives given, best first.

    Raises:
        UserError: for a file that cannot be read, or an option out of range.
    """
    tuned = assets.get("decoder", {})
    default = settings.beam_width if settings.decoder == "beam" or tuned else 1
    if n_best < 1 or beam_width < 0:
        raise UserError(f"--n-best and --beam-width: expected positive numbers. Received: {n_best} and {beam_width}")
    asked = language_model or lexicon or hot_words or n_best > 1
    width = beam_width or (max(default, settings.beam_width) if asked else default)
    if width == 1:
        return Decoder(assets["symbols"])
    if language_model:
        model = _read_arpa(Path(language_model), _changed(language_model))
    else:
        model = _own_language_model("\n".join(assets["language_model"])) if "language_model" in assets else None
    weight = tuned.get("language_model_weight", settings.language_model_weight)
    return Decoder(
        symbols=assets["symbols"],
        beam_width=width,
        language_model=model,
        weight=language_model_weight if language_model_weight >= 0 else weight,
        bonus=tuned.get("word_bonus", settings.word_bonus) if model is not None else 0.0,
        lexicon=_read_lexicon(Path(lexicon)) if lexicon else assets.get("words"),
        hot_words={word.strip(): HOT_WORD_BONUS for word in hot_words.split(",") if word.strip()} or None,
        n_best=n_best,
    )


def _changed(path):
    """Return when a file was last written to; None where that cannot be told, and reading it will say why."""
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return None


@lru_cache(maxsize=2)
def _read_arpa(path, changed):
    """Read the model once for all inputs of a command."""
    from suite.decoding.ngram import read_arpa

    return read_arpa(path)


@lru_cache(maxsize=2)
def _own_language_model(text):
    from suite.decoding.ngram import parse_arpa

    return parse_arpa(text.splitlines(), "the model's own language model")


def _read_lexicon(path):
    try:
        words = tuple(line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as UTF-8 text: {error}") from error
    if not words:
        raise UserError(f"{path}: expected a word on each line. Received: an empty file")
    return words
