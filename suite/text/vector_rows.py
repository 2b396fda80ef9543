"""Rows of the embedding that begin with vectors learned elsewhere: which words have them, and where they stand."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from suite.errors import UserError
from suite.text.addresses import split_words, word_addresses
from suite.text.hashing import MOST_ROWS
from suite.text.word_vectors import WordVectors, describe, read_word_vectors

RESERVED_ROWS = 2  # padding, and what has no row of its own

# The file, its time and size -> the words that were asked for, and what it has of them; one entry at most.
_last_read: dict[tuple | None, tuple[frozenset[str], WordVectors]] = {}


class VectorRows(NamedTuple):
    """A vocabulary whose first rows are those of words with vectors.

    Attributes:
        vocabulary: As `learn_tokenizer` returns it.
        words: The words of the rows from row 2 on, in order.
        note: What was found, for people.
    """

    vocabulary: list
    words: list[str]
    note: str


def vectors_first(settings: Any, texts: Sequence[str], vocabulary: list) -> VectorRows:
    """Return a learned vocabulary with the words that have vectors in front.

    With the `bytes` tokenizer every word of the training texts that has a vector gets a row, however rare, and what was
    learned keeps the rest, 32,768 rows in all; two words of one hash address share the vector of the more frequent one.
    With `wordpiece` the pieces that are whole words do.

    Args:
        settings: Has `tokenizer`, `word_vectors`, `embedding`.
        texts: Strings of the training part and of no other.
        vocabulary: What `learn_tokenizer` learned from them.

    Raises:
        UserError: for a file that cannot be read, has none of the words, or vectors that are not `embedding` wide.
    """
    if settings.tokenizer == "bytes":
        counts = Counter(word for text in texts for word in split_words(text))
        return words_first(settings, sorted(counts, key=lambda word: (-counts[word], word)), vocabulary)
    words = [piece for piece in vocabulary[RESERVED_ROWS:] if not piece.startswith("##")]
    vectors = _read(settings, words)
    with_vectors = set(vectors.words)
    learned_pieces = [piece for piece in vocabulary[RESERVED_ROWS:] if piece not in with_vectors]
    note = describe(settings.word_vectors, vectors, words)
    return VectorRows([*vocabulary[:RESERVED_ROWS], *vectors.words, *learned_pieces], vectors.words, note)


def words_first(settings: Any, words: Sequence[str], vocabulary: Sequence[int]) -> VectorRows:
    """Return learned hash addresses with those of the words that have vectors in front.

    Args:
        settings: Has `word_vectors`, `embedding`.
        words: Of the training part as they are hashed, the most frequent first.
        vocabulary: Hash addresses that have rows without them.

    Raises:
        UserError: as `vectors_first`.
    """
    vectors = _read(settings, words)
    of_address: dict[int, str] = {}
    for word, address in zip(vectors.words, word_addresses(vectors.words), strict=True):
        of_address.setdefault(address, word)
    addresses = [*of_address, *(address for address in vocabulary if address not in of_address)]
    room = MOST_ROWS - RESERVED_ROWS
    note = describe(settings.word_vectors, vectors, words)
    return VectorRows(addresses[:room], list(of_address.values())[:room], note)


def vectors_of_rows(settings: Any, words: Sequence[str]) -> WordVectors:
    """Return the vectors of the words that `vectors_first` found.

    Raises:
        UserError: if the file no longer has them all.
    """
    vectors = _read(settings, words)
    if len(vectors.words) != len(words):
        missing = next(word for word in words if word not in set(vectors.words))
        raise UserError(f"{settings.word_vectors}: the file has changed: it has no vector of {missing!r} any more")
    return vectors


def fixed_rows(settings: Any, assets: dict[str, Any]) -> int:
    """Return how many rows hold word vectors that training leaves alone."""
    return 0 if settings.learn_word_vectors else len(assets.get("vector_words", ()))


def row_names(rows: Sequence[Any], fixed: int) -> dict[str, tuple[int | tuple[int, ...], Sequence[Any]]]:
    """Return the weights of the layer `embedding` whose entries belong to rows; fixed ones are a weight of their own."""
    behind = RESERVED_ROWS + fixed
    names: dict[str, tuple[int | tuple[int, ...], Sequence[Any]]] = {}
    if fixed:
        names["embedding/vectors"] = (0, rows[RESERVED_ROWS:behind])
    return names | {"embedding/table": (0, [*rows[:RESERVED_ROWS], *rows[behind:]])}


def _read(settings: Any, words: Sequence[str]) -> WordVectors:
    vectors = _vectors_of(Path(settings.word_vectors), words)
    features = vectors.vectors.shape[1]
    if features != settings.embedding:
        raise UserError(
            f"{settings.word_vectors}: vectors of {features} numbers, but setting 'embedding' is {settings.embedding}; "
            f"--set embedding={features} makes them fit"
        )
    if not vectors.words:
        raise UserError(
            f"{settings.word_vectors}: none of the {len(words):,} words of the training texts is in it, as {words[0]!r} is not"
            if words
            else f"{settings.word_vectors}: the training texts hold no word that could have a vector"
        )
    return vectors


def _vectors_of(path: Path, words: Sequence[str]) -> WordVectors:
    """Return what a file has of some words, and hold it until the next call: vocabulary and model ask one after the other."""
    state = (path, path.stat().st_mtime_ns, path.stat().st_size) if path.is_file() else None
    asked, vectors = _last_read.pop(state, (frozenset(), None))
    if vectors is not None and asked.issuperset(words):
        rows = {word: row for row, word in enumerate(vectors.words)}
        present = [word for word in words if word in rows]
        return WordVectors(present, vectors.vectors[[rows[word] for word in present]], [])
    vectors = read_word_vectors(path, words)
    _last_read.clear()
    _last_read[state] = frozenset(words), vectors
    return vectors
