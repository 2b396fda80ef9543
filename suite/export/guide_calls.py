"""What a caller of an exported file must know, taken from its report entry: signatures, shapes, states, resets."""

from typing import Any

from suite.answers.outputs import kind_of_before
from suite.inputs.calls import Call, Tensor
from suite.runtime.streaming import STATE

COMPILED_TYPES = {"float32", "int32", "int8", "uint8", "bool"}  # what LiteRT's TensorBuffer reads and writes
SWIFT_TYPES = {"float32", "int32", "int64", "int16", "uint8", "bool"}  # what TensorFlowLiteSwift's Tensor knows
BROWSER_TYPES = {"float32", "int32", "uint8"}  # what the guide's JavaScript feeds to LiteRT.js


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
    plain = all(tensor.fixed and tensor.dtype in COMPILED_TYPES for tensor in _tensors(entry))
    stateless = not must_reset(entry) and not any(call.states for call in read_calls(entry))
    return entry["deployment"] == "compiled" and plain and stateless


def swift_reason(entry: dict[str, Any]) -> str:
    """Return why Swift cannot run a file; empty where it can."""
    others = {tensor.dtype for tensor in _tensors(entry)} - SWIFT_TYPES
    return f"TensorFlowLiteSwift has no tensors of {', '.join(sorted(others))}, which this file has." if others else ""


def browser_reason(entry: dict[str, Any]) -> str:
    """Return why LiteRT.js cannot run a file in a browser; empty where it can."""
    if must_reset(entry) or not all(tensor.fixed for tensor in _tensors(entry)):
        return "LiteRT.js runs files of fixed shapes that keep no state inside: those of `--deployment compiled`."
    others = {tensor.dtype for tensor in _tensors(entry)} - BROWSER_TYPES
    return f"LiteRT.js takes no tensors of {', '.join(sorted(others))}, which this file has." if others else ""


def camel(name: str) -> str:
    """Return `classify_text` as `classifyText`."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _tensors(entry: dict[str, Any]) -> list[Tensor]:
    return [tensor for call in read_calls(entry) for tensor in (*call.inputs, *call.outputs, *call.states)]


def _tensor(name: str, values: dict[str, Any]) -> Tensor:
    meaning, shape = values.get("meaning", ""), tuple(values["shape"])
    old = "kind" not in values
    kind, length = kind_of_before(name, values["dtype"], shape, meaning) if old else (values["kind"], "")
    return Tensor(name, values["dtype"], shape, meaning, kind, values.get("length", length))
