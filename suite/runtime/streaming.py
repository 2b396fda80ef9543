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

    def run(self, chunk: Arrays) -> Arrays:
        """Return the answer after one more chunk of exactly `chunk_shape`."""
        outputs = self._predictor.call(chunk | self._state)
        self._state = {name: outputs.pop(name) for name in self._state}
        return outputs


class TextStream:
    """Feeds a text in pieces of any size to a streaming file, cut at spaces into its fixed chunks.

    Args:
        runner: Of a file whose raw input is `text`, `uint8 (chunk,)`.

    `feed` takes bytes as they come and answers when it has run a chunk; `finish` runs what is left and gives the answer
    to the whole text, which is that of the model on the text at once.
    """

    def __init__(self, runner: ChunkRunner) -> None:
        self.runner = runner
        (self.size,) = runner.chunk_shape["text"]
        self._waiting = b""
        runner.reset()

    def feed(self, piece: bytes) -> Arrays | None:
        """Take more of the text; return the answer so far, or None while no chunk is full."""
        self._waiting += piece
        answer = None
        while len(self._waiting) > self.size:
            cut = cut_at_space(self._waiting, self.size)
            answer = self._run(self._waiting[:cut])
            self._waiting = self._waiting[cut:]
        return answer

    def finish(self) -> Arrays:
        """Run what is left, return the answer to the whole text, and begin a new one."""
        answer = self._run(self._waiting)
        self._waiting = b""
        self.runner.reset()
        return answer

    def _run(self, chunk: bytes) -> Arrays:
        return self.runner.run({"text": np.frombuffer(chunk.ljust(self.size, b"\0"), np.uint8)})


def cut_at_space(data: bytes, size: int, token: int = 32) -> int:
    """Return how many bytes, at most `size`, to take so that no token is torn apart.

    Spaces (bytes up to 32, and 127) end tokens. A longer run without any is cut at a multiple of `token` bytes from its
    start, where the tokenizer cuts it too.
    """
    for index in range(size, 0, -1):
        if data[index - 1] <= 32 or data[index - 1] == 127:
            return index
    return size - size % token
