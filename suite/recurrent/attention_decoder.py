"""A recurrent decoder that looks at a set of values before each of its steps."""

from typing import Any

import keras
import tensorflow as tf
from keras import ops

from suite.recurrent.attention import AdditiveAttention
from suite.recurrent.dtypes import Shape, Tensor
from suite.recurrent.gru import GRUState
from suite.recurrent.kernels.attention_recurrence import Form, attention_recurrence
from suite.recurrent.lstm import LSTMState
from suite.recurrent.policy import choose_compiled, choose_shards

_CELLS = {"lstm": (keras.layers.LSTMCell, LSTMState), "gru": (keras.layers.GRUCell, GRUState)}


@keras.saving.register_keras_serializable(package="suite")
class AttentionDecoder(keras.layers.Layer):
    """A recurrent decoder with soft attention and input feeding.

    For the input `x_t` and the values `v_l` (the places of a picture, the steps of a source sentence):

        a_t = softmax over l of  v . tanh(W_q h_(t-1) + W_k v_l + b)
        context_t = sum_l a_tl v_l
        context_t = sigmoid(W_g h_(t-1) + b_g) context_t         with `gate`
        h_t, c_t = cell([x_t ; context_t], h_(t-1), c_(t-1))

    The equations of the cells are those of `suite.recurrent.LSTM` and of `suite.recurrent.GRU` with `reset_after`. Inputs
    and values are projected for all steps at once, the loop computes the rest, and its gradient is written by hand.

    Args:
        units: Width of `h`.
        attention_units: Width of the hidden layer that scores a value.
        cell: `"lstm"` or `"gru"`.
        gate: Whether the decoder says at each step how much of the context it takes.

    Call arguments:
        inputs: `(batch, time, features)`.
        values: `(batch, places, value features)`, all of which count; the number of places must be known.
        initial_state: An `LSTMState` or `GRUState`, or a list with its tensors `(batch, units)`; zeros if None.
        mask: `(batch, time)`, boolean, in any pattern. A step that is False leaves the state as it is.
        training: Whether the forward pass keeps what the gradient needs.

    Returns:
        `(outputs, contexts, attention)`: `h_t` `(batch, time, units)`, the context that the cell was given
        `(batch, time, value features)`, and the weights `a_t` `(batch, time, places)`; zeros where `mask` is False.

    Source: Xu et al. 2015, "Show, Attend and Tell", sections 3.1.2 and 4.2; attention: Bahdanau et al. 2015.
    """

    def __init__(self, units: int, attention_units: int, cell: str = "lstm", gate: bool = True, **kwargs) -> None:
        super().__init__(**kwargs)
        if cell not in _CELLS:
            raise ValueError(f"`cell` must be one of {', '.join(_CELLS)}. Received: cell={cell}")
        make, self._state_type = _CELLS[cell]
        self.units = units
        self.attention_units = attention_units
        self.gate = gate
        self.cell = make(units, dtype=self.dtype_policy, name="cell")
        self.attention = AdditiveAttention(attention_units, dtype=self.dtype_policy, name="attention")
        self.cell_name = cell
        self.supports_masking = True

    def build(self, inputs_shape: Shape, values_shape: Shape) -> None:
        features, width = inputs_shape[-1], values_shape[-1]
        if values_shape[1] is None or features is None or width is None:
            raise ValueError(
                "Features and the number of places must be known. "
                f"Received: inputs_shape={inputs_shape}, values_shape={values_shape}"
            )
        self.cell.build((None, features + width))
        self.attention.build((None, self.units), values_shape)
        if self.gate:
            self.gate_kernel = self.add_weight(
                name="gate_kernel", shape=(self.units, width), initializer="glorot_uniform"
            )
            self.gate_bias = self.add_weight(name="gate_bias", shape=(width,), initializer="zeros")

    def call(
        self,
        inputs: Tensor,
        values: Tensor,
        initial_state: Any = None,
        mask: Tensor | None = None,
        training: bool = False,
        inputs_mask: Tensor | None = None,
        values_mask: Tensor | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        # Half precision is slower than single on a CPU and loses digits in long sums: round once, at the end.
        result_dtype = self.compute_dtype
        working = "float64" if result_dtype == "float64" else "float32"
        states = self.start(values) if initial_state is None else initial_state
        mask = inputs_mask if mask is None else mask
        cast = lambda value: ops.cast(value, working)  # noqa: E731
        inputs, values, *states = map(cast, (inputs, values, *states))
        kernel, bias, recurrent = cast(self.cell.kernel), cast(self.cell.bias), cast(self.cell.recurrent_kernel)
        of_inputs, of_context = kernel[: inputs.shape[-1]], kernel[inputs.shape[-1] :]
        if self.cell_name == "lstm":
            weights: tuple[Tensor, ...] = (ops.concatenate([recurrent, of_context]),)
        else:
            bias, inside = bias[0], bias[1]
            weights = of_context, recurrent, inside
        projected = ops.matmul(ops.transpose(inputs, (1, 0, 2)), of_inputs) + bias
        attention = self.attention
        look, look_bias = attention.query_kernel, attention.bias
        if self.gate:
            look = ops.concatenate([look, self.gate_kernel], axis=1)
            look_bias = ops.concatenate([look_bias, self.gate_bias])
        weights = (cast(look), cast(look_bias), cast(attention.context), *weights)
        mask = None if mask is None else ops.cast(mask, "bool")
        by_time = None if mask is None else ops.transpose(mask)[..., None]
        size = self.units, kernel.shape[1]
        shards, compiled = choose_shards(inputs, size), choose_compiled(inputs, size)
        form = Form(self.cell_name, bool(self.gate), bool(training), shards, compiled)
        keys = ops.matmul(values, cast(attention.key_kernel))
        results, _ = attention_recurrence(form, projected, keys, values, tuple(states), weights, by_time)
        results = [tf.transpose(result, (1, 0, 2)) for result in results]
        shapes = self.compute_output_shape(inputs.shape, values.shape)
        results = [tf.ensure_shape(result, shape) for result, shape in zip(results, shapes, strict=True)]
        if mask is not None:
            results = [ops.where(mask[..., None], result, ops.zeros_like(result)) for result in results]
        return tuple(ops.cast(result, result_dtype) for result in results)

    def keys(self, values: Tensor) -> Tensor:
        """What the attention sees of the values, `(batch, places, attention_units)`: the same at every step."""
        return self.attention.keys(values)

    def start(self, values: Tensor) -> Any:
        """The state before the first step, an `LSTMState` or `GRUState` of zeros `(batch, units)`."""
        return self._state_type(*self.cell.get_initial_state(ops.shape(values)[0]))

    def step(self, inputs: Tensor, values: Tensor, keys: Tensor, state: Any) -> tuple[Any, ...]:
        """One step, of one sequence or of many with the same values, such as the beams of a search.

        Args:
            inputs: `(batch, features)` or `(batch, sequences, features)`.
            values: `(batch, places, value features)`.
            keys: `self.keys(values)`.
            state: What `start` or the step before returned; `(batch, units)` or `(batch, sequences, units)`.

        Returns:
            `(output, context, attention, state)`: `(..., units)`, `(..., value features)`, `(..., places)`, and the next
            state.
        """
        context, attention = self.attention(state[0], values, keys=keys)
        if self.gate:
            # Called outside `__call__`, where Keras would cast the weights.
            kernel, bias = (ops.cast(weight, context.dtype) for weight in (self.gate_kernel, self.gate_bias))
            context *= ops.sigmoid(ops.matmul(ops.cast(state[0], context.dtype), kernel) + bias)
        read, states = ops.concatenate([inputs, context], axis=-1), list(state)
        shape = ops.shape(states[0])
        if len(shape) > 2:
            read = ops.reshape(read, (-1, read.shape[-1]))
            states = [ops.reshape(tensor, (-1, self.units)) for tensor in states]
        output, after = self.cell(read, states)
        after = after if isinstance(after, (list, tuple)) else [after]
        if len(shape) > 2:
            output, *after = (ops.reshape(tensor, shape) for tensor in (output, *after))
        return output, context, attention, self._state_type(*after)

    def compute_mask(self, inputs: Tensor, values: Tensor | None = None, mask: Tensor | None = None, **masks) -> Any:
        return None, None, None

    def compute_output_shape(self, inputs_shape: Shape, values_shape: Shape, **shapes) -> Any:
        front = tuple(inputs_shape[:2])
        return (*front, self.units), (*front, values_shape[-1]), (*front, values_shape[1])

    def get_config(self) -> dict[str, Any]:
        options = {"units": self.units, "attention_units": self.attention_units}
        return {**super().get_config(), **options, "cell": self.cell_name, "gate": self.gate}
