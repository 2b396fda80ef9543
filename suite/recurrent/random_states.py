"""What is drawn for the states of a whole sequence before its loop: recurrent dropout and zoneout."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf


def recurrent_masks(cell: Any, state: tf.Tensor, training: bool) -> tuple[tf.Tensor, ...]:
    """Return what a cell multiplies its state by in the product of each gate, `(batch, gates units)`; nothing without dropout.

    The masks are the cell's own, drawn once for all steps: one for each gate, as Keras has them.
    """
    if not training or not getattr(cell, "recurrent_dropout", 0):
        return ()
    masks = cell.get_recurrent_dropout_mask(state)
    return (tf.concat(masks, axis=-1) if isinstance(masks, list) else masks,)


def mask_of_states(
    cell: Any, sequences: tf.Tensor, states: Sequence[tf.Tensor], mask: tf.Tensor | None, training: bool
) -> tf.Tensor | None:
    """Return the mask that the kernel of a cell takes; with zoneout how much of their new values the units take.

    Args:
        cell: One with zoneout has `rates`, one for each state, and draws by its `seed_generator`.
        sequences: `(batch, time, features)`.
        states: Each `(batch, units)`.
        mask: `(batch, time)`, boolean, or None.
        training: Whether units are drawn at each step; otherwise all take the mean.
    """
    rates = getattr(cell, "rates", None)
    if rates is None:
        return mask
    front = [
        static or tf.shape(sequences)[axis] for axis, static in enumerate(sequences.shape[:2])
    ]  # static where it can be: a compiled loop wants to know
    if training:
        taken = [
            draw((*front, state.shape[1]), rate, cell.seed_generator, sequences.dtype)
            for rate, state in zip(rates, states, strict=True)
        ]
        share = tf.concat(taken, axis=-1)
    else:
        share = tf.zeros((*front, len(rates)), sequences.dtype) + [1 - rate for rate in rates]
    # A masked step takes nothing.
    return share if mask is None else share * tf.cast(mask, share.dtype)[..., None]


def draw(shape: Sequence[Any], rate: float, seed: keras.random.SeedGenerator, dtype: tf.DType) -> tf.Tensor:
    """Return 1 where a unit takes its new value, and 0, with probability `rate`, where it keeps the old one."""
    return tf.cast(keras.random.uniform(shape, seed=seed) >= rate, dtype)
