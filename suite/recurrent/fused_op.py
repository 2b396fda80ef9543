"""Layers traced so that they become one `UNIDIRECTIONAL_SEQUENCE_LSTM` in an exported file.

The TFLite converter knows a plain LSTM by itself. Of any other form that the op has (coupled gates, projection, layer
normalization, a diagonal recurrence) it makes a custom op that holds the weights, as told here; once the file is converted,
`suite.export.fused_lstm` writes the built-in op in its place.
"""

import re
import uuid
from typing import Any

import keras
import tensorflow as tf

# The custom op's name begins so; behind it stand the places that its inputs have among those of the built-in op.
PLACEHOLDER = "SuiteFusedLSTM"
DIAGONAL = "diagonal"


def can_be_fused(layer: Any) -> bool:
    """Return whether a call of a layer, which may start from a state of its own, is one op of TFLite."""
    if layer.return_state or not layer.starts_at_zero:
        return False
    if hasattr(layer, "fused_tensors"):
        return True
    if not isinstance(layer, keras.layers.LSTM):
        return False
    cell = layer.cell
    return cell.activation is keras.activations.tanh and cell.recurrent_activation is keras.activations.sigmoid


def fused_lstm(layer: Any, sequences: tf.Tensor, zeros: list[tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
    """Trace a layer as a function that becomes one op.

    Args:
        layer: One that `can_be_fused`.
        sequences: `(1, time, features)`.
        zeros: The states before the first step, each `(1, width)`.

    Returns:
        All outputs `(1, time, outputs)` and the last one `(1, outputs)`.
    """
    if layer.go_backwards:
        sequences = tf.reverse(sequences, [1])
    plain = not hasattr(layer, "fused_tensors")
    outputs = _plain_lstm(layer, sequences, zeros) if plain else _placeholder(layer, sequences)
    return outputs, outputs[:, -1]


def placeholder_name(places: list[int], diagonal: bool) -> str:
    """Return the name of the custom op whose weights stand at these places among the inputs of the built-in op."""
    return "/".join([PLACEHOLDER, ",".join(map(str, places)), *([DIAGONAL] if diagonal else [])])


def parse_placeholder(name: str) -> tuple[list[int], bool] | None:
    """Return what `placeholder_name` was told; None for the name of any other custom op."""
    matched = re.fullmatch(rf"{PLACEHOLDER}/([\d,]+)(/{DIAGONAL})?", name)
    return matched and ([int(place) for place in matched[1].split(",")], bool(matched[2]))


def _placeholder(layer: Any, sequences: tf.Tensor) -> tf.Tensor:
    """Trace a layer as a function that the converter keeps as a custom op: its `tfl_fusable_op`."""
    tensors, outputs = layer.fused_tensors(), layer.state_size[0]
    name = placeholder_name(list(tensors), layer.cell.variant.diagonal)

    def custom_op(inputs: tf.Tensor, *weights: tf.Tensor) -> tf.Tensor:
        # What stands here is thrown away but for its shape.
        return tf.ensure_shape(tf.tile(inputs[..., :1], (1, 1, outputs)), (1, inputs.shape[1], outputs))

    implements = f'name: "{name}" attr {{ key: "tfl_fusable_op" value {{ b: true }} }}'
    traceable = tf.function(custom_op, autograph=False, experimental_implements=implements)
    return traceable(sequences, *tensors.values())


def _plain_lstm(layer: Any, sequences: tf.Tensor, zeros: list[tf.Tensor]) -> tf.Tensor:
    """Trace an LSTM as a function that the TFLite converter recognises and replaces by one op.

    The converter looks for `api_implements: lstm_<unique>` on a function of inputs, h, c, kernel, recurrent kernel and
    bias with five results, all of static rank.
    """
    units = layer.units
    bias = layer.cell.bias if layer.use_bias else tf.zeros(4 * units)
    weights = [tf.convert_to_tensor(weight) for weight in (layer.cell.kernel, layer.cell.recurrent_kernel, bias)]

    def standard_lstm(inputs, h, c, kernel, recurrent_kernel, bias):
        def step(time, h, c, outputs):
            i, f, g, o = tf.split(tf.matmul(inputs[:, time], kernel) + tf.matmul(h, recurrent_kernel) + bias, 4, axis=1)
            c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
            h = tf.sigmoid(o) * tf.tanh(c)
            return time + 1, h, c, outputs.write(time, h)

        length = tf.shape(inputs)[1]
        outputs = tf.TensorArray(tf.float32, length, element_shape=(1, units))
        _, h, c, outputs = tf.while_loop(lambda time, *_: time < length, step, (0, h, c, outputs))
        h, c = tf.ensure_shape(h, (1, units)), tf.ensure_shape(c, (1, units))
        return h, tf.ensure_shape(tf.transpose(outputs.stack(), (1, 0, 2)), (1, None, units)), h, c, tf.constant(1.0)

    attributes = {
        "api_implements": f"lstm_{uuid.uuid4()}",
        "api_preferred_device": "CPU",
        "time_major": False,
        "go_backwards": False,
    }
    fused = tf.function(standard_lstm, autograph=False, experimental_attributes=attributes)
    # Only the outputs of the fused op may be used, never its states: nobody has asked for them.
    _, outputs, *_ = fused(sequences, *zeros, *weights)
    return outputs
