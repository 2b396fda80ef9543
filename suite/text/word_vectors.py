"""Vectors of words that were learned elsewhere (GloVe, fastText, word2vec as text): only those of the words asked for."""

import gzip
import math
import zlib
from collections.abc import Iterable, Iterator, Sequence
from io import BufferedReader
from pathlib import Path
from typing import NamedTuple

import numpy as np

from suite.errors import UserError
from suite.text.words import clean, lower

GZIP_MAGIC, ZIP_MAGIC, MARK = b"\x1f\x8b", b"PK\x03\x04", b"\xef\xbb\xbf"
LINE = "a word and its numbers, with spaces between them"


class WordVectors(NamedTuple):
    """What a file has of the words asked for.

    Attributes:
        words: The words found, in the order in which they were asked for.
        vectors: float32 `(words, features)`.
        repeated: Words that the file has more than once; the first time counts.
    """

    words: list[str]
    vectors: np.ndarray
    repeated: list[str]


def read_word_vectors(path: Path | str, vocabulary: Sequence[str]) -> WordVectors:
    """Return the vectors of some words, read line by line in little memory.

    A line is a word and its numbers; a first line `WORDS FEATURES` (fastText, word2vec) is checked. A word that the file
    does not have as it is written takes the vector of the first one that differs from it in case or Unicode form alone.

    Args:
        path: A text file, plain or gzip, UTF-8.
        vocabulary: The words.

    Raises:
        UserError: naming the line that is no such line; also for an empty, cut-off or unreadable file.
    """
    path = Path(path)
    alike: dict[str, list[int]] = {}
    for index, word in enumerate(vocabulary):
        alike.setdefault(_folded(word), []).append(index)
    encoded = [word.encode("utf-8", "surrogatepass") for word in vocabulary]
    vectors: dict[int, list[float]] = {}
    exact: set[int] = set()  # words whose vector is of their very spelling
    repeated: list[str] = []
    features = 0
    for number, spelling, numbers in _lines(path):
        features = features or numbers.count(b" ") + 1
        for index in alike.get(_folded(spelling.decode("utf-8", "replace")), ()):
            same = encoded[index] == spelling
            if same and index in exact:
                repeated.append(vocabulary[index])
            elif same or index not in vectors:
                vectors[index] = _parse(numbers, f"{path}:{number}")
                exact.update([index] * same)
    indices = sorted(vectors)
    rows = np.array([vectors[index] for index in indices], np.float32).reshape(len(indices), features)
    return WordVectors([vocabulary[index] for index in indices], rows, repeated)


def _folded(word: str) -> str:
    return lower(clean(word))


def _lines(path: Path) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield line number, word and numbers (parted by single spaces) of every line, all of as many numbers."""
    features = announced = count = 0
    number = 0
    try:
        with _open(path) as file:
            for number, line in enumerate(file, 1):
                line = (line.removeprefix(MARK) if number == 1 else line).rstrip(b" \t\r\n").replace(b"\t", b" ")
                if not line:
                    continue
                if number == 1 and (header := _header(line)):
                    announced, features = header
                    continue
                features = features or line.count(b" ")
                # A word may hold spaces (GloVe's ". . ."), so fields are counted from the end.
                word, *fields = (
                    line.rsplit(b" ", features) if features and line.count(b" ") > features else line.split(b" ", 1)
                )
                numbers = b" ".join(fields)
                if not features or numbers.count(b" ") + 1 != features or not numbers:
                    raise UserError(
                        f"{path}:{number}: expected {LINE}, {features or 'some'} on every line. "
                        f"Received: {line[:60].decode('utf-8', 'replace')!r}, {line.count(b' ')} numbers"
                    )
                count += 1
                yield number, word, numbers
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file") from error
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path}: cannot be read to its end, after line {number}: {error}") from error
    if not count:
        raise UserError(
            f"{path}: expected lines of {LINE}. Received: {'a header alone' if announced else 'an empty file'}"
        )
    if announced and count != announced:
        raise UserError(
            f"{path}: expected {announced:,} words, as its first line says. Received: {count:,}; is it cut off?"
        )


def _open(path: Path) -> gzip.GzipFile | BufferedReader:
    with path.open("rb") as file:
        start = file.read(4)
    if start == ZIP_MAGIC:
        raise UserError(f"{path}: expected a text file, plain or gzip. Received: a zip archive; unpack it")
    return gzip.open(path, "rb") if start[:2] == GZIP_MAGIC else path.open("rb")


def _header(line: bytes) -> tuple[int, int] | None:
    fields = line.split()
    return (int(fields[0]), int(fields[1])) if len(fields) == 2 and all(field.isdigit() for field in fields) else None


def _parse(numbers: bytes, place: str) -> list[float]:
    values = []
    for field in numbers.split(b" "):
        try:
            values.append(float(field))
        except ValueError:
            values.append(math.nan)
        if not math.isfinite(values[-1]):
            raise UserError(f"{place}: expected {LINE}. Received: {field[:40].decode('utf-8', 'replace')!r}")
    return values


def describe(path: Path | str, vectors: WordVectors, vocabulary: Iterable[str]) -> str:
    """Return a sentence that says how many words have vectors."""
    total = len(set(vocabulary))
    text = f"{Path(path).name}: vectors of {vectors.vectors.shape[1]} features for {len(vectors.words):,} of {total:,} words"
    if vectors.repeated:
        text += f"; {len(vectors.repeated):,} stand there more than once, as {vectors.repeated[0]!r}, and the first time counts"
    return f"{text}."
