"""How layers trace themselves while a model is exported: fused op, portable loop, or one streaming chunk.

An exporter traces the model inside `deploying(Deployment(...))`; layers ask `current()` and follow it:

    deployment = Deployment("fused")
    with deploying(deployment):
        concrete = tf.function(model).get_concrete_function(specification)
"""

import contextlib
import contextvars
from collections.abc import Callable, Iterator
from typing import Any

import keras
import tensorflow as tf

from suite.recurrent.fused_op import can_be_fused, fused_lstm

FORMS = ("fused", "loop", "unrolled")

_current: contextvars.ContextVar = contextvars.ContextVar("suite_recurrent_deployment", default=None)


class Deployment:
    """One way of tracing a model for a runtime, and the streaming state that its layers ask for.

    Args:
        form: `"fused"`: an LSTM becomes one `UNIDIRECTIONAL_SEQUENCE_LSTM`, any other layer a loop, and so does an LSTM
            that starts from a state or returns its own: the op takes none and gives none. The batch is 1 and nothing is
            padded (`cut_padding`), so masks are left out. `"loop"`: a `while` loop of built-in ops, with masks. `"unrolled"`:
            the same steps one after the other without a loop, which calibration for int8 needs; shapes must be fixed.
            A layer that is linear in its state has no loop in any form where the number of steps is fixed.
        fixed: Whether every shape is static; inputs are then padded.
        streaming: Whether a call is one chunk of a longer input: layers start from the state of the chunk before.
        states: Name -> tensor, the state that comes in. None while the states are being found out: they start as zeros.

    Attributes:
        initial: Name -> zeros of the state's shape and dtype, filled while tracing.
        final: Name -> the state after the chunk, filled while tracing.
        fused: Whether a layer traced itself as the fused op.
    """

    def __init__(self, form: str, fixed: bool = False, streaming: bool = False, states: dict | None = None) -> None:
        if form not in FORMS:
            raise ValueError(f"`form` must be one of {', '.join(FORMS)}. Received: form={form}")
        self.form = form
        self.fixed = fixed
        self.streaming = streaming
        self.states = states
        self.initial: dict[str, tf.Tensor] = {}
        self.final: dict[str, tf.Tensor] = {}
        self.fused = False

    def carry(self, name: str, zeros: tf.Tensor) -> tf.Tensor:
        """Return the state `name` as it comes in; every state is zeros before the first chunk."""
        self.initial[name] = zeros
        return zeros if self.states is None else self.states[name]

    def keep(self, name: str, value: tf.Tensor) -> None:
        """Hand the state `name` on to the next chunk."""
        self.final[name] = tf.reshape(value, self.initial[name].shape)

    def inner_loop(
        self,
        layer: Any,
        keras_loop: Callable,
        sequences: tf.Tensor,
        initial_state: list[tf.Tensor],
        mask: tf.Tensor | None,
    ) -> tuple[Any, Any, Any]:
        """Do what `keras.layers.RNN.inner_loop` does, in this deployment's form.

        Args:
            layer: A `keras.layers.RNN` that has `starts_at_zero`.
            keras_loop: The layer's loop as Keras has it.
            sequences: `(1, time, features)`.
            initial_state: List of `(1, width)`.
            mask: `(1, time)` boolean, or None.

        Raises:
            ValueError: if a stream is to start from a state that the model computes.
        """
        if self.streaming and not layer.starts_at_zero:
            raise streams_start_at_zero(layer)
        # Shapes computed from tensors lose what is known: the batch is 1, and the converter needs to know that. A reshape
        # says so; an EnsureShape that is not redundant is no op of TFLite.
        sequences = tf.reshape(sequences, (1, sequences.shape[1] or -1, sequences.shape[-1]))
        widths = layer.state_size
        initial_state = [tf.reshape(state, (1, width)) for state, width in zip(initial_state, widths, strict=True)]
        names = [f"{layer.name}_{part}" for part in ("h", "c", *map(str, range(2, len(widths))))[: len(widths)]]
        if self.streaming:
            zeros = [tf.zeros((1, width), sequences.dtype) for width in widths]
            initial_state = [self.carry(name, zero) for name, zero in zip(names, zeros, strict=True)]
        if self.form == "fused" and not self.streaming and can_be_fused(layer):
            outputs, last = fused_lstm(layer, sequences, initial_state)
            states = initial_state
            self.fused = True
        else:
            if layer.go_backwards:
                # Keras' unrolled loop blanks masked outputs in the order of the mask, not of the steps.
                sequences, mask = tf.reverse(sequences, [1]), None if mask is None else tf.reverse(mask, [1])
            with _forward_loop(layer, unroll=self.form == "unrolled"):
                last, outputs, states = keras_loop(sequences, initial_state, mask, False)
        if self.streaming:
            for name, state in zip(names, states, strict=True):
                self.keep(name, state)
        return last, outputs, states


def current() -> Deployment | None:
    """Return the deployment that is being traced; None in training and ordinary inference."""
    return _current.get()


@contextlib.contextmanager
def deploying(deployment: Deployment) -> Iterator[Deployment]:
    """Let layers called inside trace themselves for `deployment`."""
    token = _current.set(deployment)
    try:
        yield deployment
    finally:
        _current.reset(token)


@contextlib.contextmanager
def _forward_loop(layer: keras.layers.RNN, unroll: bool) -> Iterator[None]:
    """Let Keras' own loop of a layer run forwards in time, unrolled or as the layer has it."""
    options = layer.unroll, layer.go_backwards
    layer.unroll, layer.go_backwards = layer.unroll or unroll, False
    try:
        yield
    finally:
        layer.unroll, layer.go_backwards = options


def cut_padding(sequences: tf.Tensor, length: tf.Tensor) -> tf.Tensor:
    """Return an input without what comes after its end, where the layers that are traced know no padding.

    A signature whose input may be padded calls this on it; everywhere else the padding stays, and masks do their work.

    Args:
        sequences: `(batch, time, ...)`; of batch 1 in an export.
        length: `(batch,)`, int32, steps that count; a step is kept where none does.
    """
    deployment = current()
    if deployment is None or deployment.form != "fused":
        return sequences
    return sequences[:, : tf.maximum(length[0], 1)]


def streams_start_at_zero(layer: keras.layers.Layer) -> ValueError:
    """Return the error for a layer of a stream whose first state is not zeros."""
    return ValueError(
        "In the streaming deployment a layer's state comes from the chunk before, zeros before the first: `initial_state` "
        f"and `stateful` have no place there. Received: layer={layer.name}"
    )
