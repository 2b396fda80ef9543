"""Exchanges the recurrent layers of a whole model for ours, or back for Keras' own."""

from typing import Any

import keras

from suite.recurrent.bidirectional import Bidirectional
from suite.recurrent.gru import GRU
from suite.recurrent.lstm import LSTM
from suite.recurrent.simple_rnn import SimpleRNN

PAIRS = (
    (LSTM, keras.layers.LSTM),
    (GRU, keras.layers.GRU),
    (SimpleRNN, keras.layers.SimpleRNN),
    (Bidirectional, keras.layers.Bidirectional),
)


def from_keras(model: Any) -> Any:
    """A copy of a Keras model whose `LSTM`, `GRU`, `SimpleRNN` and `Bidirectional` layers are ours.

    Args:
        model: A Sequential or functional model, however deeply nested, or a single recurrent layer that is built.

    Returns:
        A model of the same class and names with copies of the weights; it gives the same outputs. It is not compiled.
    """
    return _swap(model, {theirs: ours for ours, theirs in PAIRS})


def to_keras(model: Any) -> Any:
    """A copy of a model whose recurrent layers of ours are Keras' own; the opposite of `from_keras`."""
    return _swap(model, dict(PAIRS))


def _swap(model: Any, table: dict[type, type]) -> Any:
    if isinstance(model, keras.Model):
        if not isinstance(model, (keras.Sequential, keras.src.models.Functional)):
            raise ValueError(f"Only Sequential and functional models can be swapped. Received: model={model}")
        inputs = None if isinstance(model, keras.Sequential) else keras.tree.map_structure(_input_like, model.input)
        copy = keras.models.clone_model(model, inputs, clone_function=lambda layer: _copy(layer, table))
        if not copy.built:
            copy.build(model.input_shape)
    else:
        copy = _copy(model, table)
        shape = getattr(model, "_build_shapes_dict", None) or {}
        copy.build(*shape.values())
    copy.set_weights(model.get_weights())
    return copy


def _input_like(tensor: keras.KerasTensor) -> keras.KerasTensor:
    name = tensor._keras_history.operation.name
    return keras.Input(batch_shape=tensor.shape, dtype=tensor.dtype, name=name)


def _copy(layer: keras.layers.Layer, table: dict[type, type[keras.layers.Layer]]) -> keras.layers.Layer:
    """A fresh layer of the config of `layer`, in the class that `table` gives for it."""
    if isinstance(layer, keras.Model):
        return _swap(layer, table)
    new_class = table.get(type(layer), type(layer))
    if isinstance(layer, keras.layers.Bidirectional):
        return _copy_bidirectional(layer, new_class, table)
    inner = getattr(layer, "layer", None)
    if isinstance(layer, keras.layers.Wrapper) and isinstance(inner, keras.layers.Layer):
        config = {key: value for key, value in layer.get_config().items() if key != "layer"}
        return new_class(_copy(inner, table), **config)
    copy = new_class.from_config(layer.get_config())
    if hasattr(layer, "use_cudnn"):
        copy.use_cudnn = layer.use_cudnn
    return copy


def _copy_bidirectional(
    layer: keras.layers.Layer, new_class: type, table: dict[type, type]
) -> keras.layers.Bidirectional:
    # The wrapper renames what it is given: hand over the plain names so that they come out as they were.
    config = {key: value for key, value in layer.get_config().items() if key not in ("layer", "backward_layer")}
    forward, backward = _copy(layer.forward_layer, table), _copy(layer.backward_layer, table)
    copy = new_class(forward, backward_layer=backward, **config)
    for new, old in ((copy.forward_layer, layer.forward_layer), (copy.backward_layer, layer.backward_layer)):
        new.zero_output_for_mask = getattr(old, "zero_output_for_mask", False)
    return copy
