"""What a file of fixed shapes asks of a microcontroller: multiply-adds, state and working memory of one call."""

from collections.abc import Sequence
from math import log2, prod
from pathlib import Path
from typing import Any

import numpy as np

from suite.export.model_file import read_model, text
from suite.runtime.streaming import STATE

ALIGNMENT = 16  # bytes, of each tensor in the arena of the runtime for microcontrollers
LOOPS = ("WHILE", "IF")


def micro_figures(path: Path, signature: str, seconds: float) -> dict[str, int]:
    """Return what one call of a signature takes; nothing where a shape is open or a loop hides how often its body runs.

    Args:
        path: The file.
        signature: Its name in the file.
        seconds: Of sound in one call; 0 where calls do not follow one another in time.

    Returns:
        `multiply_adds` of matrix products, convolutions and Fourier transforms; `state_bytes` that a stream carries from
        chunk to chunk; `arena_bytes`, the memory that all tensors but the weights need, each only while it is used, as the
        runtime for microcontrollers plans it (greedily by size); and with `seconds` the `multiply_adds_per_second`.
    """
    from ai_edge_litert import schema_py_generated as schema

    model = read_model(path)
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    codes = [names[max(code.builtinCode, code.deprecatedBuiltinCode)] for code in model.operatorCodes]
    definition = next(entry for entry in model.signatureDefs if text(entry.signatureKey) == signature)
    graph = model.subgraphs[definition.subgraphIndex]
    operators = [(codes[operator.opcodeIndex], operator) for operator in graph.operators]
    if any(name in LOOPS for name, _ in operators) or any(-1 in _signed(tensor) for tensor in graph.tensors):
        return {}
    sizes = {value: name for name, value in vars(schema.TensorType).items() if isinstance(value, int)}
    constant = [_is_constant(model, tensor) for tensor in graph.tensors]
    nbytes = [prod(_shape(tensor)) * _width(sizes[tensor.type]) for tensor in graph.tensors]
    state = sum(nbytes[entry.tensorIndex] for entry in definition.inputs if text(entry.name).startswith(STATE))
    count = sum(_multiply_adds(name, operator, graph.tensors, constant) for name, operator in operators)
    return {
        "multiply_adds": round(count),
        "state_bytes": state,
        "arena_bytes": _planned(_lifetimes(graph), nbytes, constant),
        **({"multiply_adds_per_second": round(count / seconds)} if seconds else {}),
    }


def _multiply_adds(name: str, operator: Any, tensors: Sequence[Any], constant: Sequence[bool]) -> float:
    shapes = [_shape(tensors[index]) for index in operator.inputs if index >= 0]
    output = prod(_shape(tensors[operator.outputs[0]])) if len(operator.outputs) else 0
    if name in ("FULLY_CONNECTED", "BATCH_MATMUL"):
        transposed = getattr(operator.builtinOptions, "adjX", False)
        return output * shapes[0][-2 if transposed else -1]
    if name == "CONV_2D":
        return output * prod(shapes[1][1:])
    if name == "DEPTHWISE_CONV_2D":
        return output * prod(shapes[1][1:3])
    if name == "UNIDIRECTIONAL_SEQUENCE_LSTM":
        weights = [
            index for index in operator.inputs if index >= 0 and constant[index] and len(_shape(tensors[index])) == 2
        ]
        return prod(shapes[0][:2]) * sum(prod(_shape(tensors[index])) for index in weights)
    if name == "RFFT2D":
        length = shapes[0][-1]
        return prod(shapes[0]) * log2(length) if length > 1 else 0
    return 0


def _lifetimes(graph: Any) -> dict[int, tuple[int, int]]:
    """Return tensor -> the first and the last operator that need it; inputs and outputs of the graph are needed throughout."""
    whole = (-1, len(graph.operators))
    spans: dict[int, tuple[int, int]] = {}
    for place, operator in enumerate(graph.operators):
        for index in [*operator.inputs, *operator.outputs]:
            if index >= 0:
                spans[int(index)] = (spans.get(int(index), (place, place))[0], place)
    return spans | {int(index): whole for index in [*graph.inputs, *graph.outputs]}


def _planned(spans: dict[int, tuple[int, int]], nbytes: Sequence[int], constant: Sequence[bool]) -> int:
    """Return the bytes of an arena in which the largest tensors are placed first, each at the lowest gap it fits in."""
    placed: list[tuple[int, int, tuple[int, int]]] = []  # begin, end, lifetime
    for index in sorted((index for index in spans if not constant[index]), key=lambda index: -nbytes[index]):
        size, (first, last) = -(-nbytes[index] // ALIGNMENT) * ALIGNMENT, spans[index]
        begin = 0
        for start, end, (since, until) in sorted(placed):
            if since <= last and first <= until:
                if begin + size <= start:
                    break
                begin = max(begin, end)
        placed.append((begin, begin + size, (first, last)))
    return max((end for _, end, _ in placed), default=0)


def _is_constant(model: Any, tensor: Any) -> bool:
    data = model.buffers[tensor.buffer].data
    return data is not None and len(data) > 0


def _shape(tensor: Any) -> list[int]:
    return [int(size) for size in (tensor.shape if tensor.shape is not None else [])]


def _signed(tensor: Any) -> list[int]:
    signature = tensor.shapeSignature
    return [int(size) for size in (signature if signature is not None else _shape(tensor))]


def _width(name: str) -> int:
    """Return the bytes of a number of a type of the schema: `FLOAT32`, `INT8`, `BOOL`."""
    return 1 if name in ("BOOL", "INT4") else 8 if name == "COMPLEX64" else np.dtype(name.lower()).itemsize
