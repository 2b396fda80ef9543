"""Text inside the graph: tokenizers, their embedding, and encoding of whole data sets."""

from suite.text.bytes_tokenizer import BytesTokenizer
from suite.text.embedding import TextEmbedding
from suite.text.encoding import encode_texts, pad_encoded
from suite.text.tokenizer import learn_tokenizer, make_tokenizer

__all__ = [
    "BytesTokenizer",
    "TextEmbedding",
    "encode_texts",
    "learn_tokenizer",
    "make_tokenizer",
    "pad_encoded",
]
