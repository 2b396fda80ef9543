"""The fused LSTM op in every form that it has: written into a converted file, whose converter writes the plain form alone."""

from pathlib import Path
from typing import Any

import numpy as np

from suite.export.model_file import read_model, text, write_model
from suite.recurrent.fused_op import parse_placeholder

# Inputs of UNIDIRECTIONAL_SEQUENCE_LSTM: x, 4 matrices for it, 4 for the last output, 3 of peepholes, 4 biases, the
# projection and its bias, the output and cell states, 4 gains. Absent ones are -1.
INPUTS, OUTPUT_GATE, RECURRENT_OUTPUT_GATE, STATES = 24, 4, 8, (18, 19)
MATRICES, DIAGONALS = (*range(1, 9), 16), range(5, 9)
# As the converter: a file is not made of 8-bit weights for what is this small.
QUANTIZED_FROM = 1024


def write_fused_lstms(path: Path, quantization: str) -> None:
    """Put the built-in op in the place of each custom op that `suite.recurrent.fused_op` left in a converted file.

    Args:
        path: The file; one without such ops stays as it is.
        quantization: With `"dynamic"` matrices become 8 bits wide, with one scale each; biases and gains stay as they are.
            The weights of a `float16` file are half as wide already.
    """
    model = read_model(path)
    forms = {
        index: form
        for index, code in enumerate(model.operatorCodes)
        if code.customCode is not None and (form := parse_placeholder(text(code.customCode)))
    }
    if not forms:
        return
    for graph in model.subgraphs:
        for operator in graph.operators:
            if operator.opcodeIndex in forms:
                _become_lstm(model, graph, operator, forms[operator.opcodeIndex], quantization == "dynamic")
    for index, (_, diagonal) in forms.items():
        _become_code(model.operatorCodes[index], diagonal, quantization == "dynamic")
    write_model(path, model, {}, {})


def _become_lstm(model: Any, graph: Any, operator: Any, form: tuple[list[int], bool], dynamic: bool) -> None:
    from ai_edge_litert import schema_py_generated as schema

    places, diagonal = form
    sequence, *weights = operator.inputs
    inputs = np.full(INPUTS, -1, np.int32)
    inputs[0] = sequence
    inputs[places] = weights
    units = _shape(graph, inputs[OUTPUT_GATE])[0]
    outputs = units if diagonal else _shape(graph, inputs[RECURRENT_OUTPUT_GATE])[1]
    # The op takes all of its matrices in 8 bits, or none; what stands on a diagonal it takes as float in any case.
    matrices = [inputs[place] for place in MATRICES if inputs[place] >= 0 and not (diagonal and place in DIAGONALS)]
    if dynamic and max(np.prod(_shape(graph, index)) for index in matrices) >= QUANTIZED_FROM:
        for index in matrices:
            _quantize(model, graph.tensors[index])
    name = text(graph.tensors[operator.outputs[0]].name)
    for place, width in zip(STATES, (outputs, units), strict=True):
        inputs[place] = _add_state(graph, f"{name}/state_{place}", width)
    options = schema.UnidirectionalSequenceLSTMOptionsT()
    options.fusedActivationFunction = schema.ActivationFunctionType.TANH
    options.diagonalRecurrentTensors = diagonal
    operator.inputs = inputs
    operator.customOptions = None
    operator.builtinOptionsType = schema.BuiltinOptions.UnidirectionalSequenceLSTMOptions
    operator.builtinOptions = options


def _become_code(code: Any, diagonal: bool, dynamic: bool) -> None:
    from ai_edge_litert import schema_py_generated as schema

    code.customCode = None
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.UNIDIRECTIONAL_SEQUENCE_LSTM
    # Versions: 2 has 8-bit weights, 4 the diagonal.
    code.version = 4 if diagonal else 2 if dynamic else 1


def _shape(graph: Any, index: int) -> list[int]:
    return [int(size) for size in graph.tensors[index].shape]


def _add_state(graph: Any, name: str, width: int) -> int:
    """Add a variable tensor `(1, width)`, which the runtime keeps from call to call, and return its index."""
    from ai_edge_litert import schema_py_generated as schema

    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.type = name, [1, width], schema.TensorType.FLOAT32
    tensor.buffer, tensor.isVariable = 0, True
    graph.tensors.append(tensor)
    return len(graph.tensors) - 1


def _quantize(model: Any, tensor: Any) -> None:
    """Make a constant of float32 one of 8 bits, symmetric about zero."""
    from ai_edge_litert import schema_py_generated as schema

    if tensor.type != schema.TensorType.FLOAT32:
        return  # layers that share a weight share its tensor
    values = np.frombuffer(model.buffers[tensor.buffer].data.tobytes(), np.float32)
    scale = max(float(np.abs(values).max()), 1e-12) / 127
    quantized = schema.BufferT()
    quantized.data = np.round(values / scale).astype(np.int8).view(np.uint8)
    sharing = sum(other.buffer == tensor.buffer for graph in model.subgraphs for other in graph.tensors)
    if sharing == 1:
        model.buffers[tensor.buffer] = quantized
    else:  # equal constants may share a buffer, and the other one stays in float
        model.buffers.append(quantized)
        tensor.buffer = len(model.buffers) - 1
    tensor.type = schema.TensorType.INT8
    tensor.quantization = schema.QuantizationParametersT()
    tensor.quantization.scale, tensor.quantization.zeroPoint = np.array([scale], np.float32), np.array([0], np.int64)
