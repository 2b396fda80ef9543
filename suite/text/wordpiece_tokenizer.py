"""Text to word pieces of a learned vocabulary, inside the graph, with tensorflow-text."""

from collections.abc import Sequence
from types import ModuleType

import numpy as np
import tensorflow as tf

from suite.errors import UserError

PADDING, UNKNOWN = "[PAD]", "[UNK]"
RESERVED = (PADDING, UNKNOWN)


class WordpieceTokenizer:
    """Normalises text (NFKC, case folding) and splits it into the longest pieces that the vocabulary knows.

    Args:
        vocabulary: The pieces, `[PAD]` first and `[UNK]` second; a piece inside a word begins with `##`.
        max_tokens: Tokens kept of each text.
        keep: What is kept of a longer text: its `"head"`, or both `"ends"`, half from each.

    Raises:
        UserError: where tensorflow-text is not installed, or for a list that is not such a vocabulary.

    Source: Song et al. 2021, "Fast WordPiece Tokenization".
    """

    name = "wordpiece"
    dtype = "string"
    ops = ("FastWordpieceTokenizeWithOffsets",)  # of tensorflow-text; what `split_one` needs on a phone

    def __init__(self, vocabulary: Sequence[str], max_tokens: int = 256, keep: str = "head") -> None:
        if tuple(vocabulary[:2]) != RESERVED:
            raise UserError(f"a vocabulary begins with {PADDING} and {UNKNOWN}. Received: {list(vocabulary[:2])}")
        self.vocabulary = list(vocabulary)
        self.rows = len(self.vocabulary)
        self.max_tokens = max_tokens
        self.keep = keep
        self._pieces = tensorflow_text().FastWordpieceTokenizer(
            vocab=self.vocabulary, unknown_token=UNKNOWN, token_out_type=tf.int32, support_detokenization=False
        )

    @property
    def specs(self) -> dict[str, tf.TensorSpec]:
        """Return the shape and dtype of every tensor that a call returns."""
        return {"words": tf.TensorSpec((None, None), tf.int32)}

    def raw(self, texts: Sequence[str | bytes]) -> np.ndarray:
        """Return texts (str or bytes) as what a call takes: an array `(batch,)` of UTF-8 strings."""
        return np.array([_utf8(text) for text in texts], dtype=object)

    def __call__(self, text: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the ids of pieces.

        Args:
            text: `tf.string (batch,)`.

        Returns:
            `words`: `int32 (batch, time)`, the row of each piece in the vocabulary; 0 is padding. `time` is at least 1.
        """
        return self.split(normalize(text))

    def split(self, text: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the ids of pieces of texts that are normalised already; as a call does."""
        words = self._kept(self._pieces.tokenize(text)).to_tensor(0)
        return {"words": tf.cond(tf.shape(words)[1] > 0, lambda: words, lambda: tf.pad(words, [[0, 0], [0, 1]]))}

    def split_one(self, text: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the same for a batch of one, without ops for ragged tensors: TFLite lacks those.

        Args:
            text: `tf.string (1,)`, normalised.
        """
        words = self._pieces.tokenize(text).flat_values
        if self.keep == "head":
            words = words[: self.max_tokens]
        else:
            head = (self.max_tokens + 1) // 2
            start = tf.maximum(tf.shape(words)[0] - (self.max_tokens - head), tf.minimum(head, tf.shape(words)[0]))
            words = tf.concat([words[:head], words[start:]], axis=0)
        missing = tf.maximum(1 - tf.shape(words)[0], 0)
        return {"words": tf.reshape(tf.concat([words, tf.zeros((missing,), tf.int32)], axis=0), (1, -1))}

    def normalized(self, text: bytes) -> bytes:
        """Return a text in Unicode form NFKC with case folded, UTF-8."""
        return normalize(tf.constant(text)).numpy()

    def pieces(self, text: bytes) -> np.ndarray:
        """Return the piece numbers of a text, int32 `(pieces,)`."""
        return self(tf.constant([text]))["words"].numpy()[0]

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return the character offsets `(start, end)` of each token in `text`, one for every step of the graph."""
        owners = characters_of_normalised(text)
        _, starts, ends = self._pieces.tokenize_with_offsets(normalize(tf.constant([_utf8(text)])))
        if not starts.flat_values.shape[0]:
            return []
        starts, ends = (self._kept(offsets).numpy()[0] for offsets in (starts, ends))
        return [(owners[start], owners[end - 1] + 1) for start, end in zip(starts, ends, strict=True)]

    def _kept(self, ragged: tf.RaggedTensor) -> tf.RaggedTensor:
        if self.keep == "head":
            return ragged[:, : self.max_tokens]
        head = (self.max_tokens + 1) // 2
        lengths = ragged.row_lengths()
        index = tf.ragged.range(lengths)
        surplus = tf.maximum(lengths - self.max_tokens, 0)[:, tf.newaxis]
        within = (index < head) | (index >= tf.cast(head, index.dtype) + surplus)
        return tf.ragged.boolean_mask(ragged, within)


def normalize(text: tf.Tensor) -> tf.Tensor:
    """Return `tf.string` texts of any shape in Unicode form NFKC with case folded."""
    library = tensorflow_text()
    return library.case_fold_utf8(library.normalize_utf8(text, "NFKC"))


def characters_of_normalised(text: str) -> list[int]:
    """Return, for each byte of the normalised text, the index of the character of `text` that it came from.

    Characters may combine with those before them, but an ASCII character never does: the text is cut before each, and
    in every piece a character owns the bytes by which it makes the normalised piece longer.
    """
    cuts = [index for index, character in enumerate(text) if index == 0 or character.isascii()]
    pieces = list(zip(cuts, [*cuts, len(text)][1:], strict=True))
    prefixes = [text[start:stop] for start, end in pieces for stop in range(start + 1, end + 1)]
    if not prefixes:
        return []
    sizes = [len(prefix) for prefix in normalize(tf.constant([_utf8(prefix) for prefix in prefixes])).numpy()]
    owners = []
    for start, end in pieces:
        piece, longest = [], 0
        for index in range(start, end):
            longest = max(longest, sizes[index])
            piece += [index] * (longest - len(piece))
        owners += piece[: sizes[end - 1]]
    return owners


def tensorflow_text() -> ModuleType:
    """Return the module `tensorflow_text`.

    Raises:
        UserError: where it is not installed: there are no wheels for Windows and for Linux on aarch64.
    """
    try:
        import tensorflow_text
    except ImportError as error:
        raise UserError(
            "tokenizer 'wordpiece' needs the package tensorflow-text, which is not installed here (it has no wheels for "
            "Windows and Linux aarch64); use tokenizer 'bytes'"
        ) from error
    return tensorflow_text


def _utf8(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "replace")
