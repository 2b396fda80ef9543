"""Tabulation hashing: random tables whose looked-up entries are added, without overflow in int32.

Source: Zobrist 1970, "A New Hashing Method with Application for Game Playing"; Patrascu & Thorup 2011, "The Power of
Simple Tabulation Hashing". Entries are added rather than xor-ed because TFLite has a segment sum and no segment xor.
"""

import hashlib

import numpy as np

ENTRY_BITS = 20  # 32 entries add up to less than 2**25: exact in int32 everywhere
SYMBOLS = 256
LONGEST_TOKEN = 32  # bytes; a longer run of letters is cut into pieces
ADDRESSES = 1 << 18  # hash values told apart where rows are learned
MOST_ROWS = 1 << 15  # rows fit in int16
PADDING, UNKNOWN = 0, 1  # rows with a meaning of their own
FIRST_LETTER, LAST_LETTER, CASE_STEP = ord("A"), ord("Z"), ord("a") - ord("A")


def hash_table(name: str, columns: int) -> np.ndarray:
    """Return the random table `(256, columns)`, int32, entries below `2**20`, that belongs to `name`.

    Drawn from SHAKE-256 and not from a random number generator, so that it is the same for every version of numpy:
    trained embeddings depend on it.
    """
    stream = hashlib.shake_256(f"suite.text {name}".encode()).digest(SYMBOLS * columns * 4)
    entries = np.frombuffer(stream, dtype="<u4") >> (32 - ENTRY_BITS)
    return entries.astype(np.int32).reshape(SYMBOLS, columns)
