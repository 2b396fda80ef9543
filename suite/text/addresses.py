"""Choosing the words and n-grams that get a row of their own, from the training texts."""

import functools
import re
from collections.abc import Iterable, Sequence

import numpy as np

from suite.errors import UserError
from suite.text.bytes_tokenizer import BytesTokenizer
from suite.text.encoding import encode_texts
from suite.text.hashing import ADDRESSES, LONGEST_TOKEN, hash_table

CHUNK_TEXTS = 4096  # bounds the memory of counting
_LETTER = rb"a-z0-9\x80-\xff"
_TOKEN = re.compile(rb"(?:[%b]|(?<=[%b])'(?=[%b]))+|[^%b\x00-\x20\x7f]+" % ((_LETTER,) * 4))


def learn_addresses(
    texts: Iterable[str], rows: int, ngrams: Sequence[int] = (3, 4, 5), min_count: int = 2
) -> list[int]:
    """Return the hash addresses of the most frequent words and n-grams, the same list whatever the order of the texts.

    What occurs once teaches a model its one text by heart, and what shares a row with something else blurs both:
    rows of their own for what is frequent, and none for the rest, learn better than a plain modulo.

    Args:
        texts: Strings of the training part and of no other.
        rows: Rows of the embedding table, at most; two of them have other uses.
        ngrams: Lengths of the n-grams in bytes.
        min_count: Texts in which a word or n-gram must occur.

    Raises:
        UserError: if no text holds a word.
    """
    tokenizer = _counting_tokenizer(tuple(ngrams))
    counts = np.zeros(ADDRESSES + 1, np.int64)
    texts = list(texts)
    for start in range(0, len(texts), CHUNK_TEXTS):
        for item in encode_texts(tokenizer, texts[start : start + CHUNK_TEXTS]):
            counts[np.unique(np.concatenate([item[name] for name in ("words", "ngrams") if name in item]))] += 1
    counts = counts[1:]
    if not counts.any():
        raise UserError("cannot learn rows: no text of the training part holds a word")
    by_frequency = np.argsort(-counts, kind="stable")
    return by_frequency[: min(np.sum(counts >= min_count), rows - 2)].tolist()


@functools.lru_cache(maxsize=1)
def _counting_tokenizer(ngrams: tuple[int, ...]) -> BytesTokenizer:
    """Return the tokenizer with one row for each address, behind the row of padding; the same for all folds of a run."""
    return BytesTokenizer(ADDRESSES + 1, ngrams, max_tokens=ADDRESSES)


def split_words(text: str) -> list[str]:
    """Return the tokens that `BytesTokenizer` makes of a text, ASCII capitals folded, without the graph.

    Tokens cut inside a character, which no word is, are left out.
    """
    words = []
    for run in _TOKEN.findall(text.encode("utf-8", "surrogatepass").lower()):
        for start in range(0, len(run), LONGEST_TOKEN):
            try:
                words.append(run[start : start + LONGEST_TOKEN].decode())
            except UnicodeDecodeError:
                continue
    return words


def word_addresses(words: Sequence[str]) -> list[int]:
    """Return the hash address that `BytesTokenizer` gives each word, as `split_words` has it."""
    table = hash_table("words", LONGEST_TOKEN)
    addresses = []
    for word in words:
        codes = np.frombuffer(word.encode(), np.uint8)
        addresses.append(int(table[codes, np.arange(len(codes))].sum()) % ADDRESSES)
    return addresses
