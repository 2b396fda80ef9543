"""Attention over a sequence, one query or many, each layer returning its weights."""

from typing import Any

import keras
from keras import ops

from suite.recurrent.attention_pooling import masked_softmax
from suite.recurrent.dtypes import Shape, Tensor, as_float


class _Attention(keras.layers.Layer):
    """What the attentions share: masks, the weighted sum, shapes. A subclass defines `keys` and `scores`."""

    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(
        self,
        query: Tensor,
        values: Tensor,
        keys: Tensor | None = None,
        mask: Tensor | None = None,
        values_mask: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Attends.

        Args:
            query: `(batch, features)`, or `(batch, queries, features)`.
            values: `(batch, time, features)`.
            keys: `self.keys(values)`, where a decoder computes it once for all its steps; computed here if None.
            mask: `(batch, time)`, boolean, True where a value may be looked at. Defaults to the mask that came with
                `values`.
            values_mask: What Keras passes on with `values`.

        Returns:
            `(context, weights)`: `(batch, value features)` and `(batch, time)`, or with many queries
            `(batch, queries, value features)` and `(batch, queries, time)`. A masked value has weight exactly 0; where
            all are masked the context is zeros.
        """
        mask = values_mask if mask is None else mask
        query, values = (as_float(tensor, self.compute_dtype) for tensor in (query, values))
        keys = self.keys(values) if keys is None else as_float(keys, self.compute_dtype)
        single = len(query.shape) == 2
        queries = ops.expand_dims(query, 1) if single else query
        scores = self.scores(queries, keys)
        weights = masked_softmax(scores, None if mask is None else ops.expand_dims(mask, 1))
        context = ops.matmul(weights, values)
        return (ops.squeeze(context, 1), ops.squeeze(weights, 1)) if single else (context, weights)

    def compute_mask(self, *inputs, **masks) -> Any:
        return None, None

    def compute_output_shape(self, query_shape: Shape, values_shape: Shape, keys_shape: Shape | None = None) -> Any:
        front = tuple(query_shape[:-1])
        return (*front, values_shape[-1]), (*front, values_shape[1])


@keras.saving.register_keras_serializable(package="suite")
class AdditiveAttention(_Attention):
    """Additive attention.

        e_t = v . tanh(W_q q + W_k x_t + b),   a = softmax(e),   context = sum_t a_t x_t

    Args:
        units: Width of the hidden layer that scores a value.

    Source: Bahdanau et al. 2015, "Neural Machine Translation by Jointly Learning to Align and Translate".
    """

    def __init__(self, units: int, **kwargs) -> None:
        super().__init__(**kwargs)
        if not isinstance(units, int) or units < 1:
            raise ValueError(f"`units` must be an integer of at least 1. Received: units={units}")
        self.units = units

    def build(self, query_shape: Shape, values_shape: Shape, keys_shape: Shape | None = None) -> None:
        weight = self.add_weight
        self.query_kernel = weight(
            name="query_kernel", shape=(query_shape[-1], self.units), initializer="glorot_uniform"
        )
        self.key_kernel = weight(name="key_kernel", shape=(values_shape[-1], self.units), initializer="glorot_uniform")
        self.bias = weight(name="bias", shape=(self.units,), initializer="zeros")
        self.context = weight(name="context", shape=(self.units, 1), initializer="glorot_uniform")

    def keys(self, values: Tensor) -> Tensor:
        """`W_k x`, `(batch, time, units)`: the same at every step of a decoder."""
        return ops.matmul(values, self.key_kernel)

    def scores(self, queries: Tensor, keys: Tensor | None) -> Tensor:
        """`(batch, queries, time)`."""
        hidden = ops.expand_dims(ops.matmul(queries, self.query_kernel), 2) + ops.expand_dims(keys, 1)
        return ops.squeeze(ops.matmul(ops.tanh(hidden + self.bias), self.context), -1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable(package="suite")
class DotAttention(_Attention):
    """Multiplicative attention.

        e_t = q . x_t          score="dot": query and values are equally wide
        e_t = q W x_t          score="general"
        a = softmax(e),   context = sum_t a_t x_t

    Args:
        score: `"dot"` or `"general"`.
        scale: Whether scores are divided by the square root of the values' width.

    Source: Luong et al. 2015, "Effective Approaches to Attention-based Neural Machine Translation".
    """

    def __init__(self, score: str = "general", scale: bool = False, **kwargs) -> None:
        super().__init__(**kwargs)
        if score not in ("dot", "general"):
            raise ValueError(f"`score` must be 'dot' or 'general'. Received: score={score}")
        self.score = score
        self.scale = scale

    def build(self, query_shape: Shape, values_shape: Shape, keys_shape: Shape | None = None) -> None:
        if self.score == "general":
            self.kernel = self.add_weight(
                name="kernel", shape=(query_shape[-1], values_shape[-1]), initializer="glorot_uniform"
            )
        elif query_shape[-1] != values_shape[-1]:
            raise ValueError(
                "With score='dot' query and values must be equally wide. "
                f"Received: query_shape={query_shape}, values_shape={values_shape}"
            )

    def keys(self, values: Tensor) -> Tensor:
        """The values themselves."""
        return values

    def scores(self, queries: Tensor, keys: Tensor | None) -> Tensor:
        """`(batch, queries, time)`."""
        queries = ops.matmul(queries, self.kernel) if self.score == "general" else queries
        scores = ops.matmul(queries, ops.transpose(keys, (0, 2, 1)))
        return scores / queries.shape[-1] ** 0.5 if self.scale else scores

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "score": self.score, "scale": self.scale}
