"""Best-path decoding: the best symbol of every frame, repeats merged, blanks dropped."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from suite.decoding.text_bytes import text_bytes

if TYPE_CHECKING:
    import tensorflow as tf


BLANK = 0


class GreedyPath(NamedTuple):
    """The symbols on the best path of one utterance, all arrays `(symbols,)`.

    Attributes:
        ids: int32 symbol ids, without blanks.
        frames: int32, the first frame of each symbol.
        probabilities: float32, the highest probability of each symbol over its frames.
    """

    ids: np.ndarray
    frames: np.ndarray
    probabilities: np.ndarray

    def text(self, symbols: Sequence[str]) -> str:
        """Return the symbols joined; `symbols[0]` is the blank."""
        return "".join(symbols[index] for index in self.ids)


class GreedyBytes(NamedTuple):
    """What `greedy_bytes` gives.

    Attributes:
        text: uint8 `(batch, bytes)`, UTF-8 padded with zeros.
        text_length: int32 `(batch,)`, bytes that count.
        last: int32 `(batch,)`, the symbol of the last valid frame: `previous` of the next chunk.
    """

    text: object
    text_length: object
    last: object


def greedy(log_probs: np.ndarray) -> GreedyPath:
    """Return the best path of one utterance.

    Args:
        log_probs: float `(frames, symbols)`, natural logarithms; symbol 0 is the blank. No padding frames.
    """
    log_probs = np.asarray(log_probs)
    if not len(log_probs):
        return GreedyPath(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.float32))
    best = log_probs.argmax(-1)
    runs = np.flatnonzero(np.diff(best, prepend=-1))
    highest = np.maximum.reduceat(log_probs[np.arange(len(best)), best], runs)
    spoken = best[runs] != BLANK
    runs = runs[spoken]
    return GreedyPath(best[runs].astype(np.int32), runs.astype(np.int32), np.exp(highest[spoken].astype(np.float32)))


def frames_needed(labels: Sequence[int] | np.ndarray) -> int:
    """Return the least number of frames that an alignment of these labels takes.

    One for each label, and a blank between two equal neighbours.

    Args:
        labels: Symbol ids of one target, without padding.
    """
    labels = np.asarray(labels)
    return len(labels) + int(np.count_nonzero(labels[1:] == labels[:-1]))


def greedy_bytes(
    log_probs: "tf.Tensor", frames: "tf.Tensor", symbols: Sequence[str], previous: "tf.Tensor | None" = None
) -> GreedyBytes:
    """Return the text of the best path as bytes, inside a graph; only built-in ops of TFLite.

    Args:
        log_probs: float `(batch, frames, symbols)`; symbol 0 is the blank.
        frames: int32 `(batch,)`: frames that count.
        symbols: The text of each symbol, `symbols[0]` (the blank) is not looked at; a symbol may take several bytes.
        previous: int32 `(batch,)`, `last` of the chunk before: a symbol that goes on over the border is not written
            twice. None at the start.

    Returns:
        Bytes for as many symbols as there are frames: `bytes` is frames times the bytes of the longest symbol.
    """
    import tensorflow as tf

    batch, steps = tf.shape(log_probs)[0], tf.shape(log_probs)[1]
    frames = tf.cast(frames, tf.int32)
    valid = tf.range(steps)[None] < frames[:, None]
    best = tf.where(valid, tf.argmax(log_probs, -1, output_type=tf.int32), BLANK)
    first = tf.zeros((batch,), tf.int32) if previous is None else tf.cast(previous, tf.int32)
    path = tf.concat([first[:, None], best], 1)
    text, text_length = text_bytes(best, best != path[:, :-1], ["", *symbols[1:]])
    return GreedyBytes(text, text_length, tf.gather(path, frames, axis=1, batch_dims=1))
