"""What MinGRU and MinLSTM have in common: a recurrence without matrix products, computed for all times at once."""

from typing import Any

import keras
from keras import ops

from suite.recurrent.deployment import current, streams_start_at_zero
from suite.recurrent.dtypes import Shape, Tensor, as_float
from suite.recurrent.export_scan import exported_scan
from suite.recurrent.scanning import linear_scan


class MinimalRNN(keras.layers.Layer):
    """A layer `h_t = decay_t h_(t-1) + drive_t` whose `decay` and `drive` depend on `x_t` alone.

    It takes the place of a Keras recurrent layer: arguments, masks, states and use inside `Bidirectional` are the same.

    Args:
        units: Width of the state and of the outputs.
        use_bias: Whether the products have a bias.
        kernel_initializer: Of `W`.
        bias_initializer: Of `b`.
        kernel_regularizer: Of `W`.
        dropout: Share of the input features dropped in training, the same ones at every step.
        seed: Of the dropout.
        return_sequences: Whether to return the outputs of all steps, or the last one.
        return_state: Whether to return the last state as well.
        go_backwards: Whether to read the sequence from its end, and return the outputs in that order.
        stateful: Whether a batch starts from the state in which the batch before it ended.

    Call arguments:
        sequences: `(batch, time, features)`.
        initial_state: `(batch, units)` or a list with that; zeros if None.
        mask: `(batch, time)`, boolean, in any pattern. A step that is False leaves the state as it is; its output is
            the state, or zeros where `zero_output_for_mask` is set (`Bidirectional` sets it).
        training: Whether dropout acts.

    Returns:
        `(batch, units)`, or `(batch, time, units)` with `return_sequences`; with `return_state` also the last state.
    """

    gates: Any = None
    state_names: tuple[str, ...] = ("h",)

    def __init__(
        self,
        units: int,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        if not isinstance(units, int) or units < 1:
            raise ValueError(f"`units` must be an integer of at least 1. Received: units={units}")
        self.units = units
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.dropout = dropout
        self.seed = seed
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.zero_output_for_mask = zero_output_for_mask
        self.supports_masking = True
        self.state_size = [units]
        self.states: Any = None
        self.input_spec = keras.layers.InputSpec(ndim=3)
        self.seed_generator = keras.random.SeedGenerator(seed) if dropout else None

    def build(self, sequences_shape: Shape, initial_state_shape: Shape | None = None) -> None:
        width = self.gates * self.units
        self.kernel = self.add_weight(
            name="kernel",
            shape=(sequences_shape[-1], width),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
        )
        if self.use_bias:
            self.bias = self.add_weight(name="bias", shape=(width,), initializer=self.bias_initializer)
        if self.stateful:
            if sequences_shape[0] is None:
                raise ValueError(f"A stateful layer needs a fixed batch size. Received: shape={sequences_shape}")
            self.states = [
                self.add_weight(name="state", shape=(sequences_shape[0], width), initializer="zeros", trainable=False)
                for width in self.state_size
            ]

    def decay_and_drive(self, projected: Tensor) -> tuple[Tensor, Tensor]:
        """`(decay, drive)`, each `(..., units)`, from `x W + b`, `(..., gates * units)`."""
        raise TypeError(f"A subclass of MinimalRNN defines `decay_and_drive`. Received: {type(self).__name__}")

    def call(
        self, sequences: Tensor, initial_state: Any = None, mask: Tensor | None = None, training: bool = False
    ) -> Any:
        sequences = as_float(sequences, self.compute_dtype)
        deployment = current()
        if deployment is not None:
            # The converter needs to know that the batch is 1.
            sequences = ops.reshape(sequences, (1, sequences.shape[1] or -1, sequences.shape[-1]))
        states = [ops.cast(state, self.compute_dtype) for state in self._states_before(sequences, initial_state)]
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        if training and self.dropout:
            ones = ops.ones_like(sequences[:, :1])
            sequences = sequences * keras.random.dropout(ones, self.dropout, seed=self.seed_generator)
        if self.go_backwards:
            sequences = ops.flip(sequences, axis=1)
            mask = None if mask is None else ops.flip(mask, axis=1)
        real = None if mask is None else ops.expand_dims(ops.cast(mask, "bool"), -1)
        outputs, last, states = self.run(sequences, states, real)
        if self.stateful:
            for variable, state in zip(self.states, states, strict=True):
                variable.assign(state)
        if deployment is not None and deployment.streaming:
            for part, state in zip(self.state_names, states, strict=True):
                deployment.keep(f"{self.name}_{part}", state)
        result = outputs if self.return_sequences else last
        if real is not None and self.zero_output_for_mask:
            result = ops.where(real if self.return_sequences else real[:, -1], result, ops.zeros_like(result))
        return (result, *states) if self.return_state else result

    def _states_before(self, sequences: Tensor, initial_state: Any) -> list[Tensor]:
        """The states that a call begins with."""
        deployment = current()
        if deployment is not None and deployment.streaming:
            if initial_state is not None or self.stateful:
                raise streams_start_at_zero(self)
            parts = zip(self.state_names, self.state_size, strict=True)
            return [deployment.carry(f"{self.name}_{part}", ops.zeros((1, width))) for part, width in parts]
        if initial_state is not None:
            return list(initial_state) if isinstance(initial_state, (list, tuple)) else [initial_state]
        return self.states if self.stateful else self.get_initial_state(ops.shape(sequences)[0])

    def run(self, sequences: Tensor, states: list[Tensor], real: Tensor | None) -> tuple[Tensor, Tensor, list[Tensor]]:
        """All steps.

        Args:
            sequences: `(batch, time, features)`, in the order in which they are read.
            states: One tensor `(batch, width)` for each of `state_size`.
            real: `(batch, time, 1)`, boolean: False where a step is masked. None: all count.

        Returns:
            The outputs of all steps `(batch, time, units)`, the last one `(batch, units)`, and the states after it.
        """
        decay, drive = self.decay_and_drive(self._project(sequences))
        outputs = self._scan(decay, drive, states[0], real)
        last = outputs[:, -1]
        return outputs, last, [last]

    def _scan(self, decay: Tensor, drive: Tensor, state: Tensor, real: Tensor | None) -> Tensor:
        if real is not None:
            decay, drive = ops.where(real, decay, ops.ones_like(decay)), ops.where(real, drive, ops.zeros_like(drive))
        if current() is not None:
            state = ops.cast(ops.reshape(state, (1, self.units)), drive.dtype)
            return ops.cast(exported_scan(decay, drive, state), self.compute_dtype)
        # Products of many factors want single precision at least.
        working = "float64" if self.compute_dtype == "float64" else "float32"
        outputs = linear_scan(*(ops.cast(value, working) for value in (decay, drive, state)))
        return ops.cast(outputs, self.compute_dtype)

    def step(self, inputs: Tensor, state: Any) -> tuple[Any, ...]:
        """One step: `(batch, features)` and a state to the output `(batch, units)` and the next state."""
        # Called outside `__call__`, where Keras would cast.
        decay, drive = self.decay_and_drive(self._project(ops.cast(inputs, self.compute_dtype)))
        h = decay * ops.cast(state[0], self.compute_dtype) + drive
        return h, type(state)(h)

    def _project(self, inputs: Tensor) -> Tensor:
        projected = ops.matmul(inputs, ops.cast(self.kernel, inputs.dtype))
        return projected + ops.cast(self.bias, inputs.dtype) if self.use_bias else projected

    def get_initial_state(self, batch_size: int | Tensor | None) -> list[Tensor]:
        return [ops.zeros((batch_size, width), self.compute_dtype) for width in self.state_size]

    def reset_state(self) -> None:
        """Goes back to the state of zeros; only for a stateful layer."""
        for state in self.states or ():
            state.assign(ops.zeros_like(state))

    def compute_mask(self, sequences: Tensor, mask: Tensor | None = None) -> Any:
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        result = mask if self.return_sequences else None
        return [result, *[None] * len(self.state_size)] if self.return_state else result

    def compute_output_shape(self, sequences_shape: Shape, initial_state_shape: Shape | None = None) -> Any:
        last = (sequences_shape[0], self.units)
        result = (*sequences_shape[:2], self.units) if self.return_sequences else last
        states = [(sequences_shape[0], width) for width in self.state_size]
        return (result, *states) if self.return_state else result

    def get_config(self) -> dict[str, Any]:
        names = (
            "units",
            "use_bias",
            "dropout",
            "seed",
            "return_sequences",
            "return_state",
            "go_backwards",
            "stateful",
            "zero_output_for_mask",
        )
        return {
            **super().get_config(),
            **{name: getattr(self, name) for name in names},
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }
