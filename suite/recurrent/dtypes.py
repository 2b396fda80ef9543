"""What the layers are handed: tensors, their shapes, and inputs that are not floating-point numbers."""

from typing import TypeAlias

import keras
import tensorflow as tf
from keras import ops
from numpy.typing import ArrayLike

Tensor: TypeAlias = tf.Tensor | keras.KerasTensor
Shape: TypeAlias = tuple[int | None, ...]


def as_float(values: Tensor | ArrayLike, dtype: str) -> Tensor:
    """Return `values` as a tensor of floating-point numbers, of any shape.

    Keras casts the floating-point arguments of a layer to its `compute_dtype` and leaves integers and booleans as they
    are, for its products with the weights to promote. What works in the dtype of its inputs needs them cast beforehand.

    Args:
        values: A tensor or array; floating-point ones come back as they are.
        dtype: The layer's `compute_dtype`, which integers and booleans are cast to.
    """
    tensor = ops.convert_to_tensor(values)
    return tensor if keras.backend.is_float_dtype(tensor.dtype) else ops.cast(tensor, dtype)
