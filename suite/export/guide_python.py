"""Lines of Python that run an exported file with `ai_edge_litert`."""

import json
from typing import Any

from suite.export.guide_calls import Call, Tensor, labelled, must_reset, read_calls, uses_compiled_model

EXAMPLE_TEXT = "An example."
EXAMPLE_LENGTH = 16  # of an axis of any length, in the example call

CUT_TEXT = '''
SPACES = bytes(range(33)) + b"\\x7f"


def split(text: str, size: int):
    """Yield UTF-8 bytes, at most size: cut at spaces where possible, else between two characters."""
    rest = text.encode("utf-8")
    if len(rest) > size:
        rest = rest.strip(SPACES)
    while len(rest) > size:
        cut = next((place for place in range(size, 0, -1) if rest[place] in SPACES), 0)
        cut = cut or next((place for place in range(size, max(size - 4, 0), -1) if rest[place] & 0xC0 != 0x80), size)
        yield rest[:cut].rstrip(SPACES)
        rest = rest[cut:].lstrip(SPACES)
    yield rest


def pieces(text: str, size: int):
    """Yield the pieces of a text as uint8 [1, size], zeros behind each."""
    for piece in split(text, size):
        yield np.frombuffer(piece.ljust(size, b"\\0"), np.uint8)[np.newaxis]
'''
CUT_ARRAY = '''
def pieces(values: np.ndarray, size: int):
    """Yield pieces [1, size] of values [length], zeros behind the last piece."""
    for start in range(0, max(len(values), 1), size):
        piece = values[start : start + size]
        yield np.pad(piece, (0, size - len(piece)))[np.newaxis]
'''


def python_lines(entry: dict[str, Any]) -> list[str]:
    """Return a script that is run in the folder of the file."""
    calls, compiled = read_calls(entry), uses_compiled_model(entry)
    lines = ["import numpy as np"]
    if compiled:
        lines += [
            "from ai_edge_litert.compiled_model import CompiledModel",
            "",
            f'model = CompiledModel.from_file("{entry["file"]}")',
        ]
    elif entry.get("custom"):
        lines += [
            "import tensorflow_text",
            "from tensorflow.lite.python.interpreter import InterpreterWithCustomOps",
            "",
            "# the ops of tensorflow-text; the version beside tensorflow's own",
            "interpreter = InterpreterWithCustomOps(",
            f'    model_path="{entry["file"]}",',
            "    custom_op_registerers=tensorflow_text.tflite_registrar.SELECT_TFTEXT_OPS,",
            ")",
        ]
    else:
        lines += [
            "from ai_edge_litert.interpreter import Interpreter",
            "",
            f'interpreter = Interpreter("{entry["file"]}", num_threads=2)',
        ]
    if entry.get("labels"):
        lines += ['labels = open("labels.txt", encoding="utf-8").read().split("\\n")[:-1]']
    windows = [call.window for call in calls if call.window]
    if any(window.is_text for window in windows):  # the rule of suite.runtime.windows
        lines += ["", *CUT_TEXT.splitlines()]
    if any(not window.is_text for window in windows):
        lines += ["", *CUT_ARRAY.splitlines()]
    for call in calls:
        lines += [
            "",
            "",
            *(_compiled(call) if compiled else _interpreter(call, must_reset(entry))),
            "",
            "",
            *_example(entry, call),
        ]
    return lines


def _interpreter(call: Call, reset: bool) -> list[str]:
    """A function that calls a signature of the interpreter."""
    runner, window, several = f"run_{call.signature}", call.window, bool(call.window) and not call.states
    indent = "        " if window else "    "
    fed = [f"{window.name}=piece"] if window else [f"{tensor.name}={_as_array(tensor)}" for tensor in call.inputs]
    fed += ["**state"] if call.states else []
    lines = [f'{runner} = interpreter.get_signature_runner("{call.signature}")', "", ""]
    # A function that cuts its input itself begins anew at each call; where the app brings the chunks, the state stays.
    stays = bool(call.states) and not window
    margin = "" if stays else "    "
    zeros = [f'{margin}    "{state.name}": np.zeros({list(state.shape)}, np.{state.dtype}),' for state in call.states]
    state = [
        f"{margin}state = {{{'  # set to zeros again before each new input' if stays else ''}",
        *zeros,
        margin + "}",
    ]
    if stays:
        lines += [*state, "", "", *_head(call, several), "    global state"]
    else:
        lines += [*_head(call, several), *(state if call.states else [])]
    lines += ["    answers = []"] if several else []
    lines += [f"    for piece in pieces({window.name}, {window.shape[1]}):"] if window else []
    lines += [f"{indent}answer = {runner}({', '.join(fed)})"]
    lines += (
        [f"{indent}state = {{name: answer.pop(name) for name in state}}  # goes into the next call"]
        if call.states
        else []
    )
    lines += (
        [f"{indent}interpreter.reset_all_variables()  # the file keeps its state; the next input starts anew"]
        if reset
        else []
    )
    return [*lines, *(["        answers.append(answer)", "    return answers"] if several else ["    return answer"])]


def _compiled(call: Call) -> list[str]:
    """A function that calls a signature of the CompiledModel."""
    window = call.window
    lines = _head(call, bool(window))
    lines += ["    answers = []", f"    for piece in pieces({window.name}, {window.shape[1]}):"] if window else []
    indent = "        " if window else "    "
    names = json.dumps([tensor.name for tensor in call.inputs])
    lines += [
        f'{indent}inputs = {{name: model.create_input_buffer_by_name("{call.signature}", name) for name in {names}}}'
    ]
    for tensor in call.inputs:
        value = "piece" if window else f"np.ascontiguousarray({_as_array(tensor)}, np.{tensor.dtype})"
        lines += [f'{indent}inputs["{tensor.name}"].write({value})']
    names = json.dumps([tensor.name for tensor in call.outputs])
    lines += [
        f'{indent}outputs = {{name: model.create_output_buffer_by_name("{call.signature}", name) for name in {names}}}',
        f'{indent}model.run_by_name("{call.signature}", inputs, outputs)',
        f"{indent}answer = {{",
        *(
            f'{indent}    "{tensor.name}": outputs["{tensor.name}"].read({tensor.size}, np.{tensor.dtype}).reshape({list(tensor.shape)}),'
            for tensor in call.outputs
        ),
        f"{indent}}}",
    ]
    return [*lines, *(["        answers.append(answer)", "    return answers"] if window else ["    return answer"])]


def _head(call: Call, several: bool) -> list[str]:
    arguments = ", ".join(f"{tensor.name}: {'str' if tensor.is_text else 'np.ndarray'}" for tensor in call.inputs)
    returned = "list[dict[str, np.ndarray]]" if several else "dict[str, np.ndarray]"
    lines = [f"def {call.signature}({arguments}) -> {returned}:"]
    lines += [f"    # {tensor.described}" for tensor in call.inputs]
    lines += [f"    # returns {tensor.described}" for tensor in call.outputs]
    return lines + ([f"    # {call.pieces_note}"] if call.window else [])


def _as_array(tensor: Tensor) -> str:
    """The argument of the function as the array that the signature takes."""
    if tensor.is_text:
        return f'np.frombuffer({tensor.name}.encode("utf-8") or b"\\0", np.uint8)[np.newaxis]'
    return tensor.name


def _example(entry: dict[str, Any], call: Call) -> list[str]:
    """A call with a made-up input, the answers printed by name."""
    values = []
    for tensor in call.inputs:
        shape = [EXAMPLE_LENGTH if axis is None else axis for axis in tensor.shape]
        if tensor.is_text:
            values.append(f'"{EXAMPLE_TEXT}"')
        elif tensor.dtype == "string":
            values.append(f'np.full({shape}, "{EXAMPLE_TEXT}")')
        else:
            values.append(f"np.zeros({shape[1:] if tensor == call.window else shape}, np.{tensor.dtype})")
    whole = call.window is None or call.states
    lines = [f"answer = {call.signature}({', '.join(values)})" + ("" if whole else "[0]")]
    scores = labelled(entry, call)
    if scores:
        lines += [f'print(dict(zip(labels, answer["{scores.name}"][0].tolist())))']
    return lines + [
        f'print("{tensor.name}", answer["{tensor.name}"].shape)' for tensor in call.outputs if tensor != scores
    ]
