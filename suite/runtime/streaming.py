"""The host's part of the `streaming` deployment: cut an input of any size into the file's chunks, carry the state."""

from pathlib import Path

import numpy as np

from suite.errors import UserError
from suite.runtime.tflite_runtime import TfLitePredictor
from suite.signature import Arrays

STATE = "state_"


class ChunkRunner:
    """Runs a streaming `.tflite` chunk by chunk with an explicit state, zeros at first.

    Args:
        file: A file of the `streaming` deployment, by its path or opened.

    Raises:
        UserError: for a file that LiteRT cannot run, or that carries no state.
    """

    def __init__(self, file: str | Path | TfLitePredictor) -> None:
        self._predictor = file if isinstance(file, TfLitePredictor) else TfLitePredictor(file)
        self._inputs = self._predictor.inputs
        if not any(name.startswith(STATE) for name in self._inputs):
            raise UserError(
                f"{self._predictor.path}: expected a file of the streaming deployment; this one carries no state"
            )
        self.reset()

    @property
    def chunk_shape(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of one chunk of each raw input, without the batch axis."""
        return {name: shape for name, (shape, _) in self._inputs.items() if not name.startswith(STATE)}

    def reset(self) -> None:
        """Begin a new input."""
        self._state = {
            name: np.zeros(shape, dtype) for name, (shape, dtype) in self._inputs.items() if name.startswith(STATE)
        }

    def prime(self, state: Arrays) -> None:
        """Begin where a stream would be, by the names of its states without `state_`; what is not named is zeros."""
        self.reset()
        for name, array in state.items():
            (shape, dtype) = self._inputs[STATE + name]
            self._state[STATE + name] = np.asarray(array, dtype).reshape(shape)

    def run(self, chunk: Arrays) -> Arrays:
        """Return the answer after one more chunk of exactly `chunk_shape`."""
        outputs = self._predictor.call(chunk | self._state)
        self._state = {name: outputs.pop(name) for name in self._state}
        return outputs
