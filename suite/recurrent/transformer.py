"""An encoder block of a Transformer, which takes the place of a recurrent layer: the baseline to compare with."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from suite.recurrent.attention_pooling import masked_softmax
from suite.recurrent.deployment import current
from suite.recurrent.dtypes import Shape, Tensor, as_float

HEAD_WIDTH = 32  # features of a head, about: there are as many heads as that makes
HIDDEN = 2  # width of the feed-forward part over `units`: about as many weights in all as an LSTM of the same width
LONGEST_WAVE = 10_000  # of the rotations that tell how far apart two steps are, over 2 pi


@keras.saving.register_keras_serializable(package="suite")
class TransformerEncoder(keras.layers.Layer):
    """Self-attention and a feed-forward part, each added to what it reads; positions count relative to one another.

        h = x P                                              P is left out where x is `units` wide already
        [q, k, v] = LN(h) W                                  of each head; then q_t, k_t are rotated by angles t w
        h <- h + concat over heads of softmax_s(q_t . k_s / sqrt(size)) v_s  O
        h <- h + gelu(LN(h) A + a) B + b
        y = LN(h)

    The product of a rotated query and a rotated key depends on how far apart their steps are, not on where these are.

    Args:
        units: Width of the outputs.
        causal: Whether a step looks at itself and the steps before it alone.
        return_sequences: Whether to return the outputs of all steps. Else the last one; without `causal` the first half of
            the last step's features and the second half of the first step's, as two directions would end there.

    Call arguments:
        sequences: `(batch, time, features)`.
        mask: `(batch, time)`, boolean, in any pattern. Nobody looks at a step that is False, and its output is zeros.

    Returns:
        `(batch, units)`, or `(batch, time, units)` with `return_sequences`.

    Source: Vaswani et al. 2017, "Attention Is All You Need"; norms before the products: Xiong et al. 2020; rotations: Su et
    al. 2021, "RoFormer".
    """

    def __init__(self, units: int, causal: bool = False, return_sequences: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(units, int) or units < 1:
            raise ValueError(f"`units` must be an integer of at least 1. Received: units={units}")
        self.units, self.causal, self.return_sequences = units, causal, return_sequences
        self.supports_masking = True
        self.heads = max(1, round(units / HEAD_WIDTH))
        self.head_width = 2 * -(-units // (2 * self.heads))  # even: features are rotated in pairs
        names = ("attention_norm", "hidden_norm", "output_norm")
        self.norms = [keras.layers.LayerNormalization(dtype=self.dtype_policy, name=name) for name in names]

    def build(self, sequences_shape: Shape) -> None:
        features, units, inner = sequences_shape[-1], self.units, self.heads * self.head_width
        self.projection = None if features == units else self._kernel("projection", features, units)
        self.kernel = self._kernel("kernel", units, 3 * inner)
        self.output_kernel = self._kernel("output_kernel", inner, units)
        self.hidden_kernel = self._kernel("hidden_kernel", units, HIDDEN * units)
        self.hidden_bias = self.add_weight(name="hidden_bias", shape=(HIDDEN * units,), initializer="zeros")
        self.hidden_output_kernel = self._kernel("hidden_output_kernel", HIDDEN * units, units)
        self.hidden_output_bias = self.add_weight(name="hidden_output_bias", shape=(units,), initializer="zeros")
        for norm in self.norms:
            norm.build((None, None, units))

    def _kernel(self, name: str, rows: int | None, columns: int) -> Any:
        return self.add_weight(name=name, shape=(rows, columns), initializer="glorot_uniform")

    def call(self, sequences: Tensor, mask: Tensor | None = None) -> Tensor:
        sequences = as_float(sequences, self.compute_dtype)
        if (deployment := current()) is not None:
            if deployment.streaming:
                raise ValueError(f"Attention has no state that streams. Received: layer={self.name}")
            # The converter needs to know that the batch is 1.
            sequences = ops.reshape(sequences, (1, sequences.shape[1] or -1, sequences.shape[-1]))
        real = None if mask is None else ops.cast(mask, "bool")
        attention_norm, hidden_norm, output_norm = self.norms
        h = sequences if self.projection is None else ops.matmul(sequences, self.projection)
        h += self._attend(attention_norm(h), real)
        hidden = ops.matmul(hidden_norm(h), self.hidden_kernel) + self.hidden_bias
        # gelu by its usual approximation, in ops that every runtime has.
        hidden = 0.5 * hidden * (1 + ops.tanh((2 / np.pi) ** 0.5 * (hidden + 0.044715 * hidden * hidden * hidden)))
        h += ops.matmul(hidden, self.hidden_output_kernel) + self.hidden_output_bias
        outputs = output_norm(h)
        if real is not None:
            outputs = ops.where(ops.expand_dims(real, -1), outputs, ops.zeros_like(outputs))
        return outputs if self.return_sequences else self._end(outputs, real)

    def _attend(self, sequences: Tensor, real: Tensor | None) -> Tensor:
        """What each step gathers from those that it looks at, `(batch, time, units)`."""
        time = sequences.shape[1] or ops.shape(sequences)[1]
        parts = ops.split(ops.matmul(sequences, self.kernel), 3, axis=-1)
        query, key, value = (
            ops.transpose(ops.reshape(part, (-1, time, self.heads, self.head_width)), (0, 2, 1, 3)) for part in parts
        )
        angles = _angles(time, self.head_width, query.dtype)
        # Scaled before the product: half precision has no room for the sum of many large ones.
        query = _rotate(query, *angles) * self.head_width**-0.5
        scores = ops.matmul(query, ops.transpose(_rotate(key, *angles), (0, 1, 3, 2)))
        looked_at = None if real is None else real[:, None, None, :]
        if self.causal:
            steps = tf.range(time)
            before = steps[None, :] <= steps[:, None]
            looked_at = before[None, None] if looked_at is None else ops.logical_and(looked_at, before)
        gathered = ops.transpose(ops.matmul(masked_softmax(scores, looked_at), value), (0, 2, 1, 3))
        gathered = ops.reshape(gathered, (-1, time, self.heads * self.head_width))
        return ops.matmul(gathered, self.output_kernel)

    def _end(self, outputs: Tensor, real: Tensor | None) -> Tensor:
        if real is None:
            first, last = outputs[:, 0], outputs[:, -1]
        else:
            time = outputs.shape[1] or ops.shape(outputs)[1]
            counted = ops.cast(real, "int32")
            # Where no step counts, every output is zeros, and so is this one.
            from_end = tf.reduce_max(counted * tf.range(time, 0, -1)[None], axis=1)
            last_place = ops.maximum(tf.reduce_max(counted * tf.range(1, time + 1)[None], axis=1) - 1, 0)
            first = tf.gather(outputs, ops.minimum(time - from_end, time - 1), batch_dims=1)
            last = tf.gather(outputs, last_place, batch_dims=1)
        half = -(-self.units // 2)
        return last if self.causal else ops.concatenate([last[:, :half], first[:, half:]], axis=-1)

    def compute_mask(self, sequences: Tensor, mask: Tensor | None = None) -> Any:
        return mask if self.return_sequences else None

    def compute_output_shape(self, sequences_shape: Shape) -> Shape:
        return (*sequences_shape[: 2 if self.return_sequences else 1], self.units)

    def get_config(self) -> dict[str, Any]:
        names = ("units", "causal", "return_sequences")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def _angles(time: int | Tensor, width: int, dtype: str) -> tuple[Tensor, Tensor]:
    """Cosine and sine of each step's angles, each `(time, width / 2)`: from one radian a step to one in LONGEST_WAVE steps."""
    frequencies = LONGEST_WAVE ** (-np.arange(0, width, 2) / width)
    angles = tf.cast(tf.range(time), tf.float32)[:, None] * frequencies.astype("float32")
    return tf.cast(tf.cos(angles), dtype), tf.cast(tf.sin(angles), dtype)


def _rotate(heads: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """`(batch, heads, time, width)` with each pair of features, one of either half, rotated by its step's angle."""
    left, right = ops.split(heads, 2, axis=-1)
    return ops.concatenate([left * cosine - right * sine, right * cosine + left * sine], axis=-1)
