"""Pieces of text joined inside a graph, as the bytes that an app reads without a vocabulary."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tensorflow as tf


def text_bytes(ids: "tf.Tensor", written: "tf.Tensor", texts: Sequence[str]) -> "tuple[tf.Tensor, tf.Tensor]":
    """Return texts one behind the other as UTF-8 bytes; only built-in ops of TFLite.

    Args:
        ids: int32 `(batch, pieces)`, numbers in `texts`.
        written: boolean `(batch, pieces)`, True where a piece is written.
        texts: The text of each number; one may take several bytes, or none.

    Returns:
        `(text, length)`: uint8 `(batch, bytes)`, zeros after what is written, `bytes` being pieces times the bytes of the
        longest text; int32 `(batch,)`, bytes that count.
    """
    import tensorflow as tf

    encoded = [text.encode("utf-8") for text in texts]
    width = max(1, *map(len, encoded))
    table = tf.constant([list(text.ljust(width, b"\0")) for text in encoded], tf.int32)
    sizes = tf.constant([len(text) for text in encoded], tf.int32)
    batch, pieces = tf.shape(ids)[0], tf.shape(ids)[1]
    sizes = tf.where(written, tf.gather(sizes, ids), 0)

    # Each byte goes to its place in the text; those that are not written to a last place that is cut off.
    capacity = pieces * width
    place = (tf.cumsum(sizes, 1) - sizes)[:, :, None] + tf.range(width)
    place = tf.where(tf.range(width) < sizes[:, :, None], place, capacity)
    row = tf.broadcast_to(tf.range(batch)[:, None, None], tf.shape(place))
    target = tf.reshape(tf.stack([row, place], -1), (-1, 2))
    text = tf.scatter_nd(target, tf.reshape(tf.gather(table, ids), (-1,)), tf.stack([batch, capacity + 1]))
    text = tf.cast(text[:, :-1], tf.uint8)
    if None not in ids.shape:
        text = tf.reshape(text, (ids.shape[0], ids.shape[1] * width))
    return text, tf.reduce_sum(sizes, 1)
