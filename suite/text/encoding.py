"""Encoding texts once into compact arrays, and padding batches of them."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

if TYPE_CHECKING:
    from suite.text.bytes_tokenizer import BytesTokenizer
    from suite.text.wordpiece_tokenizer import WordpieceTokenizer


CHUNK_BYTES = 1 << 18  # padded bytes that go through the graph at once; bounds the memory of encoding
GRAPHS_KEPT = 8


def encode_texts(
    tokenizer: "BytesTokenizer | WordpieceTokenizer", texts: Sequence[str | bytes]
) -> list[dict[str, np.ndarray]]:
    """Return the tokenizer's tensors for each text, without padding.

    Args:
        tokenizer: A tokenizer of this package.
        texts: Strings (or bytes), in any order.

    Returns:
        One dict for each text, in the order given: `words (time,)` and, from a tokenizer with n-grams, `ngrams (count,)`
        and `ngram_tokens (count,)`; unsigned integers of 16 bits where they suffice.
    """
    graph = _graph(tokenizer)
    encoded: list[dict[str, np.ndarray]] = [{}] * len(texts)
    for chunk in _chunks(texts):
        tensors = {name: tensor.numpy() for name, tensor in graph(tokenizer.raw([texts[i] for i in chunk])).items()}
        for row, index in enumerate(chunk):
            encoded[index] = _compact({name: values[row] for name, values in tensors.items()})
    return encoded


def pad_encoded(encoded: list[dict[str, np.ndarray]], length: int | None = None) -> dict[str, np.ndarray]:
    """Return one batch of `encode_texts` results, `int32 (batch, length)` each, zero-padded.

    Args:
        encoded: One dict for each text.
        length: Steps of the time axis; longer texts are cut. None takes the longest text. n-grams have an axis of their
            own, as long as the batch needs.
    """
    longest = max((len(item["words"]) for item in encoded), default=0)
    length = max(longest, 1) if length is None else length
    if longest > length:
        encoded = [_cut(item, length) for item in encoded]
    widths = {
        name: max(max(len(item[name]) for item in encoded), 1) for name in (encoded[0] if encoded else {"words": 0})
    }
    widths["words"] = length
    batch = {name: np.zeros((len(encoded), width), np.int32) for name, width in widths.items()}
    for row, item in enumerate(encoded):
        for name, values in item.items():
            batch[name][row, : len(values)] = values
    return batch


@functools.lru_cache(maxsize=GRAPHS_KEPT)
def _graph(tokenizer: "BytesTokenizer | WordpieceTokenizer") -> Callable[[np.ndarray], dict[str, tf.Tensor]]:
    """Return the tokenizer as a function of TensorFlow, traced once however many parts of a data set go through it."""
    rank = 1 if tokenizer.dtype == "string" else 2
    signature = [tf.TensorSpec((None,) * rank, tokenizer.dtype)]
    return tf.function(tokenizer.__call__, input_signature=signature, autograph=False)


def _chunks(texts: Sequence[str | bytes]) -> Iterator[list[int]]:
    """Yield lists of indices of texts of similar length whose padded size stays below `CHUNK_BYTES`."""
    sizes = [len(text) if isinstance(text, bytes) else len(text.encode("utf-8", "surrogatepass")) for text in texts]
    chunk = []
    for index in sorted(range(len(texts)), key=sizes.__getitem__):
        if chunk and (len(chunk) + 1) * (sizes[index] + 1) > CHUNK_BYTES:
            yield chunk
            chunk = []
        chunk.append(index)
    if chunk:
        yield chunk


def _compact(row: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    result = {}
    for name, values in row.items():
        present = values[row["words" if name == "words" else "ngrams"] != 0]
        result[name] = present.astype(np.uint16 if present.max(initial=0) < 1 << 16 else np.uint32)
    return result


def _cut(item: dict[str, np.ndarray], length: int) -> dict[str, np.ndarray]:
    result = {"words": item["words"][:length]}
    if "ngrams" in item:
        within = item["ngram_tokens"] < length
        result.update(ngrams=item["ngrams"][within], ngram_tokens=item["ngram_tokens"][within])
    return result
