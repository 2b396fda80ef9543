"""Captions as words: one rule for the vocabulary, the metrics and the references."""

import hashlib
import re
from collections.abc import Sequence

END, START, UNKNOWN = 0, 1, 2
PADDING = -1  # where a target is none
RESERVED = ("<end>", "<start>", "<unknown>")

# A letter or digit, with apostrophes and hyphens inside: "don't", "t-shirt", "3".
_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u2010": "-", "\u2011": "-"})


def words_of(caption: str) -> list[str]:
    """Return the words of a caption: lower case, letters and digits, apostrophes and hyphens inside; no punctuation.

    `words_of("A dog's toy, on-the go ." ) == ["a", "dog's", "toy", "on-the", "go"]`
    """
    return _WORD.findall(caption.translate(_APOSTROPHES).lower())


def digest_of(words: Sequence[str]) -> str:
    """Return 8 characters that stand for a caption: training captions are known again without being kept."""
    return hashlib.blake2b(" ".join(words).encode(), digest_size=4).hexdigest()
