"""What a caller of an exported file must know, taken from its report entry: signatures, shapes, states, resets."""

import math
from dataclasses import dataclass
from typing import Any

from suite.runtime.streaming import STATE

WINDOWED_RANK = 2  # (batch, length): what can be cut into pieces of a fixed length
COMPILED_TYPES = {"float32", "int32", "int8", "uint8", "bool"}  # what LiteRT's TensorBuffer reads and writes


@dataclass(frozen=True)
class Tensor:
    """An input or output of a signature; None in the shape is an axis of any length."""

    name: str
    dtype: str
    shape: tuple[int | None, ...]
    meaning: str
    kind: str = ""

    @property
    def fixed(self) -> bool:
        """Whether all axes have a known length."""
        return None not in self.shape

    @property
    def is_text(self) -> bool:
        """Whether it is UTF-8 text as bytes."""
        return self.dtype == "uint8" and len(self.shape) == WINDOWED_RANK and self.kind == "text"

    @property
    def size(self) -> int:
        """Elements, an axis of any length counted as 1."""
        return math.prod(axis or 1 for axis in self.shape)

    @property
    def described(self) -> str:
        """Name, dtype, shape and meaning on one line."""
        axes = ", ".join("any" if axis is None else str(axis) for axis in self.shape)
        return f"`{self.name}` {self.dtype}[{axes}]: {self.meaning}"


@dataclass(frozen=True)
class Call:
    """A signature: what goes in anew, what comes out, and the states that go from each call into the next."""

    signature: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    states: tuple[Tensor, ...]

    @property
    def window(self) -> Tensor | None:
        """The only input, where it has one axis of a fixed length: longer input is cut into pieces, shorter is padded."""
        (only,) = self.inputs if len(self.inputs) == 1 else (None,)
        return only if only and only.fixed and len(only.shape) == WINDOWED_RANK else None

    @property
    def pieces_note(self) -> str:
        """How the answers to the pieces of a longer input are to be read."""
        if self.states:
            return "The answer after the last piece is that of the whole input."
        if self.window and self.window.is_text:
            return (
                "One answer for each piece; that of the whole text is their mean, weighted by the bytes of each piece."
            )
        return "One answer for each piece of the input."


def read_calls(entry: dict[str, Any]) -> list[Call]:
    """Return the calls of a file. What is input and output under the same `state_...` is a state, zeros at first."""
    calls = []
    for name, signature in entry["signatures"].items():
        sides = [[_tensor(key, value) for key, value in signature[side].items()] for side in ("inputs", "outputs")]
        shared = {tensor.name for tensor in sides[0]} & {tensor.name for tensor in sides[1]}
        shared = {name for name in shared if name.startswith(STATE)}
        inputs, outputs = (tuple(tensor for tensor in side if tensor.name not in shared) for side in sides)
        calls.append(Call(name, inputs, outputs, tuple(tensor for tensor in sides[0] if tensor.name in shared)))
    return calls


def must_reset(entry: dict[str, Any]) -> bool:
    """Whether the file keeps state inside between calls: it has fused recurrent ops, or a note speaks of a reset."""
    fused = any("SEQUENCE" in op or op == "SVDF" for op in entry.get("ops", {}))
    return fused or any("reset" in note.lower() for note in entry.get("notes", []))


def uses_compiled_model(entry: dict[str, Any]) -> bool:
    """Whether LiteRT's CompiledModel is the runtime for the file: fixed shapes, no state inside, types that it knows."""
    tensors = [tensor for call in read_calls(entry) for tensor in (*call.inputs, *call.outputs, *call.states)]
    plain = all(tensor.fixed and tensor.dtype in COMPILED_TYPES for tensor in tensors)
    stateless = not must_reset(entry) and not any(call.states for call in read_calls(entry))
    return entry["deployment"] == "compiled" and plain and stateless


def labelled(entry: dict[str, Any], call: Call) -> Tensor | None:
    """The output whose last axis runs over the labels."""
    count = len(entry.get("labels") or [])
    return next((tensor for tensor in call.outputs if count and tensor.shape[-1:] == (count,)), None)


def camel(name: str) -> str:
    """Return `classify_text` as `classifyText`."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _tensor(name: str, values: dict[str, Any]) -> Tensor:
    meaning = values.get("meaning", "")
    # Reports of before said it in the meaning alone.
    kind = values.get("kind", "text" if "UTF-8" in meaning else "")
    return Tensor(name, values["dtype"], tuple(values["shape"]), meaning, kind)
