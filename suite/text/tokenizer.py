"""The tokenizer that settings ask for."""

import functools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from suite.errors import UserError
from suite.text.bytes_tokenizer import BytesTokenizer

if TYPE_CHECKING:
    from suite.text.wordpiece_tokenizer import WordpieceTokenizer


def make_tokenizer(settings: Any, assets: Mapping[str, Any] | None = None) -> "BytesTokenizer | WordpieceTokenizer":
    """Return the tokenizer of `settings`.

    A tokenizer has `rows` (of the embedding table it needs), `specs` (name -> `tf.TensorSpec` of each tensor),
    `raw(texts)` (strings to what a call takes), `tokenizer(raw)` (a dict of int32 tensors, inside any graph) and
    `spans(text)` (character offsets of each token).

    Args:
        settings: Has `tokenizer`, `max_tokens`, `keep`; `hash_buckets` and `ngrams` for `bytes`.
        assets: A dict; its `vocabulary` is what `learn_tokenizer` returned. `bytes` can do without.

    Raises:
        UserError: for `wordpiece` without a vocabulary, or where tensorflow-text is not installed.
    """
    vocabulary = (assets or {}).get("vocabulary")
    if settings.tokenizer == "bytes":
        known = None if vocabulary is None else tuple(vocabulary)
        return _bytes_tokenizer(
            settings.hash_buckets, tuple(settings.ngrams), settings.max_tokens, settings.keep, known
        )
    # Imported here: tensorflow-text is not to be had everywhere.
    from suite.text.wordpiece_tokenizer import WordpieceTokenizer

    if not vocabulary:
        raise UserError("tokenizer 'wordpiece' needs the vocabulary learned from the training part")
    return WordpieceTokenizer(vocabulary, settings.max_tokens, settings.keep)


# The same settings and vocabulary give the same tokenizer, so that its graph is traced once for all parts of a data set.
_bytes_tokenizer = functools.lru_cache(maxsize=4)(BytesTokenizer)


def learn_tokenizer(settings: Any, texts: Iterable[str]) -> list | None:
    """Return what the tokenizer of `settings` learns from the training texts, JSON-able; None where it learns nothing.

    For `bytes` with `min_count` above 0 these are hash addresses, for `wordpiece` pieces of words.

    Args:
        settings: Has `tokenizer`; `hash_buckets`, `ngrams`, `min_count` for `bytes`; `vocabulary_size` for `wordpiece`.
        texts: Strings of the training part and of no other.

    Raises:
        UserError: if no text holds a word, or where tensorflow-text is needed and not installed.
    """
    if settings.tokenizer == "bytes":
        if not settings.min_count:
            return None
        from suite.text.addresses import learn_addresses

        return learn_addresses(texts, settings.hash_buckets, settings.ngrams, settings.min_count)
    from suite.text.vocabulary import learn_vocabulary

    return learn_vocabulary(texts, settings.vocabulary_size)
