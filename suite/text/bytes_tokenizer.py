"""Text to hashed words and character n-grams, inside the graph, from raw UTF-8 bytes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from suite.errors import UserError
from suite.text.hashing import hash_table

LONGEST_TOKEN = 32  # bytes; a longer run of letters is cut into pieces
ADDRESSES = 1 << 18  # hash values told apart where rows are learned
MOST_ROWS = 1 << 15  # rows fit in int16
PADDING, RARE = 0, 1  # rows with a meaning of their own
FIRST_LETTER, LAST_LETTER, CASE_STEP = ord("A"), ord("Z"), ord("a") - ord("A")


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
        self._row_of = None if known is None else _rows_by_address(known)
        self._word_table = hash_table("words", LONGEST_TOKEN)
        # Two columns more: one entry each for an n-gram that begins and one that ends its token.
        self._ngram_tables = {length: hash_table(f"{length}-grams", length + 2) for length in self.ngrams}

    @property
    def specs(self) -> dict[str, tf.TensorSpec]:
        """Return the shape and dtype of every tensor that a call returns."""
        names = ("words", "ngrams", "ngram_tokens") if self.ngrams else ("words",)
        return {name: tf.TensorSpec((None, None), tf.int32) for name in names}

    def raw(self, texts: Sequence[str | bytes]) -> np.ndarray:
        """Return texts (str or bytes) as what a call takes: `uint8 (batch, bytes)`, zero-padded."""
        encoded = [text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass") for text in texts]
        padded = np.zeros((len(encoded), max(map(len, encoded), default=0)), np.uint8)
        for row, text in zip(padded, encoded, strict=True):
            row[: len(text)] = np.frombuffer(text, np.uint8)
        return padded

    def __call__(self, text: tf.Tensor, time: tf.Tensor | int | None = None) -> dict[str, tf.Tensor]:
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
        codes = _fold(text)
        token, position, counts = self._layout(codes)
        step = self._step(token, counts)
        time = tf.maximum(tf.minimum(tf.reduce_max(counts), self.max_tokens), 1) if time is None else time
        result = {"words": self._words(codes, position, step, time)}
        if self.ngrams:
            ngrams = [self._ngrams(codes, token, step, length) for length in self.ngrams]
            result["ngrams"] = tf.concat([ids for ids, _ in ngrams], axis=1)
            result["ngram_tokens"] = tf.concat([steps for _, steps in ngrams], axis=1)
        return result

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return the character offsets `(start, end)` of each token in `text`, one for every step of the graph."""
        token, _, counts = self._layout(_fold(self.raw([text])))
        steps = self._step(token, counts)[0].numpy()
        sizes = [len(character.encode("utf-8", "surrogatepass")) for character in text]
        character_of = np.repeat(np.arange(len(text)), sizes)
        spans = {}
        for step, byte in zip(steps[: len(character_of)], character_of, strict=True):
            if step >= 0:
                start = spans.get(step, (byte, byte))[0]
                spans[step] = (int(start), int(byte) + 1)
        return [spans[step] for step in sorted(spans)]

    def _layout(self, codes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return the token that each byte belongs to (-1 for none), its position in it, and the tokens of each text."""
        letter = _is_letter(codes)
        punctuation = (codes > 32) & (codes != 127) & ~letter
        inside = letter | punctuation
        run_start = (letter & ~_previous(letter)) | (punctuation & ~_previous(punctuation))
        run = tf.cumsum(tf.cast(run_start, tf.int32), axis=1) - 1
        place = _place_since(run_start, run)
        start = inside & (tf.math.floormod(place, LONGEST_TOKEN) == 0)
        token = tf.cumsum(tf.cast(start, tf.int32), axis=1) - 1
        counts = tf.reduce_sum(tf.cast(start, tf.int32), axis=1)
        return tf.where(inside, token, -1), tf.math.floormod(place, LONGEST_TOKEN), counts

    def _step(self, token: tf.Tensor, counts: tf.Tensor) -> tf.Tensor:
        """Return the step of each byte on the time axis, -1 where its token is not kept."""
        surplus = tf.maximum(counts - self.max_tokens, 0)[:, tf.newaxis]
        head = self.max_tokens if self.keep == "head" else (self.max_tokens + 1) // 2
        tail = token - surplus
        step = tf.where(token < head, token, tf.where(tail >= head, tail, -1))
        return step if self.keep == "ends" else tf.where(token < head, token, -1)

    def _words(self, codes: tf.Tensor, position: tf.Tensor, step: tf.Tensor, time: tf.Tensor) -> tf.Tensor:
        entries = tf.gather(self._word_table.reshape(-1), codes * LONGEST_TOKEN + position)
        batch = tf.shape(codes)[0]
        # One segment more in every row takes the bytes of no token.
        segment = tf.where(step >= 0, step, time) + tf.range(batch)[:, tf.newaxis] * (time + 1)
        segment = tf.reshape(segment, [-1])
        hashed = tf.math.unsorted_segment_sum(tf.reshape(entries, [-1]), segment, batch * (time + 1))
        filled = tf.math.unsorted_segment_sum(tf.ones_like(segment), segment, batch * (time + 1))
        ids = tf.where(filled > 0, self._row(hashed, RARE), PADDING)
        return tf.reshape(ids, [batch, time + 1])[:, :-1]

    def _row(self, hashed: tf.Tensor, unknown: int) -> tf.Tensor:
        if self._row_of is None:
            return 1 + tf.math.floormod(hashed, self.rows - 1)
        row = tf.cast(tf.gather(self._row_of, tf.math.floormod(hashed, ADDRESSES)), tf.int32)
        return tf.maximum(row, unknown)

    def _ngrams(self, codes: tf.Tensor, token: tf.Tensor, step: tf.Tensor, length: int) -> tuple[tf.Tensor, tf.Tensor]:
        table = self._ngram_tables[length]
        width = table.shape[1]
        hashed = sum(
            tf.gather(table.reshape(-1), _ahead(codes, offset, 0) * width + offset) for offset in range(length)
        )
        begins = tf.cast(_behind(token, -1) != token, tf.int32)
        ends = tf.cast(_ahead(token, length, -1) != token, tf.int32)
        hashed += begins * int(table[0, length]) + ends * int(table[0, length + 1])
        whole = (step >= 0) & (_ahead(token, length - 1, -1) == token)
        ids = tf.where(whole, self._row(hashed, PADDING), PADDING)
        return ids, tf.where(whole, step, 0)


def _rows_by_address(known: Sequence[int]) -> np.ndarray:
    rows = np.zeros(ADDRESSES, np.int16)
    rows[np.asarray(known, np.int64)] = np.arange(2, len(known) + 2)
    return rows


def _fold(text: tf.Tensor) -> tf.Tensor:
    """Return int32 codes with ASCII capitals folded, and one zero byte more so that no text has zero bytes."""
    codes = tf.cast(tf.convert_to_tensor(text), tf.int32)
    codes = tf.where((codes >= FIRST_LETTER) & (codes <= LAST_LETTER), codes + CASE_STEP, codes)
    return tf.pad(codes, [[0, 0], [0, 1]])


def _is_letter(codes: tf.Tensor) -> tf.Tensor:
    plain = ((codes >= ord("a")) & (codes <= ord("z"))) | ((codes >= ord("0")) & (codes <= ord("9"))) | (codes >= 128)
    return plain | ((codes == ord("'")) & _previous(plain) & _ahead(plain, 1, False))


def _place_since(starts: tf.Tensor, run: tf.Tensor) -> tf.Tensor:
    """Return how many bytes after the start of its run each byte stands (meaningless outside of runs)."""
    batch, size = tf.unstack(tf.shape(run))
    index = tf.range(size)[tf.newaxis, :]
    segment = tf.maximum(run, 0) + tf.range(batch)[:, tf.newaxis] * size
    first = tf.math.unsorted_segment_sum(
        tf.reshape(tf.where(starts, index, 0), [-1]), tf.reshape(segment, [-1]), batch * size
    )
    return index - tf.gather(first, segment)


def _previous(flags: tf.Tensor) -> tf.Tensor:
    return _behind(flags, False)


def _behind(values: tf.Tensor, fill: Any) -> tf.Tensor:
    return tf.concat([tf.fill([tf.shape(values)[0], 1], fill), values[:, :-1]], axis=1)


def _ahead(values: tf.Tensor, offset: int, fill: Any) -> tf.Tensor:
    """Return the values `offset` places further on, `fill` beyond the end."""
    if offset == 0:
        return values
    filled = tf.concat([values, tf.fill([tf.shape(values)[0], offset], fill)], axis=1)
    return filled[:, offset:]
