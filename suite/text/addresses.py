"""Choosing the words and n-grams that get a row of their own, from the training texts."""

import numpy as np

from suite.errors import UserError
from suite.text.bytes_tokenizer import ADDRESSES, BytesTokenizer
from suite.text.encoding import encode_texts

CHUNK_TEXTS = 4096  # bounds the memory of counting


def learn_addresses(texts, rows: int, ngrams=(3, 4, 5), min_count: int = 2) -> list[int]:
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
    # One row for each address, behind the row of padding.
    tokenizer = BytesTokenizer(ADDRESSES + 1, ngrams, max_tokens=ADDRESSES)
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
