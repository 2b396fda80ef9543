"""The decoder that settings, options and the model's assets ask for."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from pipelines.speech.config import Settings
from pipelines.speech.wordlists import read_hot_words, read_language_model, read_lexicon
from suite.answers.alternative import check_search
from suite.decoding.decoder import Decoder
from suite.errors import UserError

HOT_WORD_BONUS = 3.0  # nats for each occurrence


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
