"""Text to hashed words and character n-grams, from raw UTF-8 bytes: what it needs, and where tokens stand in a text.

The ops of the graph are in `bytes_graph`; nothing here needs TensorFlow.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from suite.errors import UserError
from suite.text.hashing import (
    ADDRESSES,
    CASE_STEP,
    FIRST_LETTER,
    LAST_LETTER,
    LONGEST_TOKEN,
    MOST_ROWS,
    hash_table,
)

if TYPE_CHECKING:
    import tensorflow as tf


class BytesTokenizer:
    """Splits UTF-8 bytes into tokens and hashes each token and its character n-grams to rows of one embedding table.

    The steps, all with ops that TFLite has built in:

    1. ASCII capitals are folded to small letters.
    2. A byte is a letter (a-z, 0-9, every byte of a non-ASCII character, an apostrophe between two letters), a space
       (0 to 32 and 127) or punctuation. A token is a run of letters or a run of punctuation, cut every 32 bytes.
    3. A token's address is the tabulation hash of its bytes and their positions.
    4. An n-gram's address is hashed the same way from its bytes and from whether it begins or ends the token, which
       says what the angle brackets around a word say in fastText.
    5. An address modulo the rows is a row; or, with `known` addresses, the row learned for it (see `learn_addresses`).
       Then a word that was not learned has row 1, and an n-gram that was not learned has none.

    Bytes are taken as they come: composed and decomposed forms of a letter are different bytes, here and on a phone, and
    case is folded in ASCII alone. Bringing texts to one Unicode form is for whoever has them from several sources.

    Row 0 is kept for padding. NUL bytes are spaces, so zero padding never changes a result; invalid UTF-8 is bytes like
    any other; text without tokens gives zero tokens. Words that share a row still differ in their n-grams.

    Args:
        rows: Rows of the embedding table, including row 0; with `known` they follow from it.
        ngrams: Lengths of the n-grams in bytes; empty for words alone.
        max_tokens: Tokens kept of each text.
        keep: What is kept of a longer text: its `"head"`, or both `"ends"`, half from each.
        known: Addresses below `ADDRESSES` that have rows of their own, 2 and on, in this order; None for hashing alone.

    Source: Bojanowski et al. 2017, "Enriching Word Vectors with Subword Information".
    """

    name = "bytes"
    dtype = "uint8"

    def __init__(
        self,
        rows: int = 16384,
        ngrams: Sequence[int] = (3, 4, 5),
        max_tokens: int = 256,
        keep: str = "head",
        known: Sequence[int] | None = None,
    ) -> None:
        rows = rows if known is None else len(known) + 2
        if rows < 2 or (known is not None and rows > MOST_ROWS):
            raise UserError(f"the bytes tokenizer needs 2 to {MOST_ROWS} rows. Received: {rows}")
        if any(not 1 <= length <= LONGEST_TOKEN for length in ngrams):
            raise UserError(f"n-gram lengths are 1 to {LONGEST_TOKEN} bytes. Received: {list(ngrams)}")
        self.rows = rows
        self.ngrams = tuple(sorted(set(ngrams)))
        self.max_tokens = max_tokens
        self.keep = keep
        self.row_of = None if known is None else _rows_by_address(known)
        self.word_table = hash_table("words", LONGEST_TOKEN)
        # Two columns more: one entry each for an n-gram that begins and one that ends its token.
        self.ngram_tables = {length: hash_table(f"{length}-grams", length + 2) for length in self.ngrams}

    @property
    def specs(self) -> dict[str, "tf.TensorSpec"]:
        """Return the shape and dtype of every tensor that a call returns."""
        import tensorflow as tf

        names = ("words", "ngrams", "ngram_tokens") if self.ngrams else ("words",)
        return {name: tf.TensorSpec((None, None), tf.int32) for name in names}

    def raw(self, texts: Sequence[str | bytes]) -> np.ndarray:
        """Return texts (str or bytes) as what a call takes: `uint8 (batch, bytes)`, zero-padded."""
        encoded = [text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass") for text in texts]
        return padded_bytes(encoded)

    def __call__(self, text: "tf.Tensor", time: "tf.Tensor | int | None" = None) -> dict[str, "tf.Tensor"]:
        """Return the ids of tokens and n-grams.

        Args:
            text: `uint8 (batch, bytes)`, zero-padded.
            time: Steps of the time axis, for graphs whose shapes are all fixed; at least as many as tokens are kept.
                None takes the longest text's.

        Returns:
            `words`: `int32 (batch, time)`, the row of each token; 0 is padding. `time` is at least 1.
            `ngrams`: `int32 (batch, count)`, the row of each n-gram; 0 is padding, anywhere.
            `ngram_tokens`: `int32 (batch, count)`, the step whose token the n-gram belongs to; 0 for padding.
            The last two are missing without n-grams.
        """
        from suite.text.bytes_graph import tokenize

        return tokenize(self, text, time)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return the character offsets `(start, end)` of each token in `text`, one for every step of the graph."""
        tokens = token_spans(self.raw([text])[0])
        if len(tokens) > self.max_tokens:
            head = self.max_tokens if self.keep == "head" else (self.max_tokens + 1) // 2
            tokens = tokens[:head] + tokens[len(tokens) - (self.max_tokens - head) :]
        sizes = [len(character.encode("utf-8", "surrogatepass")) for character in text]
        character_of = np.repeat(np.arange(len(text)), sizes)
        return [(int(character_of[start]), int(character_of[end - 1]) + 1) for start, end in tokens]


def padded_bytes(texts: Sequence[bytes]) -> np.ndarray:
    """Return texts as one array, `uint8 (batch, bytes)`, zero-padded."""
    padded = np.zeros((len(texts), max(map(len, texts), default=0)), np.uint8)
    for row, text in zip(padded, texts, strict=True):
        row[: len(text)] = np.frombuffer(text, np.uint8)
    return padded


def token_spans(text: np.ndarray) -> list[tuple[int, int]]:
    """Return start and end of each token, in bytes, by the rule of `BytesTokenizer`; `bytes_graph` has the same one.

    Args:
        text: uint8 `(bytes,)`.
    """
    codes = np.where((text >= FIRST_LETTER) & (text <= LAST_LETTER), text + CASE_STEP, text)
    plain = ((codes >= ord("a")) & (codes <= ord("z"))) | ((codes >= ord("0")) & (codes <= ord("9"))) | (codes >= 128)
    before, after = np.pad(plain, (1, 0))[:-1], np.pad(plain, (0, 1))[1:]
    letter = plain | ((codes == ord("'")) & before & after)
    # 0 is a space, 1 a letter, 2 punctuation; a run is of one kind.
    kind = np.where(letter, 1, np.where((codes > 32) & (codes != 127), 2, 0))
    edges = [0, *(np.flatnonzero(np.diff(kind)) + 1).tolist(), len(kind)]
    return [
        (start, min(start + LONGEST_TOKEN, end))
        for first, end in pairwise(edges)
        if first < end and kind[first]
        for start in range(first, end, LONGEST_TOKEN)
    ]


def _rows_by_address(known: Sequence[int]) -> np.ndarray:
    rows = np.zeros(ADDRESSES, np.int16)
    rows[np.asarray(known, np.int64)] = np.arange(2, len(known) + 2)
    return rows
