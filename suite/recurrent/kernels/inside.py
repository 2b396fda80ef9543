"""The product of a state with the recurrent weights, where each gate may see the state with units of its own dropped.

h U                                  without dropout
[(h m_1) U_1, (h m_2) U_2, ...]      with a mask m of each gate, (batch, units), the same at all steps
"""

from collections.abc import Callable

import tensorflow as tf

# The masks of all gates beside one another, `(batch, gates units)`, and how many steps the rows of a gradient are of.
RowMasks = tuple[tf.Tensor, tf.Tensor | int]


def product_inside(recurrent: tf.Tensor, dropped: tf.Tensor | None, gates: int) -> Callable[[tf.Tensor], tf.Tensor]:
    """The function `h -> h U`, for `U` `(units, gates units)`; `dropped` are the masks, or None."""
    if dropped is None:
        return lambda h: tf.matmul(h, recurrent)
    # A gate has a product of its own: as many multiplications as one for all, and none with zeros in place of others' units.
    pairs = list(zip(tf.split(dropped, gates, axis=1), tf.split(recurrent, gates, axis=1), strict=True))
    return lambda h: tf.concat([tf.matmul(h * mask, kernel) for mask, kernel in pairs], axis=-1)


def product_back(recurrent: tf.Tensor, dropped: tf.Tensor | None, gates: int) -> Callable[[tf.Tensor], tf.Tensor]:
    """The function `dp -> dp U^T`, the gradient of `product_inside` by the state. `U` is transposed once, before the loop."""
    if dropped is None:
        transposed = tf.transpose(recurrent)
        return lambda d_sum: tf.matmul(d_sum, transposed)
    kernels = [tf.transpose(kernel) for kernel in tf.split(recurrent, gates, axis=1)]
    masks = tf.split(dropped, gates, axis=1)

    def back(d_sum: tf.Tensor) -> tf.Tensor:
        parts = tf.split(d_sum, gates, axis=-1)
        return tf.add_n(
            [tf.matmul(part, kernel) * mask for part, kernel, mask in zip(parts, kernels, masks, strict=True)]
        )

    return back


def kernel_gradient(previous: tf.Tensor, d_sum: tf.Tensor, dropped: RowMasks | None, gates: int) -> tf.Tensor:
    """The gradient of `product_inside` by `U`, from the flattened `h_(t-1)` and `dp` of all steps."""
    # dU = sum_t h_(t-1)^T dp_t: the sum over time and batch is the inner dimension of one product.
    if dropped is None:
        return tf.matmul(previous, d_sum, transpose_a=True)
    masks = tf.split(dropped[0], gates, axis=1)
    parts = tf.split(d_sum, gates, axis=-1)
    return tf.concat(
        [
            tf.matmul(previous * tf.repeat(mask, dropped[1], axis=0), part, transpose_a=True)
            for mask, part in zip(masks, parts, strict=True)
        ],
        axis=-1,
    )
