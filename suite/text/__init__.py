"""Text: what a word is, tokenizers inside the graph, their embedding, word vectors, and encoding of whole data sets."""

import importlib
from typing import Any

_MODULES = {
    "BytesTokenizer": "bytes_tokenizer",
    "TextEmbedding": "embedding",
    "encode_texts": "encoding",
    "learn_tokenizer": "tokenizer",
    "make_tokenizer": "tokenizer",
    "pad_encoded": "encoding",
}

__all__ = list(_MODULES)


def __getattr__(name: str) -> Any:
    """Import what is asked for: what a word is must be had without TensorFlow."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
