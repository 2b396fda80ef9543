from typing import NamedTuple

import numpy as np

# only: builtin
from ai_edge_litert.interpreter import Interpreter

# end
# only: custom
import tensorflow_text  # its ops; the version beside tensorflow's own
from tensorflow.lite.python.interpreter import InterpreterWithCustomOps

# end
FILE = "interpreter.tflite"  # fill


class Part(NamedTuple):
    """The inputs of one call, and which part of the whole input they are."""

    inputs: dict[str, np.ndarray]
    start: int
    length: int


class Model:
    """The file, run by LiteRT's Interpreter."""

    def __init__(self) -> None:
        self.interpreter = self.open()
        # only: labels
        with open("labels.txt", encoding="utf-8") as file:
            self.labels = file.read().split("\n")[:-1]
        # end
        # only: dynamic
        self.sizes: dict[str, int] = {}
        # end
        # only: stream
        self.state: dict[str, np.ndarray] = {}
        # end

    # only: builtin
    @staticmethod
    def open() -> Interpreter:
        return Interpreter(FILE, num_threads=2)

    # end
    # only: custom
    @staticmethod
    def open() -> InterpreterWithCustomOps:
        ops = tensorflow_text.tflite_registrar.SELECT_TFTEXT_OPS
        return InterpreterWithCustomOps(model_path=FILE, custom_op_registerers=ops)

    # end
    # only: stream
    def begin(self, signature: str) -> None:
        """Begin a new input: zeros in all states."""
        inputs = self.interpreter.get_signature_runner(signature).get_input_details()
        states = {name: details for name, details in inputs.items() if name.startswith("state_")}
        self.state = {name: np.zeros(details["shape"], details["dtype"]) for name, details in states.items()}

    # end
    def run(self, signature: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """One call of a signature; all arrays have the batch axis, 1, in front."""
        # only: dynamic
        sizes = {name: max(array.size, self.sizes.get(name, 0)) for name, array in inputs.items()}
        if sizes != self.sizes:  # XNNPACK may compute on stale memory once an input outgrows all before it
            self.interpreter, self.sizes = self.open(), sizes
        # end
        runner = self.interpreter.get_signature_runner(signature)
        # only: stream
        outputs = runner(**inputs, **self.state)
        self.state = {name: outputs.pop(name) for name in self.state}  # goes into the next call
        # end
        # only: stateless
        outputs = runner(**inputs)
        # end
        # only: reset
        self.interpreter.reset_all_variables()  # the file keeps its state; the next input starts anew
        # end
        return outputs
