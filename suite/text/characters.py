"""What kind of character each byte of UTF-8 text is part of, its small letter and its shape, with built-in ops of TFLite."""

import unicodedata
from functools import cache

import numpy as np
import tensorflow as tf

SPACE, LETTER, PUNCTUATION, SYMBOL, IDEOGRAPH, MARK = range(6)  # a mark is of the kind of the character before it
CAPITAL, SMALL, DIGIT = 1, 2, 3  # of a shape; marks stand for themselves
_BASIC = 0x10000  # code points of the basic plane, which has a table
_KIND_OF_CATEGORY = {"Z": SPACE, "C": LETTER, "P": PUNCTUATION, "S": PUNCTUATION, "M": MARK, "L": LETTER, "N": LETTER}
_KIND_OF_SUBCATEGORY = {"Cc": SPACE, "Cf": MARK, "So": SYMBOL}
_IDEOGRAPHS = [(0x3005, 0x3007), (0x3041, 0x3096), (0x30A1, 0x30FA), (0x3400, 0x9FFF), (0xF900, 0xFAFF)]  # and kana
_PICTOGRAPHS, _IDEOGRAPHS_BEYOND = (0x1F000, 0x1FAFF), (0x20000, 0x3FFFF)
_ZERO_WIDTH_SPACES = (0x200B, 0xFEFF)


@cache
def _kind_table() -> np.ndarray:
    """Return the kind of each code point of the basic plane, uint8 `(65536,)`, by its category in Unicode."""
    categories = [unicodedata.category(chr(point)) for point in range(_BASIC)]
    table = np.array([_KIND_OF_SUBCATEGORY.get(name, _KIND_OF_CATEGORY[name[0]]) for name in categories], np.uint8)
    for first, last in _IDEOGRAPHS:
        table[first : last + 1] = IDEOGRAPH
    table[list(_ZERO_WIDTH_SPACES)] = SPACE
    return table


def behind(values: tf.Tensor, places: int, fill: int | bool) -> tf.Tensor:
    """Return the values this many bytes before, `fill` before the first."""
    filled = tf.concat([tf.fill([tf.shape(values)[0], places], fill), values], axis=1)
    return filled[:, :-places]


def ahead(values: tf.Tensor, places: int, fill: int | bool) -> tf.Tensor:
    """Return the values this many bytes further on, `fill` beyond the end."""
    if places == 0:
        return values
    filled = tf.concat([values, tf.fill([tf.shape(values)[0], places], fill)], axis=1)
    return filled[:, places:]


def between(values: tf.Tensor, first: int, last: int) -> tf.Tensor:
    """Return whether values are at least `first` and at most `last`."""
    return (values >= first) & (values <= last)


def continues(codes: tf.Tensor) -> tf.Tensor:
    """Return whether a byte goes on with the character of the byte before it."""
    return between(codes, 0x80, 0xBF)


def code_points(codes: tf.Tensor) -> tf.Tensor:
    """Return the code point of the character that begins at each byte, of bytes int32 `(batch, bytes)`; 0 within one."""
    second, third, fourth = (_low_bits(ahead(codes, place, 0)) for place in (1, 2, 3))
    two = (codes - 0xC0) * 64 + second
    three = ((codes - 0xE0) * 64 + second) * 64 + third
    four = (((codes - 0xF0) * 64 + second) * 64 + third) * 64 + fourth
    wide = tf.where(codes >= 0xF0, four, tf.where(codes >= 0xE0, three, two))
    return tf.where(codes < 0x80, codes, tf.where(continues(codes), 0, wide))


def kinds(codes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the kind of the character that each byte is part of, and whether the byte begins one that is no mark.

    Args:
        codes: Bytes, int32 `(batch, bytes)`; NUL is a space.
    """
    points = code_points(codes)
    kind = tf.cast(tf.gather(_kind_table(), tf.minimum(points, _BASIC - 1)), tf.int32)
    beyond = tf.where(between(points, *_PICTOGRAPHS), SYMBOL, LETTER)
    beyond = tf.where(between(points, *_IDEOGRAPHS_BEYOND), IDEOGRAPH, beyond)
    kind = tf.where(points < _BASIC, kind, beyond)
    # A mark behind a space, or at the very beginning, is a letter.
    mark = kind == MARK
    kind = tf.where(mark, LETTER, kind)
    mark &= behind(codes, 1, ord(" ")) > ord(" ")
    # The last byte at or before each one that begins a character of its own, found by counting them.
    base = ~continues(codes) & ~mark
    number = tf.cumsum(tf.cast(base, tf.int32), axis=1)
    batch, size = tf.unstack(tf.shape(codes))
    segment = tf.reshape(number + tf.range(batch)[:, tf.newaxis] * (size + 1), [-1])
    of_base = tf.math.unsorted_segment_sum(tf.reshape(tf.where(base, kind, 0), [-1]), segment, batch * (size + 1))
    return tf.reshape(tf.gather(of_base, segment), tf.shape(codes)), base


def fold(codes: tf.Tensor) -> tf.Tensor:
    """Return bytes with the capitals of ASCII, Latin-1, Greek and Cyrillic as small letters; lengths stay."""
    before, after = behind(codes, 1, 0), ahead(codes, 1, 0)
    folded = tf.where(between(codes, ord("A"), ord("Z")), codes + 32, codes)
    latin = (before == 0xC3) & between(codes, 0x80, 0x9E) & (codes != 0x97)
    folded = tf.where(latin | ((before == 0xCE) & between(codes, 0x91, 0x9F)), codes + 32, folded)
    folded = tf.where((before == 0xCE) & between(codes, 0xA0, 0xAB), codes - 32, folded)
    folded = tf.where((codes == 0xCE) & between(after, 0xA0, 0xAB), 0xCF, folded)
    folded = tf.where((before == 0xD0) & between(codes, 0x90, 0x9F), codes + 32, folded)
    folded = tf.where((before == 0xD0) & between(codes, 0xA0, 0xAF), codes - 32, folded)
    folded = tf.where((before == 0xD0) & between(codes, 0x80, 0x8F), codes + 16, folded)
    moves_on = between(after, 0xA0, 0xAF) | between(after, 0x80, 0x8F)
    return tf.where((codes == 0xD0) & moves_on, 0xD1, folded)


def shapes(codes: tf.Tensor) -> tf.Tensor:
    """Return `CAPITAL`, `SMALL` or `DIGIT` of the character that each byte is part of, or the ASCII mark itself."""
    after = ahead(codes, 1, 0)
    capital = between(codes, ord("A"), ord("Z"))
    capital |= (codes == 0xC3) & between(after, 0x80, 0x9E)
    capital |= (codes == 0xCE) & between(after, 0x86, 0xAB)
    capital |= (codes == 0xD0) & between(after, 0x80, 0xAF)
    small = between(codes, ord("a"), ord("z")) | (codes >= 0x80)
    shape = tf.where(
        capital, CAPITAL, tf.where(small, SMALL, tf.where(between(codes, ord("0"), ord("9")), DIGIT, codes))
    )
    for _ in range(3):
        shape = tf.where(continues(codes), behind(shape, 1, 0), shape)
    return shape


def _low_bits(codes: tf.Tensor) -> tf.Tensor:
    """Return the six bits of a byte that goes on with a character."""
    return tf.math.floormod(codes, 64)
