"""A batch cut into parts whose loops run beside one another, and sequences padded to few lengths."""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

# Steps; the least that a sequence of unknown length is padded to for a compiled loop.
SHORTEST = 32


def shards(count: int, tensors: Any, axis: int = 0) -> list[Any]:
    """A structure of tensors as a list of `count` structures, each a part of the batch (`axis`); None stays None."""
    if count == 1:
        return [tensors]
    leaves = tf.nest.flatten(tensors)
    tensor = next(leaf for leaf in leaves if leaf is not None)
    batch = tensor.shape[axis]
    batch = tf.shape(tensor)[axis] if batch is None else batch
    # The last part takes the remainder, and all of a batch smaller than `count`: the parts before it are then empty.
    sizes = [batch // count] * (count - 1)
    sizes.append(batch - sum(sizes))
    cut = functools.partial(tf.split, num_or_size_splits=sizes, axis=axis, num=count)
    parts = [[None] * count if leaf is None else cut(leaf) for leaf in leaves]
    return [tf.nest.pack_sequence_as(tensors, part) for part in zip(*parts, strict=True)]


def join(parts: Sequence[tf.Tensor]) -> tf.Tensor:
    """The parts of a batch as one tensor."""
    return parts[0] if len(parts) == 1 else tf.concat(parts, axis=0)


def room(form: Any, sequence: tf.Tensor, axis: int = 1) -> tuple[Callable, tf.Tensor | None]:
    """A function that pads sequences of unknown length (their `axis`) to a common one, and the length that counts.

    XLA compiles once per shape. Where lengths vary from batch to batch they are rounded up to 32, 64, and from there on 1 or
    1.5 times a power of two, so that few shapes ever occur; the loop still runs `length` steps only.
    """
    if not form.compiled or sequence.shape[axis] is not None:
        return (lambda value: value), None
    length = tf.shape(sequence)[axis]
    # capacity = 2^k or 3/4 of it, the smaller one that holds `length`; k = ceil(log2(length)), and less the hair by which
    # the logarithm of a power of two may come out too large. What is short is cheap to pad, and dear to compile for.
    exponent = tf.math.ceil(tf.math.log(tf.cast(length, tf.float64)) / math.log(2) - 1e-9)
    power = tf.bitwise.left_shift(1, tf.cast(tf.maximum(exponent, math.log2(SHORTEST)), tf.int32))
    between = power // 4 * 3
    capacity = tf.where((power > 2 * SHORTEST) & (between >= length), between, power)
    return _padding(capacity - length, axis), length


def room_of(form: Any, padded: tf.Tensor, sequence: tf.Tensor, axis: int = 1) -> tuple[Callable, tf.Tensor | None]:
    """What `room` gave the forward pass, told from a sequence that came out of it: the same for the backward pass.

    The two passes are functions traced apart. A call may meet a forward pass that was traced for any length, and so
    pads, and a backward pass traced for this very length, or the other way about: only what was saved says which it was.

    Args:
        form: A form; without `compiled` nothing is ever padded.
        padded: A sequence that the forward pass saved.
        sequence: The same sequence as it was before padding.
        axis: Which axis of both is time.
    """
    known = padded.shape[axis] is not None and padded.shape[axis] == sequence.shape[axis]
    if not form.compiled or known:
        return (lambda value: value), None
    length = tf.shape(sequence)[axis]
    return _padding(tf.shape(padded)[axis] - length, axis), length


def _padding(steps: tf.Tensor, axis: int) -> Callable:
    """A function that puts `steps` zeros behind a sequence; None stays None."""

    def pad(value: tf.Tensor | None) -> tf.Tensor | None:
        if value is None:
            return None
        padding = [[0, 0]] * value.shape.rank
        padding[axis] = [0, steps]
        return tf.pad(value, padding)

    return pad


def unpadded(sequences: Any, length: tf.Tensor | None, axis: int = 1) -> Any:
    """The steps of padded sequences that count."""
    if length is None:
        return sequences
    return tf.nest.map_structure(lambda sequence: sequence[(slice(None),) * axis + (slice(length),)], sequences)
