"""The tokens that every generator reserves, and digests by which a sequence of training is known again."""

import hashlib
from collections.abc import Sequence

END, START, UNKNOWN = 0, 1, 2
PADDING = -1  # where a target is none
RESERVED = ("<end>", "<start>", "<unknown>")


def digest_of(words: Sequence[str]) -> str:
    """Return 8 characters that stand for a sentence: those of training are known again without being kept."""
    return hashlib.blake2b(" ".join(words).encode(), digest_size=4).hexdigest()
