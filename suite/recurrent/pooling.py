"""Ways to sum up a sequence, each saying what every step counted for; those here have no weights to learn."""

from typing import Any

import keras
import tensorflow as tf

from suite.recurrent.attention_pooling import AttentionPooling
from suite.recurrent.deployment import Deployment, current
from suite.recurrent.dtypes import Tensor, as_float

SHARED_WITHIN = 0.01  # distance from the largest value at which a step's share of it has fallen to 1 / e


@keras.saving.register_keras_serializable(package="suite")
class MaxMeanPooling(keras.layers.Layer):
    """The largest value and the mean of each feature over the unmasked steps, concatenated.

    Call arguments:
        inputs: `(batch, time, features)`.
        mask: `(batch, time)`, boolean.

    Returns:
        `(pooled, weights)` of shapes `(batch, 2 * features)` and `(batch, time)`; zeros for a row masked whole.
    """

    # The score of a masked step is a huge negative number: no 8 bits hold it and the others.
    float_in_int8 = True

    def call(self, inputs: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        inputs = as_float(inputs, self.compute_dtype)
        mask = tf.cast(mask, tf.bool)
        real = tf.cast(mask, inputs.dtype)
        count = tf.reduce_sum(real, axis=1, keepdims=True)
        mean = tf.reduce_sum(inputs * real[..., tf.newaxis], axis=1) / tf.maximum(count, 1)
        lowest = tf.cast(-3e4, inputs.dtype)
        largest = tf.reduce_max(tf.where(mask[..., tf.newaxis], inputs, lowest), axis=1)
        largest = tf.where(count > 0, largest, tf.zeros_like(largest))
        if (deployment := current()) is not None and deployment.streaming:
            largest, mean = self._join_chunks(deployment, largest, mean * count, count)
        # Steps close to the largest value share it: which of two equals is the larger is a matter of rounding.
        distance = largest[:, tf.newaxis] - tf.where(mask[..., tf.newaxis], inputs, lowest)
        holds = tf.exp(-distance / SHARED_WITHIN) * real[..., tf.newaxis]
        holders = tf.reduce_sum(holds, axis=1, keepdims=True)
        shares = holds / tf.maximum(holders, tf.cast(1e-6, inputs.dtype))
        weights = 0.5 * real / tf.maximum(count, 1) + 0.5 * tf.reduce_mean(shares, axis=2)
        return tf.concat([largest, mean], axis=-1), weights

    def _join_chunks(
        self, deployment: Deployment, largest: Tensor, total: Tensor, count: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the largest values and the means over all chunks so far."""
        names = [f"{self.name}_{part}" for part in ("largest", "total", "count")]
        largest_before, total_before, count_before = (
            deployment.carry(name, tf.zeros((1, width)))
            for name, width in zip(names, (total.shape[1], total.shape[1], 1), strict=True)
        )
        largest = tf.where(
            count > 0, tf.where(count_before > 0, tf.maximum(largest, largest_before), largest), largest_before
        )
        total, count = total + total_before, count + count_before
        for name, value in zip(names, (largest, total, count), strict=True):
            deployment.keep(name, value)
        return largest, total / tf.maximum(count, 1)

    def compute_mask(self, inputs: Tensor, mask: Tensor | None = None) -> Any:
        return None, None


@keras.saving.register_keras_serializable(package="suite")
class LastPooling(keras.layers.Layer):
    """What a recurrent network keeps at its end, passed on, with the weights that say which steps that is.

    Args:
        bidirectional: Whether the features come from reading in both directions: they then end at the last step and at
            the first.

    Call arguments:
        inputs: `(batch, features)`.
        mask: `(batch, time)`, boolean, padded at the end.

    Returns:
        `(inputs, weights)`, the inputs zeros for a row masked whole; the weights `(batch, time)`: 1 at the last unmasked
        step, or 0.5 there and 0.5 at the first.
    """

    def __init__(self, bidirectional: bool, **kwargs) -> None:
        super().__init__(**kwargs)
        self.bidirectional = bidirectional

    def call(self, inputs: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        inputs = as_float(inputs, self.compute_dtype)
        mask = tf.cast(mask, tf.bool)
        real = tf.cast(mask, self.compute_dtype)
        before = tf.pad(real, [[0, 0], [1, 0]])[:, :-1]
        after = tf.pad(real, [[0, 0], [0, 1]])[:, 1:]
        last = real * (1 - after)
        if (deployment := current()) is not None and deployment.streaming:
            # A chunk without tokens leaves what the chunks before it came to.
            before = deployment.carry(f"{self.name}_last", tf.zeros((1, inputs.shape[-1])))
            inputs = tf.where(tf.reduce_any(mask, axis=1, keepdims=True), inputs, before)
            deployment.keep(f"{self.name}_last", inputs)
        elif deployment is not None and deployment.form == "fused":
            # A layer that knows no masks has run over the padding of an input without a single step.
            inputs = tf.where(tf.reduce_any(mask, axis=1, keepdims=True), inputs, tf.zeros_like(inputs))
        return inputs, 0.5 * (last + real * (1 - before)) if self.bidirectional else last

    def compute_mask(self, inputs: Tensor, mask: Tensor | None = None) -> Any:
        return None, None

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "bidirectional": self.bidirectional}


def make_pooling(kind: str, bidirectional: bool) -> keras.layers.Layer:
    """Return the layer `pooling` that sums up what a recurrent network gives, as `(pooled, weights)`.

    Args:
        kind: `"attention"` (`AttentionPooling`), `"max_mean"` or `"last"`.
        bidirectional: Whether the network reads in both directions.
    """
    if kind == "attention":
        return AttentionPooling(name="pooling")
    if kind == "max_mean":
        return MaxMeanPooling(name="pooling")
    if kind == "last":
        return LastPooling(bidirectional, name="pooling")
    raise ValueError(f"`kind` must be attention, max_mean or last. Received: kind={kind}")
