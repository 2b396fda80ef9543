"""A predictor that runs a pipeline's raw-input function with the Keras model, in padded batches."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from suite.data.padding import pad_rows
from suite.recurrent import compilation
from suite.signature import Arrays, Signature


class KerasPredictor:
    """Calls a signature of a trained model on many raw inputs, batched by length.

    Args:
        model: The trained model.
        signatures: All of the model.
        batch_size: Inputs per call.
        name: Of the signature to call; by default the first. Axes of unknown length are padded with zeros to the longest
            input of a batch; a pipeline's function gives the same answer with and without that padding.

    Calling it with a sequence of raw-array dicts returns one dict of output arrays per input, in the same order,
    without the batch axis. Output axes that run along a padded input axis are as long as the batch's, unless the
    signature trims them.
    """

    def __init__(
        self, model: keras.Model, signatures: Sequence[Signature], batch_size: int = 64, name: str | None = None
    ) -> None:
        self.model = model
        self.signatures = signatures
        self.signature = signature = next(candidate for candidate in signatures if name in (None, candidate.name))
        self.batch_size = batch_size
        self._siblings: dict[str, KerasPredictor] = {}
        names, function = list(signature.inputs), signature.function(model)
        specification = [tf.TensorSpec((None, *raw.shape), raw.dtype, name) for name, raw in signature.inputs.items()]

        def call(*tensors: tf.Tensor) -> dict[str, tf.Tensor]:
            # XLA compiles anew for each batch size and length; a prediction or an evaluation ends before that pays.
            with compilation(False):
                return function(**dict(zip(names, tensors, strict=True)))

        self._traceable = tf.function(call, input_signature=specification, autograph=False)

    @cached_property
    def _function(self) -> Callable[..., dict[str, tf.Tensor]]:
        # Traced once, for inputs of any length. TensorFlow counts the traces of a `tf.function` by its code, which all
        # predictors share, and takes the first calls of a few of them for one that is traced over and over.
        return self._traceable.get_concrete_function()

    def __call__(self, inputs: Sequence[Arrays]) -> list[Arrays]:
        inputs = self.signature.prepared(inputs, self)
        order = sorted(range(len(inputs)), key=lambda index: [np.size(array) for array in inputs[index].values()])
        answers: list[Arrays] = [{}] * len(inputs)
        for start in range(0, len(order), self.batch_size):
            batch = order[start : start + self.batch_size]
            tensors = [
                _stack([inputs[index][name] for index in batch], raw.dtype)
                for name, raw in self.signature.inputs.items()
            ]
            outputs = {name: value.numpy() for name, value in self._function(*tensors).items()}
            for row, index in enumerate(batch):
                answers[index] = {name: value[row] for name, value in outputs.items()}
        return self.signature.trimmed(answers)

    def batch(self, stacked: dict[str, Any]) -> dict[str, tf.Tensor]:
        """Return the answers to inputs of one size, arrays or tensors with a leading batch axis, in one call."""
        return self._function(
            *(tf.convert_to_tensor(stacked[name], raw.dtype) for name, raw in self.signature.inputs.items())
        )

    def sibling(self, name: str) -> "KerasPredictor":
        """Return the predictor of another signature of the same model.

        Raises:
            ValueError: if the model has none of that name.
        """
        if name == self.signature.name:
            return self
        if name not in {signature.name for signature in self.signatures}:
            raise ValueError(f"expected a signature of the model. Received: {name!r}")
        if name not in self._siblings:
            self._siblings[name] = KerasPredictor(self.model, self.signatures, self.batch_size, name)
        return self._siblings[name]


def _stack(arrays: list[np.ndarray], dtype: str) -> tf.Tensor:
    if dtype == "string":
        return tf.constant([np.asarray(array).item() for array in arrays], tf.string)
    return tf.constant(pad_rows(arrays, dtype))
