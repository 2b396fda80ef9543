"""Captions as words: one rule for the vocabulary, the metrics and the references."""

import hashlib
from collections.abc import Sequence

from suite.text.words import words

END, START, UNKNOWN = 0, 1, 2
PADDING = -1  # where a target is none
RESERVED = ("<end>", "<start>", "<unknown>")


def words_of(caption: str, language: str | None = None) -> list[str]:
    """Return the words of a caption: small letters, no punctuation, apostrophes and hyphens inside words alone.

    `words_of("A dog's toy, on-the go ." ) == ["a", "dog's", "toy", "on-the", "go"]`

    Args:
        language: A language tag, for the case of letters; see `suite.text.words`, which says what a word is in any script.
    """
    return words(caption, language)


def digest_of(caption: Sequence[str]) -> str:
    """Return 8 characters that stand for a caption: training captions are known again without being kept."""
    return hashlib.blake2b(" ".join(caption).encode(), digest_size=4).hexdigest()
