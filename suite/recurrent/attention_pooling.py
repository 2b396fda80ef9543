"""A sequence summed up as one vector, by learned weights over its steps."""

from typing import Any

import keras
import tensorflow as tf
from keras import ops

from suite.recurrent.deployment import Deployment, current
from suite.recurrent.dtypes import Shape, Tensor, as_float


@keras.saving.register_keras_serializable(package="suite")
class AttentionPooling(keras.layers.Layer):
    """Masked additive attention pooling over time.

    For features `x_t` of each step the layer computes

        e_t = v . tanh(W x_t + b)
        a_t = softmax over the unmasked steps of e_t
        pooled = sum_t a_t x_t

    A masked step has weight exactly 0; a row that is masked whole gives zeros.

    Args:
        units: Width of the hidden layer that scores a step; the width of the features if None.

    Call arguments:
        inputs: `(batch, time, features)`; integers and booleans are cast to the layer's `compute_dtype`.
        mask: `(batch, time)`, boolean, True where the step counts. Defaults to the mask that came with `inputs`.

    Returns:
        `(pooled, weights)` of shapes `(batch, features)` and `(batch, time)`.

    Source: Yang et al. 2016, "Hierarchical Attention Networks for Document Classification".
    """

    # The score of a masked step is a huge negative number: no 8 bits hold it and the others.
    float_in_int8 = True

    def __init__(self, units: int | None = None, **kwargs) -> None:
        super().__init__(**kwargs)
        if units is not None and (not isinstance(units, int) or units < 1):
            raise ValueError(f"`units` must be None or an integer of at least 1. Received: units={units}")
        self.units = units
        self.supports_masking = True

    def build(self, input_shape: Shape) -> None:
        features = input_shape[-1]
        units = self.units or features
        self.kernel = self.add_weight(name="kernel", shape=(features, units), initializer="glorot_uniform")
        self.bias = self.add_weight(name="bias", shape=(units,), initializer="zeros")
        self.context = self.add_weight(name="context", shape=(units, 1), initializer="glorot_uniform")

    def call(self, inputs: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        inputs = as_float(inputs, self.compute_dtype)
        hidden = ops.tanh(ops.matmul(inputs, self.kernel) + self.bias)
        scores = ops.squeeze(ops.matmul(hidden, self.context), -1)
        if (deployment := current()) is not None and deployment.streaming:
            return self._pool_chunk(deployment, inputs, scores, mask)
        weights = masked_softmax(scores, mask)
        pooled = ops.squeeze(ops.matmul(ops.expand_dims(weights, 1), inputs), 1)
        return pooled, weights

    def _pool_chunk(
        self, deployment: Deployment, inputs: Tensor, scores: Tensor, mask: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Pool all chunks so far: sums of weights and of weighted steps, relative to the largest score so far."""
        top, total, weighted = (f"{self.name}_{part}" for part in ("top", "total", "weighted"))
        top_before = deployment.carry(top, ops.zeros((1, 1)))
        total_before = deployment.carry(total, ops.zeros((1, 1)))
        weighted_before = deployment.carry(weighted, ops.zeros((1, inputs.shape[-1])))
        begun = ops.cast(total_before > 0, scores.dtype)
        real = ops.ones_like(scores) if mask is None else ops.cast(mask, scores.dtype)
        scores = scores * real + (real - 1) * 1e30
        top_now = ops.maximum(tf.reduce_max(scores, axis=-1, keepdims=True), top_before * begun + (begun - 1) * 1e30)
        weights = ops.exp(scores - top_now) * real
        fade = ops.exp(ops.minimum(top_before - top_now, 0)) * begun
        total_now = total_before * fade + ops.sum(weights, axis=-1, keepdims=True)
        weighted_now = weighted_before * fade + ops.squeeze(ops.matmul(ops.expand_dims(weights, 1), inputs), 1)
        for name, value in ((top, top_now), (total, total_now), (weighted, weighted_now)):
            deployment.keep(name, value)
        total_now = ops.where(total_now > 0, total_now, ops.ones_like(total_now))
        return weighted_now / total_now, weights / total_now

    def compute_mask(self, inputs: Tensor, mask: Tensor | None = None) -> Any:
        return None, None

    def compute_output_shape(self, input_shape: Shape) -> Any:
        return (input_shape[0], input_shape[-1]), tuple(input_shape[:2])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


def masked_softmax(scores: Tensor, mask: Tensor | None = None) -> Tensor:
    """Softmax over the last axis where masked entries get exactly 0, also where all of them are masked."""
    if mask is None:
        return ops.softmax(scores)
    mask = ops.cast(mask, "bool")
    real = ops.cast(mask, scores.dtype)
    lowest = -3e4 if keras.backend.standardize_dtype(scores.dtype) == "float16" else -1e30
    scores = ops.where(mask, scores, ops.cast(lowest, scores.dtype))
    exponentials = ops.exp(scores - ops.stop_gradient(tf.reduce_max(scores, axis=-1, keepdims=True))) * real
    total = ops.sum(exponentials, axis=-1, keepdims=True)
    return exponentials / ops.where(total > 0, total, ops.ones_like(total))
