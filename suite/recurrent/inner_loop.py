"""The inner loop of the Keras recurrent layers, done by the kernels."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from suite.recurrent.kernels.recurrence import recurrence
from suite.recurrent.policy import choose_form, has_gpu
from suite.recurrent.random_states import mask_of_states, recurrent_masks


def covers(layer: Any, sequences: tf.Tensor, mask: tf.Tensor | None, training: bool) -> bool:
    """Whether the kernels compute what `layer` asks for; otherwise Keras' own loop does."""
    cell = layer.cell
    if getattr(layer, "use_cudnn", "auto") is True or has_gpu():
        return False
    # With one mask for each gate's inputs there is no one input product.
    per_gate_inputs = training and getattr(cell, "implementation", 2) == 1 and cell.dropout
    return has_usual_activations(cell) and not per_gate_inputs and is_plain(layer, sequences, mask)


def has_usual_activations(cell: Any) -> bool:
    """Whether a Keras cell's activations are those that the kernels have."""
    activations = [cell.activation is keras.activations.tanh]
    if hasattr(cell, "recurrent_activation"):
        activations.append(cell.recurrent_activation is keras.activations.sigmoid)
    return all(activations)


def keras_kernel(cell: Any) -> tuple[str, tuple[Any, ...]]:
    """Return the kernel that does over time what a Keras cell does at a step, and its weights, `(W, b, U, ...)`."""
    if not isinstance(cell, keras.layers.GRUCell) or not cell.reset_after:
        names = {keras.layers.LSTMCell: "lstm", keras.layers.GRUCell: "gru_reset_before"}
        weights = cell.kernel, cell.bias if cell.use_bias else None, cell.recurrent_kernel
        return next((name for kind, name in names.items() if isinstance(cell, kind)), "simple_rnn"), weights
    into, inside = (cell.bias[0], cell.bias[1]) if cell.use_bias else (None, keras.ops.zeros(3 * cell.units))
    return "gru", (cell.kernel, into, cell.recurrent_kernel, inside)


def is_plain(layer: Any, sequences: tf.Tensor, mask: tf.Tensor | None) -> bool:
    """Whether a layer's loop may be another one than Keras', and what it runs over is as the kernels take it."""
    return not layer.unroll and (mask is None or mask.shape.rank == 2) and sequences.shape.rank == 3


def fast_inner_loop(
    layer: Any,
    kernel: str,
    weights: tuple,
    sequences: tf.Tensor,
    states: Sequence[tf.Tensor],
    mask: tf.Tensor | None,
    training: bool,
) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
    """What `keras.layers.RNN.inner_loop` does, by a kernel.

    Args:
        layer: The layer; its `go_backwards`, `return_sequences`, `zero_output_for_mask` and dropout are honoured.
        kernel: Name of a kernel.
        weights: `(W, b, U, ...)` of the layer; `b` may be None.
        sequences: `(batch, time, features)`.
        states: List of tensors `(batch, units)`.
        mask: `(batch, time)` boolean, or None.
        training: Whether the layer is being trained. It decides about dropout and about what is kept for gradients;
            gradients are right either way.

    Returns:
        `(last_output, outputs, states)`.
    """
    if training and getattr(layer.cell, "dropout", False):
        sequences *= layer.cell.get_dropout_mask(sequences[:, 0, :])[:, None]
    if layer.go_backwards:
        sequences = tf.reverse(sequences, [1])
        mask = None if mask is None else tf.reverse(mask, [1])
    # Half precision is slower than single on a CPU and loses digits in long sums: round once, at the end.
    result_dtype = layer.compute_dtype
    working = "float64" if "float64" in (result_dtype, sequences.dtype.name) else "float32"
    kernel_weights, bias, *recurrent = weights
    into = kernel_weights, tf.zeros(kernel_weights.shape[-1:], working) if bias is None else bias
    sequences, states, into, recurrent, dropped = tf.nest.map_structure(
        lambda value: tf.cast(keras.ops.convert_to_tensor(value), working),
        (sequences, tuple(states), into, tuple(recurrent), recurrent_masks(layer.cell, states[0], training)),
    )
    mask = None if mask is None else tf.cast(mask, tf.bool)
    taken = mask_of_states(layer.cell, sequences, states, mask, training)
    options = {"sequences": layer.return_sequences, "training": training, "dropped": (dropped or (None,))[0]}
    form = choose_form(kernel, sequences, recurrent[0].shape, taken, **options)
    outputs, ends = recurrence(form, sequences, states, into, recurrent, taken, options["dropped"])
    last, outputs = _masked(layer, outputs, ends[0], mask)
    batch, length = sequences.shape[:2]
    widths = [state.shape[-1] for state in states]
    last = tf.ensure_shape(last, (batch, widths[0]))
    outputs = last[:, None] if outputs is None else tf.ensure_shape(outputs, (batch, length, widths[0]))
    ends = [tf.ensure_shape(end, (batch, width)) for end, width in zip(ends, widths, strict=True)]
    return tf.nest.map_structure(lambda value: tf.cast(value, result_dtype), (last, outputs, ends))


def _masked(
    layer: Any, outputs: tf.Tensor | None, last: tf.Tensor, mask: tf.Tensor | None
) -> tuple[tf.Tensor, tf.Tensor | None]:
    """Outputs at masked steps as Keras gives them: zeros, or the last output there was (zeros before any)."""
    if mask is None:
        return last, outputs
    if layer.zero_output_for_mask:
        has_output = mask
    else:
        has_output = tf.cumsum(tf.cast(mask, tf.int32), axis=1) > 0
    last = tf.where(has_output[:, -1:], last, 0)
    return last, None if outputs is None else tf.where(has_output[..., None], outputs, 0)
