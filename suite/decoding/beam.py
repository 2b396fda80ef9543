"""CTC prefix beam search, with a language model, a lexicon and hot words."""

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from suite.decoding.greedy import greedy
from suite.errors import UserError

if TYPE_CHECKING:
    from suite.decoding.beam_kernel import Machine
    from suite.decoding.ngram import NgramModel


RESCORED = 12  # texts beyond those asked for whose score is computed exactly, so that the best of them can come forward


class Spelling(NamedTuple):
    """A text that may have been said.

    Attributes:
        text: Its symbols joined.
        score: Natural log-probability of the text over all of its alignments, plus what language model, bonuses and hot
            words add.
        ids: int32 `(symbols,)`, without blanks.
        frames: int32 `(symbols,)`, the first frame of each symbol on the most probable alignment.
    """

    text: str
    score: float
    ids: np.ndarray
    frames: np.ndarray


def prefix_beam_search(
    log_probs: np.ndarray,
    symbols: Sequence[str],
    beam_width: int = 100,
    language_model: "NgramModel | None" = None,
    lm_weight: float = 0.5,
    word_bonus: float = 0.0,
    symbol_bonus: float = 0.0,
    lexicon: Iterable[str] | None = None,
    hot_words: Mapping[str, float] | None = None,
    n_best: int = 1,
    symbol_threshold: float = 1e-4,
) -> list[Spelling]:
    """Return the texts with the highest scores found, best first.

        score(text) = ln p(text | audio) + lm_weight ln p(text) + word_bonus words + symbol_bonus symbols + hot words

    After each frame the `beam_width` best beginnings of a text are kept, each with the probability of all of its
    alignments, ending in a blank or not (Graves et al. 2006, section 3.2; Hannun et al. 2014, "First-Pass Large
    Vocabulary Continuous Speech Recognition using Bi-Directional Recurrent DNNs"). The final scores are exact, and the
    greedy text is always among the candidates, so no answer scores below it. Words are what spaces part; more than one
    space, or a space at either end, makes no word.

    Args:
        log_probs: float `(frames, symbols)`, natural logarithms, symbol 0 the blank; no padding frames.
        symbols: The text of each symbol.
        beam_width: Beginnings kept after each frame.
        language_model: `NgramModel` of characters or words; the end of the text counts as its `</s>`.
        lm_weight: At least 0.
        word_bonus: Nats for each word; makes up for a language model's liking for short texts.
        symbol_bonus: Nats for each symbol.
        lexicon: The only words that may be said, beside hot words. The last word is whole as well. Where nothing else
            is left, the text is empty.
        hot_words: Word -> nats for each time it is said.
        n_best: Texts wanted; there may be fewer.
        symbol_threshold: A symbol less probable than this in a frame does not begin there.

    Raises:
        UserError: for a hot word that the symbols cannot spell, or that is not one word.
    """
    if beam_width < 1 or n_best < 1 or lm_weight < 0:
        raise ValueError(
            "`beam_width` and `n_best` must be at least 1, `lm_weight` at least 0. "
            f"Received: beam_width={beam_width}, n_best={n_best}, lm_weight={lm_weight}"
        )
    from suite.decoding import beam_kernel

    log_probs = np.array(log_probs, np.float64)
    if log_probs.ndim != 2 or log_probs.shape[1] != len(symbols):
        raise ValueError(
            f"`log_probs` must have shape (frames, {len(symbols)}), one for each symbol. Received: {log_probs.shape}"
        )
    hot_words = dict(hot_words or {})
    machine = _machine(
        tuple(symbols),
        language_model,
        None if lexicon is None else tuple(lexicon),
        tuple(sorted(hot_words.items())),
        bool(word_bonus),
    )
    # A hot word's bonus is hoped for and then given; a symbol ends as many words as it has spaces.
    hottest = max([0.0, *hot_words.values()])
    largest_gain = symbol_bonus + hottest + max(text.count(" ") for text in symbols) * (max(0.0, word_bonus) + hottest)
    probabilities = np.exp(log_probs)
    totals, beside, lengths, rows = beam_kernel.search(
        probabilities,
        machine,
        greedy(log_probs).ids,
        int(beam_width),
        float(symbol_threshold),
        float(lm_weight),
        float(word_bonus),
        float(symbol_bonus),
        float(largest_gain),
    )
    texts = {}
    for row in [*np.argsort(-totals[:-1], kind="stable")[: n_best + RESCORED], len(totals) - 1]:
        if beside[row] > -np.inf:
            texts[tuple(rows[row, len(log_probs) - lengths[row] :].tolist())] = float(beside[row])
    return _best(log_probs, probabilities, symbols, texts or {(): 0.0}, n_best)


def distinct_texts(hypotheses: Iterable[Spelling]) -> list[Spelling]:
    """Return hypotheses with one space between words and none at the ends, the best of each text, in the same order.

    To beam search texts that differ in spaces alone are different ones; to a reader they are not. `ids` and `frames` are
    as they were found.
    """
    best: dict[str, Spelling] = {}
    for hypothesis in hypotheses:
        text = " ".join(hypothesis.text.split())
        best.setdefault(text, hypothesis._replace(text=text))
    return list(best.values())


def _best(
    log_probs: np.ndarray,
    probabilities: np.ndarray,
    symbols: Sequence[str],
    texts: Mapping[tuple[int, ...], float],
    n_best: int,
) -> list[Spelling]:
    """Score texts (ids -> score beside the acoustic one) exactly and return the best."""
    from suite.decoding.alignment import align
    from suite.decoding.ctc_kernel import log_likelihood

    targets = {ids: np.array(ids, np.int32) for ids in texts}
    scores = {
        ids: float(log_likelihood(log_probs, probabilities, targets[ids])) + beside for ids, beside in texts.items()
    }
    return [
        Spelling(
            "".join(symbols[index] for index in ids), scores[ids], targets[ids], align(log_probs, targets[ids]).starts
        )
        for ids in sorted(scores, key=scores.__getitem__, reverse=True)[:n_best]
    ]


@functools.lru_cache(maxsize=4)
def _machine(
    symbols: tuple[str, ...],
    language_model: Any,
    lexicon: tuple[str, ...] | None,
    hot_words: tuple[tuple[str, float], ...],
    count_words: bool,
) -> "Machine":
    """Return the `Machine` of a search."""
    from suite.decoding import beam_kernel as kernel

    bonuses = dict(hot_words)
    alphabet = {character: index for index, character in enumerate(sorted(set("".join(symbols[1:])) - {" "}))}
    for word in bonuses:
        if not word or set(word) - set(alphabet):
            raise UserError(f"Hot words are single words of the model's symbols. Received: {word!r}")
    word_model = language_model is not None and language_model.level == "word"
    if lexicon is not None:
        words = [*lexicon, *bonuses]
    else:
        words = [*(language_model.vocabulary[3:] if word_model else ()), *bonuses]
    ids = language_model.ids if word_model else {}
    tree = _tree([word for word in words if word and not set(word) - set(alphabet)], alphabet, ids, bonuses)

    spelled = ["", *symbols[1:]]
    characters = [character for text in spelled for character in text]
    tokens = language_model.ids if language_model is not None and not word_model else {}
    if lexicon is not None:
        purpose = kernel.ONLY_WORDS
    else:
        purpose = kernel.SPELL_WORDS if word_model or hot_words or count_words else kernel.NO_WORDS
    return kernel.Machine(
        model=kernel.NO_MODEL if language_model is None else kernel.WORDS if word_model else kernel.CHARACTERS,
        **_model_arrays(language_model),
        words=purpose,
        **tree,
        spelling_first=np.cumsum([0, *map(len, spelled)]).astype(np.int32),
        spelling=_pairs(
            [tokens.get(c, kernel.UNKNOWN_ID) for c in characters], [alphabet.get(c, -1) for c in characters]
        ),
    )


def _model_arrays(model: "NgramModel | None") -> dict[str, Any]:
    if model is None:
        states, grams, backoff, log_prob = np.zeros((2, 2), np.int32), _pairs([], []), np.zeros(1), np.zeros(0)
        return {"start": 0, "states": states, "backoff": backoff, "grams": grams, "log_prob": log_prob}
    return {
        "start": model.start,
        "states": _pairs(model.first, [*model.suffix, 0]),
        "backoff": np.array(model.backoff, np.float64),
        "grams": _pairs(model.token, model.target),
        "log_prob": np.array(model.log_prob, np.float64),
    }


def _tree(
    words: Sequence[str], alphabet: Mapping[str, int], ids: Mapping[str, int], hot_words: Mapping[str, float]
) -> dict[str, Any]:
    """Return the tree of words as arrays."""
    branches, ends, hope = {}, {}, {}
    for word in words:
        place, bonus = 0, hot_words.get(word, 0.0)
        for depth, character in enumerate(word, 1):
            place = branches.setdefault((place, alphabet[character]), len(branches) + 1)
            if bonus > 0:
                hope[place] = max(hope.get(place, 0.0), bonus * depth / len(word))
        ends[place] = word
    count = len(branches) + 1
    ordered = sorted(branches)
    first = np.searchsorted(np.array([place for place, _ in ordered], np.int64), np.arange(count + 1))
    ended: list[Any] = [ends.get(place) for place in range(count)]
    columns: list[Any] = [first, [*(ids.get(word, 0) for word in ended), 0], [*(word is not None for word in ended), 0]]
    bonuses = [[hot_words.get(word, 0.0) for word in ended], [hope.get(place, 0.0) for place in range(count)]]
    return {
        "places": np.stack(columns, 1).astype(np.int32),
        "branches": _pairs([letter for _, letter in ordered], [branches[key] for key in ordered]),
        "bonus": np.array(np.transpose(bonuses), np.float64, order="C"),
    }


def _pairs(keys: Any, right: Any) -> np.ndarray:
    return np.stack([np.asarray(keys, np.int32), np.asarray(right, np.int32)], 1)
