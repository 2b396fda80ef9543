"""The graph of `token_tokenizer`: raw UTF-8 bytes to rows and offsets of tokens, with ops that TFLite has built in.

A character is told by the byte that begins it and the two behind; sums over the bytes of a token are segment sums.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import tensorflow as tf

from suite.text.characters import (
    IDEOGRAPH,
    LETTER,
    PUNCTUATION,
    SPACE,
    ahead,
    behind,
    between,
    continues,
    fold,
    kinds,
    shapes,
)
from suite.text.hashing import ADDRESSES
from suite.text.token_rule import PREFIXES, SEPARATOR, SUFFIXES, TokenRule

if TYPE_CHECKING:
    from suite.text.token_tokenizer import TokenTokenizer

APOSTROPHE = ord("'")


class _Tokens(NamedTuple):
    """Tokens on the time axis.

    Attributes:
        addresses: Hash addresses of word, prefixes, suffixes and shape, `(batch, time, 9)`.
        starts, sizes: In bytes, `(batch, time)`; 0 for padding.
        count: Tokens of each text, `(batch,)`.
    """

    addresses: tf.Tensor
    starts: tf.Tensor
    sizes: tf.Tensor
    count: tf.Tensor


def tokenize(tokenizer: "TokenTokenizer", text: tf.Tensor | np.ndarray, time: int | None) -> dict[str, tf.Tensor]:
    """Return rows and offsets of tokens; arguments and result as in `TokenTokenizer.__call__`."""
    tokens = _tokens(tokenizer, text, time)
    present = tf.cast(tokens.sizes > 0, tf.int32)
    words = tf.gather(tokenizer.row_of_word, tokens.addresses[..., 0])
    affixes = tf.gather(tokenizer.row_of_affix, tokens.addresses[..., 1:])
    return {
        "words": tf.cast(words, tf.int32) * present,
        "affixes": tf.cast(affixes, tf.int32) * present[..., tf.newaxis],
        "starts": tokens.starts,
        "ends": tokens.starts + tokens.sizes,
        "count": tokens.count,
    }


def token_addresses(tokenizer: "TokenTokenizer", text: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the hash addresses of the words, `(tokens,)`, and of prefixes, suffixes and shapes, `(tokens, 8)`, of texts."""
    tokens = _tokens(tokenizer, text, None)
    addresses = tokens.addresses.numpy()[tokens.sizes.numpy() > 0]
    return addresses[:, 0], addresses[:, 1:]


def _tokens(tokenizer: "TokenTokenizer", text: tf.Tensor | np.ndarray, time: int | None) -> _Tokens:
    # One byte more, so that no text is without any.
    codes = tf.pad(tf.cast(tf.convert_to_tensor(text), tf.int32), [[0, 0], [0, 1]])
    start, inside = _edges(codes, tokenizer.rule)
    count = tf.reduce_sum(_int(start), axis=1)
    steps = tf.maximum(tf.reduce_max(count), 1) if time is None else time
    batch = tf.shape(codes)[0]
    token = tf.cumsum(_int(start), axis=1) - 1
    placed = inside & (token < steps)
    # One segment more in every row takes the bytes of no token.
    segment = tf.reshape(tf.where(placed, token, steps) + tf.range(batch)[:, tf.newaxis] * (steps + 1), [-1])
    addresses, starts, sizes = _sums(tokenizer, codes, start & placed, placed, (segment, batch * (steps + 1)))

    def on_time_axis(values: tf.Tensor) -> tf.Tensor:
        return tf.reshape(values, [batch, steps + 1, *values.shape[1:]])[:, :-1]

    return _Tokens(on_time_axis(addresses), on_time_axis(starts), on_time_axis(sizes), count)


def _sums(
    tokenizer: "TokenTokenizer",
    codes: tf.Tensor,
    start: tf.Tensor,
    inside: tf.Tensor,
    segments: tuple[tf.Tensor, tf.Tensor],
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Return addresses, starts and sizes of the tokens of all rows, one behind the other."""
    index = tf.range(tf.shape(codes)[1])[tf.newaxis] + tf.zeros_like(codes)
    character = inside & ~continues(codes)
    characters = tf.cumsum(_int(character), axis=1)
    shape = shapes(codes)
    in_shape = _in_shape(shape, start, character, characters)
    shaped = tf.cumsum(_int(in_shape), axis=1)
    begins = [tf.where(start, place, 0) for place in (index, characters, shaped)]
    of_token = _segment_sums([*begins, _int(inside), _int(character)], segments)
    # What holds of its token, at each byte.
    begin, first_character, first_shaped, size, length = tf.unstack(tf.gather(of_token, segments[0]), axis=1)
    position, number, place = (
        tf.reshape(count, [-1]) - first
        for count, first in ((index, begin), (characters, first_character), (shaped, first_shaped))
    )
    codes, in_shape, shape = (tf.reshape(values, [-1]) for values in (codes, in_shape, shape))
    word = _entry(tokenizer.word_table, tf.reshape(fold(tf.reshape(codes, tf.shape(index))), [-1]), position)
    prefix = _entry(tokenizer.prefix_table, codes, position)
    suffix = _entry(tokenizer.suffix_table, codes, size - 1 - position)
    columns = [
        word,
        *(tf.where(number < characters, prefix, 0) for characters in PREFIXES),
        *(tf.where(length - 1 - number < characters, suffix, 0) for characters in SUFFIXES),
        tf.where(in_shape, _entry(tokenizer.shape_table, shape, place), 0),
    ]
    hashed = _segment_sums(columns, segments) + np.array([0, *tokenizer.affix_offsets], np.int32)
    return tf.math.floormod(hashed, ADDRESSES), of_token[:, 0], of_token[:, 3]


def _in_shape(shape: tf.Tensor, start: tf.Tensor, character: tf.Tensor, characters: tf.Tensor) -> tf.Tensor:
    """Return which characters a shape shows: of those alike in a row, two."""
    begins = character & (start | (shape != behind(shape, 1, 0)))
    run = tf.cumsum(_int(begins), axis=1)
    batch, size = tf.unstack(tf.shape(run))
    segment = tf.reshape(run + tf.range(batch)[:, tf.newaxis] * (size + 1), [-1])
    first = _segment_sums([tf.where(begins, characters, 0)], (segment, batch * (size + 1)))[:, 0]
    return character & (characters - tf.reshape(tf.gather(first, segment), tf.shape(run)) < 2)


def _entry(table: np.ndarray, codes: tf.Tensor, place: tf.Tensor) -> tf.Tensor:
    """Return the random number of each byte at its place in the token; 0 beyond the table."""
    columns = table.shape[1]
    entries = tf.gather(table.reshape(-1), codes * columns + tf.clip_by_value(place, 0, columns - 1))
    return tf.where((place >= 0) & (place < columns), entries, 0)


def _segment_sums(columns: Sequence[tf.Tensor], segments: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
    """Return the sum of each column over the bytes of each segment, `(segments, columns)`."""
    stacked = tf.stack([tf.reshape(column, [-1]) for column in columns], axis=1)
    return tf.math.unsorted_segment_sum(stacked, *segments)


def _edges(codes: tf.Tensor, rule: TokenRule) -> tuple[tf.Tensor, tf.Tensor]:
    """Return which bytes begin a token and which belong to one, booleans `(batch, bytes)`."""
    separator = codes == ord(SEPARATOR)
    between_separators = ~separator & (codes != 0)
    own = tf.reduce_max(_int(separator), axis=1, keepdims=True) > 0
    start, inside = _by_rule(codes, rule)
    own_start = between_separators & ~behind(between_separators, 1, False)
    return tf.where(own, own_start, start), tf.where(own, between_separators, inside)


def _by_rule(codes: tf.Tensor, rule: TokenRule) -> tuple[tf.Tensor, tf.Tensor]:
    kind, begins_character = kinds(codes)
    letter = kind == LETTER
    joining, begins = _joining(codes, letter, rule)
    kind = tf.where(joining, LETTER, kind)
    # A run of one mark is one token.
    unlike = codes != behind(codes, 1, 0)
    for width in (2, 3):
        same = [ahead(codes, place, 0) == behind(ahead(codes, place, 0), width, 0) for place in range(width)]
        long_enough = continues(ahead(codes, width - 1, 0)) & (codes >= 192)
        unlike = tf.where(long_enough, ~tf.reduce_all(tf.stack(same), axis=0), unlike)
    starts = (kind != behind(kind, 1, SPACE)) | begins
    starts |= (kind == PUNCTUATION) & begins_character & unlike
    starts |= (kind == IDEOGRAPH) & begins_character
    inside = kind != SPACE
    return starts & inside, inside


def _joining(codes: tf.Tensor, letter: tf.Tensor, rule: TokenRule) -> tuple[tf.Tensor, tf.Tensor]:
    """Return which marks are part of a token of letters, and which bytes begin a token there all the same."""
    behind_letter, before_letter = behind(letter, 1, False), ahead(letter, 1, False)
    digit = between(codes, ord("0"), ord("9"))
    amid_letters, amid_digits = behind_letter & before_letter, behind(digit, 1, False) & ahead(digit, 1, False)
    stop = codes == ord(".")
    joining = stop & amid_letters
    capital = between(codes, ord("A"), ord("Z")) & ~behind_letter
    ends_abbreviation = behind(capital, 1, False) | (behind(letter, 1, False) & behind(joining, 2, False))
    joining |= stop & ends_abbreviation & ~before_letter
    joining |= ((codes == ord(",")) | (codes == ord(":"))) & amid_digits
    for mark in rule.joined:
        joining |= (codes == ord(mark)) & amid_letters
    straight = (codes == APOSTROPHE) & amid_letters
    curly = _curly(codes) & behind_letter & ahead(letter, 3, False)
    joining |= straight | curly | behind(curly, 1, False) | behind(curly, 2, False)
    begins = tf.zeros_like(letter)
    if rule.apostrophe == "after":
        begins |= behind(straight, 1, False) | behind(curly, 3, False)
    negation = _negation(codes, letter) if rule.negation else begins
    if rule.apostrophe == "before":
        begins |= (straight & ~_many_letters(letter, 1)) | (curly & ~_many_letters(letter, 3))
        begins &= ~behind(negation, 1, False)
    return joining, begins | negation


def _curly(codes: tf.Tensor) -> tf.Tensor:
    """Return the first byte of each U+2019, the apostrophe of phones and word processors."""
    return (codes == 0xE2) & (ahead(codes, 1, 0) == 0x80) & (ahead(codes, 2, 0) == 0x99)


def _many_letters(letter: tf.Tensor, places: int) -> tf.Tensor:
    """Return whether four letters follow, the first of them this many bytes on: more than any `'ve` has."""
    return tf.reduce_all(tf.stack([ahead(letter, places + more, False) for more in range(4)]), axis=0)


def _negation(codes: tf.Tensor, letter: tf.Tensor) -> tf.Tensor:
    """Return the n of each `n't` that ends a word."""

    def is_letter(values: tf.Tensor, small: str) -> tf.Tensor:
        return (values == ord(small)) | (values == ord(small.upper()))

    n = is_letter(codes, "n") & behind(letter, 1, False)
    straight = (ahead(codes, 1, 0) == APOSTROPHE) & is_letter(ahead(codes, 2, 0), "t") & ~ahead(letter, 3, False)
    curly = ahead(_curly(codes), 1, False)
    return n & (straight | (curly & is_letter(ahead(codes, 4, 0), "t") & ~ahead(letter, 5, False)))


def _int(flags: tf.Tensor) -> tf.Tensor:
    return tf.cast(flags, tf.int32)
