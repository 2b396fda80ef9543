"""The graph of the bytes tokenizer: raw UTF-8 bytes to rows of words and n-grams, all with ops that TFLite has built in.

`bytes_tokenizer.BytesTokenizer` says what a token and a row is.
"""

from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from suite.text.hashing import ADDRESSES, CASE_STEP, FIRST_LETTER, LAST_LETTER, LONGEST_TOKEN, PADDING, UNKNOWN

if TYPE_CHECKING:
    from suite.text.bytes_tokenizer import BytesTokenizer


def tokenize(tokenizer: "BytesTokenizer", text: tf.Tensor | np.ndarray, time: int | None) -> dict[str, tf.Tensor]:
    """Return the ids of tokens and n-grams; arguments and result as in `BytesTokenizer.__call__`."""
    codes = _fold(text)
    token, position, counts = _layout(codes)
    step = _step(tokenizer, token, counts)
    time = tf.maximum(tf.minimum(tf.reduce_max(counts), tokenizer.max_tokens), 1) if time is None else time
    result = {"words": _words(tokenizer, codes, position, step, time)}
    if tokenizer.ngrams:
        hashed = [_ngrams(tokenizer, codes, token, step, length) for length in tokenizer.ngrams]
        result["ngrams"] = tf.concat([ids for ids, _ in hashed], axis=1)
        result["ngram_tokens"] = tf.concat([steps for _, steps in hashed], axis=1)
    return result


def _layout(codes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
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


def _step(tokenizer: "BytesTokenizer", token: tf.Tensor, counts: tf.Tensor) -> tf.Tensor:
    """Return the step of each byte on the time axis, -1 where its token is not kept."""
    surplus = tf.maximum(counts - tokenizer.max_tokens, 0)[:, tf.newaxis]
    head = tokenizer.max_tokens if tokenizer.keep == "head" else (tokenizer.max_tokens + 1) // 2
    tail = token - surplus
    step = tf.where(token < head, token, tf.where(tail >= head, tail, -1))
    return step if tokenizer.keep == "ends" else tf.where(token < head, token, -1)


def _words(
    tokenizer: "BytesTokenizer", codes: tf.Tensor, position: tf.Tensor, step: tf.Tensor, time: int | tf.Tensor
) -> tf.Tensor:
    entries = tf.gather(tokenizer.word_table.reshape(-1), codes * LONGEST_TOKEN + position)
    batch = tf.shape(codes)[0]
    # One segment more in every row takes the bytes of no token.
    segment = tf.where(step >= 0, step, time) + tf.range(batch)[:, tf.newaxis] * (time + 1)
    segment = tf.reshape(segment, [-1])
    hashed = tf.math.unsorted_segment_sum(tf.reshape(entries, [-1]), segment, batch * (time + 1))
    filled = tf.math.unsorted_segment_sum(tf.ones_like(segment), segment, batch * (time + 1))
    ids = tf.where(filled > 0, _row(tokenizer, hashed, UNKNOWN), PADDING)
    return tf.reshape(ids, [batch, time + 1])[:, :-1]


def _row(tokenizer: "BytesTokenizer", hashed: tf.Tensor, unknown: int) -> tf.Tensor:
    if tokenizer.row_of is None:
        return 1 + tf.math.floormod(hashed, tokenizer.rows - 1)
    row = tf.cast(tf.gather(tokenizer.row_of, tf.math.floormod(hashed, ADDRESSES)), tf.int32)
    return tf.maximum(row, unknown)


def _ngrams(
    tokenizer: "BytesTokenizer", codes: tf.Tensor, token: tf.Tensor, step: tf.Tensor, length: int
) -> tuple[tf.Tensor, tf.Tensor]:
    table = tokenizer.ngram_tables[length]
    width = table.shape[1]
    hashed = sum(tf.gather(table.reshape(-1), _ahead(codes, offset, 0) * width + offset) for offset in range(length))
    begins = tf.cast(_behind(token, -1) != token, tf.int32)
    ends = tf.cast(_ahead(token, length, -1) != token, tf.int32)
    hashed += begins * int(table[0, length]) + ends * int(table[0, length + 1])
    whole = (step >= 0) & (_ahead(token, length - 1, -1) == token)
    ids = tf.where(whole, _row(tokenizer, hashed, PADDING), PADDING)
    return ids, tf.where(whole, step, 0)


def _fold(text: tf.Tensor | np.ndarray) -> tf.Tensor:
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


def _behind(values: tf.Tensor, fill: int | bool) -> tf.Tensor:
    return tf.concat([tf.fill([tf.shape(values)[0], 1], fill), values[:, :-1]], axis=1)


def _ahead(values: tf.Tensor, offset: int, fill: int | bool) -> tf.Tensor:
    """Return the values `offset` places further on, `fill` beyond the end."""
    if offset == 0:
        return values
    filled = tf.concat([values, tf.fill([tf.shape(values)[0], offset], fill)], axis=1)
    return filled[:, offset:]
