"""How log-probabilities become text: greedy or beam search, as settings, options and the model's assets say."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.speech.config import Settings
from pipelines.speech.wordlists import read_hot_words, read_language_model, read_lexicon
from suite.answers.alternative import Alternative, check_search
from suite.errors import UserError

if TYPE_CHECKING:
    from suite.decoding.alignment import Word
    from suite.decoding.beam import Hypothesis

HOT_WORD_BONUS = 3.0  # nats for each occurrence
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

    def __call__(self, log_probs: np.ndarray) -> "tuple[Hypothesis, tuple[Alternative, ...] | None]":
        """Return the best hypothesis, and the n best as alternatives (None unless more than one is asked for)."""
        from suite.decoding.beam import Hypothesis, beam_search, distinct_texts
        from suite.decoding.greedy import greedy

        if self.beam_width == 1:
            path = greedy(log_probs)
            score = float(log_probs.max(axis=-1).sum()) if len(log_probs) else 0.0
            return Hypothesis(" ".join(path.text(self.symbols).split()), score, path.ids, path.frames), None
        hypotheses = beam_search(
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
        hypotheses = distinct_texts(hypotheses)[: self.n_best]
        alternatives = tuple(Alternative(hypothesis.text, float(hypothesis.score)) for hypothesis in hypotheses)
        return hypotheses[0], alternatives if self.n_best > 1 else None

    def text(self, log_probs: np.ndarray) -> str:
        """Return the best text."""
        return self(log_probs)[0].text

    def words(self, log_probs: np.ndarray, hypothesis: "Hypothesis", step_seconds: float) -> "list[Word]":
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
        language_model: Path of an ARPA file, in capitals or not, to use instead of the model's own.
        language_model_weight: Weight of its log probability; below 0 as the settings say.
        lexicon: Path of a text file with the only words allowed, plain or with pronunciations; by default those of a closed
            vocabulary, if it is closed.
        hot_words: Words, separated by commas, that get a bonus.
        n_best: Alternatives given, best first.

    Raises:
        UserError: for a file that cannot be read or spelled, or an option out of range.
    """
    tuned, symbols = assets.get("decoder", {}), assets["symbols"]
    default = settings.beam_width if settings.decoder == "beam" or tuned else 1
    check_search(beam_width, n_best)
    asked = language_model or lexicon or hot_words or n_best > 1
    width = beam_width or (max(default, settings.beam_width) if asked else default)
    if width == 1 and asked:
        raise UserError(
            "--beam-width: expected at least 2 with --language-model, --lexicon, --hot-words or --n-best, which greedy "
            "decoding does not know. Received: 1"
        )
    if width == 1:
        return Decoder(symbols)
    if language_model:
        model = read_language_model(Path(language_model), symbols, settings)
    else:
        model = own_language_model(assets, settings)
    weight = tuned.get("language_model_weight", settings.language_model_weight)
    return Decoder(
        symbols=symbols,
        beam_width=width,
        language_model=model,
        weight=language_model_weight if language_model_weight >= 0 else weight,
        bonus=tuned.get("word_bonus", settings.word_bonus) if model is not None else 0.0,
        lexicon=read_lexicon(Path(lexicon), symbols, settings) if lexicon else assets.get("words"),
        hot_words=dict.fromkeys(read_hot_words(hot_words, symbols, settings), HOT_WORD_BONUS) or None,
        n_best=n_best,
    )


def own_language_model(assets: dict, settings: Settings) -> Any:
    """Return the language model that a model folder holds, or None."""
    if "language_model" not in assets:
        return None
    # Folders of before keep no level; without weights of `tune-decoder` their model is that of the settings.
    level = assets.get("language_model_level", None if "decoder" in assets else settings.language_model_level)
    return _parse_own("\n".join(assets["language_model"]), level)


@lru_cache(maxsize=2)
def _parse_own(text: str, level: str | None) -> Any:
    from suite.decoding.ngram import parse_arpa

    return parse_arpa(text.splitlines(), "the model's own language model", level)
