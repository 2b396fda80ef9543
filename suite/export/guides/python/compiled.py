from typing import NamedTuple

import numpy as np
from ai_edge_litert.compiled_model import CompiledModel

FILE = "compiled.tflite"  # fill
INPUT_TYPES = {"signature": {"input": "uint8"}}  # fill
OUTPUT_TYPES = {"signature": {"output": "float32"}}  # fill
OUTPUT_SHAPES = {"signature": {"output": [1, 2]}}  # fill


class Part(NamedTuple):
    """The inputs of one call, and which part of the whole input they are."""

    inputs: dict[str, np.ndarray]
    start: int
    length: int


class Model:
    """The file, run by LiteRT's CompiledModel."""

    def __init__(self) -> None:
        self.model = CompiledModel.from_file(FILE)
        # only: labels
        with open("labels.txt", encoding="utf-8") as file:
            self.labels = file.read().split("\n")[:-1]
        # end

    def run(self, signature: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """One call of a signature; all arrays have the batch axis, 1, in front."""
        types, shapes = OUTPUT_TYPES[signature], OUTPUT_SHAPES[signature]
        fed = {name: self.model.create_input_buffer_by_name(signature, name) for name in inputs}
        outputs = {name: self.model.create_output_buffer_by_name(signature, name) for name in shapes}
        for name, buffer in fed.items():
            buffer.write(np.ascontiguousarray(inputs[name], INPUT_TYPES[signature][name]))
        self.model.run_by_name(signature, fed, outputs)
        return {
            name: buffer.read(int(np.prod(shapes[name])), np.dtype(types[name]).type).reshape(shapes[name])
            for name, buffer in outputs.items()
        }
