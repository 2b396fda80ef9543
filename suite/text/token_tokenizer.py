"""Text to tokens that are labelled one by one: where they stand, and the rows of each word, its ends and its shape.

The ops of the graph are in `token_graph`; nothing here needs TensorFlow until a text is tokenized.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from suite.errors import UserError
from suite.text.bytes_tokenizer import padded_bytes
from suite.text.hashing import ADDRESSES, MOST_ROWS, UNKNOWN, hash_table
from suite.text.token_rule import AFFIXES, JOINING, PREFIXES, SEPARATOR, SUFFIXES, USUAL_RULE, TokenRule

if TYPE_CHECKING:
    import tensorflow as tf

HASHED_BYTES = 32  # of a word; what comes behind does not tell words apart
SHAPE_LENGTH = 8  # characters of a shape
CHUNK_TEXTS = 512  # texts that go through the graph at once; bounds the memory of encoding
APOSTROPHES = "'’"
FOLDED = (
    ("A", "Z"),
    ("À", "Þ"),
    ("Α", "Ϋ"),
    ("Ѐ", "Я"),
)  # the first and the last capital of ASCII, Latin-1, Greek and Cyrillic


def join_tokens(tokens: Iterable[str]) -> str:
    """Return a text that brings its own tokens: each ended by U+001F."""
    return "".join(token + SEPARATOR for token in tokens)


def split_tokens(text: str) -> list[str] | None:
    """Return the tokens of a text that brings its own; None of any other text."""
    return [token for token in text.split(SEPARATOR) if token] if SEPARATOR in text else None


def learn_rule(tokens: Iterable[str]) -> TokenRule:
    """Return the rule that parts text as the tokens of training data are parted, wherever they show which way that is."""
    counts = Counter(tokens)

    def total(matches: Any) -> int:
        return sum(count for token, count in counts.items() if matches(token))

    def inside(mark: str) -> int:
        return total(
            lambda token: any(part and part[-1].isalnum() for part in token.split(mark)[:-1]) and token[-1] != mark
        )

    joined = "".join(mark for mark in JOINING if inside(mark) >= counts[mark])
    uses = {
        "inside": sum(map(inside, APOSTROPHES)),
        "before": total(lambda token: token[0] in APOSTROPHES and 1 <= len(token[1:]) <= 3 and token[1:].isalpha()),
        "after": total(lambda token: token[-1] in APOSTROPHES and token[:-1].isalpha()),
    }
    negation = total(lambda token: token.lower() in ("n't", "n’t")) > 0
    return TokenRule(joined, max(uses, key=lambda use: uses[use]), negation)


def folded_words(tokens: Iterable[str]) -> list[str]:
    """Return the words that tokens are hashed as, the most frequent first; those too long to be told apart are left out."""
    counts = Counter("".join(map(_fold_character, token)) for token in tokens)
    words = sorted(counts, key=lambda word: (-counts[word], word))
    return [word for word in words if len(word.encode("utf-8", "replace")) <= HASHED_BYTES]


def _fold_character(character: str) -> str:
    folds = any(first <= character <= last for first, last in FOLDED)
    return character.lower() if folds and character != "×" else character


class TokenTokenizer:
    """Parts UTF-8 bytes into tokens and gives each the rows of its word, its prefixes, its suffixes and its shape.

    A text with U+001F brings its own tokens, each ended by it; a token may then hold spaces. Any other text is parted at its
    spaces, and:

    1. Letters, digits and marks of any script run on. A punctuation mark is a token, and so is a run of one mark (`...`).
       Emoji and other symbols run on by themselves. Each ideograph and kana is a token.
    2. Part of a token are a full stop between letters or digits, one behind a single capital or an abbreviation with full
       stops inside (`J.`, `U.S.`), and a comma or colon between digits.
    3. Hyphens and the like, and apostrophes, by the `TokenRule`.

    A word is hashed with case folded (ASCII, Latin-1, Greek, Cyrillic), prefixes of 1 to 3 and suffixes of 1 to 4 characters
    as they are written. The shape has `X` for capitals, `x` for other letters, `d` for digits and marks as they are, at most
    two alike in a row: `U.S.` is `X.X.`, `Reuters` `Xxx`. Hashes are looked up among those learned from training
    data; what was not learned has row 1, and row 0 is padding. NUL bytes are padding and never change a result.

    Args:
        words: Hash addresses of the words with rows of their own, 2 and on.
        affixes: The same of prefixes, suffixes and shapes, which share one table.
        rule: How the data parts text.

    Source: Ratnaparkhi 1996, "A Maximum Entropy Model for Part-of-Speech Tagging" (affixes); Collins 2002, "Ranking
    Algorithms for Named-Entity Extraction" (shapes); Patrascu & Thorup 2011 (hashing, see `hashing`).
    """

    def __init__(self, words: Sequence[int], affixes: Sequence[int], rule: TokenRule = USUAL_RULE) -> None:
        if max(len(words), len(affixes)) + 2 > MOST_ROWS:
            raise UserError(f"a tokenizer has at most {MOST_ROWS} rows. Received: {max(len(words), len(affixes)) + 2}")
        self.rule = rule
        self.word_rows, self.affix_rows = len(words) + 2, len(affixes) + 2
        self.row_of_word, self.row_of_affix = _rows_by_address(words), _rows_by_address(affixes)
        self.word_table = hash_table("words", HASHED_BYTES)
        self.prefix_table = hash_table("prefixes", 4 * max(PREFIXES))
        self.suffix_table = hash_table("suffixes", 4 * max(SUFFIXES))
        self.shape_table = hash_table("shapes", SHAPE_LENGTH)
        # What tells a prefix of two characters from one of three that is the whole word.
        self.affix_offsets = hash_table("affixes", AFFIXES)[0]

    @classmethod
    def from_assets(cls, assets: dict[str, Any]) -> "TokenTokenizer":
        """Return the tokenizer of `learn_token_rows`."""
        return cls(assets["words"], assets["affixes"], TokenRule(**assets["token_rule"]))

    @property
    def specs(self) -> dict[str, "tf.TensorSpec"]:
        """Return shape and dtype of the tensors that a model reads."""
        import tensorflow as tf

        return {
            "words": tf.TensorSpec((None, None), tf.int32),
            "affixes": tf.TensorSpec((None, None, AFFIXES), tf.int32),
        }

    def __call__(self, text: "tf.Tensor", time: int | None = None) -> dict[str, "tf.Tensor"]:
        """Return the tokens of texts.

        Args:
            text: `uint8 (batch, bytes)`, zero-padded.
            time: Steps of the time axis, for graphs whose shapes are all fixed; None takes the longest text's, at least 1.

        Returns:
            int32 tensors: `words (batch, time)`, rows, 0 is padding; `affixes (batch, time, 8)`, rows of prefixes, suffixes
            and shape; `starts`, `ends (batch, time)`, where each token stands in the bytes, 0 for padding; `count (batch,)`,
            the tokens of each text, also those beyond `time`.
        """
        from suite.text.token_graph import tokenize

        return tokenize(self, text, time)

    @cached_property
    def _graph(self) -> "Callable[[np.ndarray], dict[str, tf.Tensor]]":
        import tensorflow as tf

        signature = [tf.TensorSpec((None, None), tf.uint8)]
        return tf.function(self.__call__, input_signature=signature, autograph=False)

    def encode(self, texts: Sequence[str]) -> list[dict[str, np.ndarray]]:
        """Return the tensors of each text without padding, in the order given."""
        encoded: list[dict[str, np.ndarray]] = [{}] * len(texts)
        raw = [text.encode("utf-8", "replace") for text in texts]
        by_size = sorted(range(len(raw)), key=lambda index: len(raw[index]))
        for begin in range(0, len(raw), CHUNK_TEXTS):
            chunk = by_size[begin : begin + CHUNK_TEXTS]
            tensors = {
                name: tensor.numpy()
                for name, tensor in self._graph(padded_bytes([raw[index] for index in chunk])).items()
            }
            counts = tensors.pop("count")
            for row, index in enumerate(chunk):
                encoded[index] = {name: values[row, : counts[row]] for name, values in tensors.items()}
        return encoded

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return the character offsets `(start, end)` of each token of a text."""
        [tokens] = self.encode([text])
        return character_spans(text, tokens["starts"], tokens["ends"])


def character_spans(text: str, starts: np.ndarray, ends: np.ndarray) -> list[tuple[int, int]]:
    """Return offsets in the UTF-8 bytes of a text, int `(tokens,)` each, as offsets of its characters."""
    sizes = [len(character.encode("utf-8", "replace")) for character in text]
    character_of = np.repeat(np.arange(len(text)), sizes)
    return [
        (int(character_of[start]), int(character_of[end - 1]) + 1)
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
    ]


def learn_token_rows(texts: Sequence[str], rule: TokenRule, min_count: int, affix_min_count: int) -> dict[str, Any]:
    """Return the assets `words`, `affixes` (hash addresses, the most frequent first, ties by address) and `token_rule`.

    Args:
        texts: Of the training part and of no other.
        rule: How they are parted.
        min_count: Tokens that a word must be to have a row of its own.
        affix_min_count: The same of a prefix, suffix or shape.

    Raises:
        UserError: if no text holds a token.
    """
    from suite.text.token_graph import token_addresses

    tokenizer = TokenTokenizer((), (), rule)
    words, affixes = np.zeros(ADDRESSES, np.int64), np.zeros(ADDRESSES, np.int64)
    raw = sorted((text.encode("utf-8", "replace") for text in texts), key=len)
    for begin in range(0, len(raw), CHUNK_TEXTS):
        of_words, of_affixes = token_addresses(tokenizer, padded_bytes(raw[begin : begin + CHUNK_TEXTS]))
        words += np.bincount(of_words, minlength=ADDRESSES)
        affixes += np.bincount(of_affixes.ravel(), minlength=ADDRESSES)
    if not words.any():
        raise UserError("cannot learn rows: no text of the training part holds a token")
    return {
        "words": _most_frequent(words, min_count),
        "affixes": _most_frequent(affixes, affix_min_count),
        "token_rule": asdict(rule),
    }


def _most_frequent(counts: np.ndarray, min_count: int) -> list[int]:
    by_frequency = np.argsort(-counts, kind="stable")
    return by_frequency[: min(int(np.sum(counts >= min_count)), MOST_ROWS - 2)].tolist()


def _rows_by_address(known: Sequence[int]) -> np.ndarray:
    rows = np.full(ADDRESSES, UNKNOWN, np.int16)
    rows[np.asarray(known, np.int64)] = np.arange(2, len(known) + 2)
    return rows
