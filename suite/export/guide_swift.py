"""Lines of Swift that run an exported file on iOS with TensorFlowLiteSwift, whose Interpreter runs every deployment.

Sources: `Interpreter.swift`, `SignatureRunner.swift`, `Tensor.swift` of tensorflow/lite/swift in github.com/tensorflow/tensorflow.
"""

import math
from pathlib import PurePath
from typing import Any

from suite.export.guide_calls import Call, Tensor, camel, labelled, must_reset, read_calls

TYPES = {
    "float32": "Float32", "int32": "Int32", "int64": "Int64", "int16": "Int16", "uint8": "UInt8", "bool": "Bool",
}  # fmt: skip
BYTES = {"float32": 4, "int32": 4, "int64": 8, "int16": 2, "uint8": 1, "bool": 1}

HELPERS = """
func data<T>(_ values: [T]) -> Data { values.withUnsafeBufferPointer { Data(buffer: $0) } }

func values<T>(_ tensor: Tensor, as type: T.Type) -> [T] {
    tensor.data.withUnsafeBytes { Array($0.bindMemory(to: type)) }
}"""
CUT_TEXT = """
func isSpace(_ byte: UInt8) -> Bool { byte <= 32 || byte == 127 }

func trimmedEnd(_ bytes: [UInt8]) -> [UInt8] {
    Array(bytes.prefix((bytes.lastIndex(where: { !isSpace($0) }) ?? -1) + 1))
}

/// UTF-8 bytes in pieces of `size`: cut at spaces where possible, else between two characters; zeros behind each.
func pieces(_ text: String, _ size: Int) -> [Data] {
    var rest = Array(text.utf8), found: [[UInt8]] = []
    if rest.count > size { rest = trimmedEnd(Array(rest.drop(while: isSpace))) }
    while rest.count > size {
        let cut = (1...size).last(where: { isSpace(rest[$0]) })
            ?? (max(size - 3, 1)...size).last(where: { rest[$0] & 0xC0 != 0x80 }) ?? size
        found.append(trimmedEnd(Array(rest.prefix(cut))))
        rest = Array(rest.dropFirst(cut).drop(while: isSpace))
    }
    return (found + [rest]).map { Data($0 + [UInt8](repeating: 0, count: size - $0.count)) }
}"""
CUT_ARRAY = """
/// Pieces of `size`, zeros behind the last one.
func pieces(_ values: [TYPE], _ size: Int) -> [Data] {
    stride(from: 0, to: max(values.count, 1), by: size).map { start in
        let piece = Array(values[start..<min(start + size, values.count)])
        return data(piece + [TYPE](repeating: ZERO, count: size - piece.count))
    }
}"""


def swift_lines(entry: dict[str, Any]) -> list[str]:
    """Return a class `Model` with one function for each signature; for a file that Swift cannot run, why there is none."""
    calls, reset = read_calls(entry), must_reset(entry)
    if any(tensor.dtype not in TYPES for call in calls for tensor in (*call.inputs, *call.outputs)):
        return [f"// TensorFlowLiteSwift knows {', '.join(TYPES)}, and this file has a tensor of another type."]
    name = PurePath(entry["file"])
    files = entry["file"] + (" and labels.txt" if entry.get("labels") else "")
    lines = [f"// Podfile: pod 'TensorFlowLiteSwift'. Add {files} to the resources of the app."]
    if entry.get("custom"):
        lines += [f"// The app must link these custom ops: {', '.join(entry['custom'])}"]
    lines += ["import Foundation", "import TensorFlowLite", "", "final class Model {"]
    lines += [f'    private static let path = Bundle.main.path(forResource: "{name.stem}", ofType: "tflite")!']
    if reset:
        lines += [
            "    // The file keeps its state between calls and Swift has no call that resets it: a new Interpreter for every input."
        ]
    else:
        lines += ["    private let interpreter: Interpreter", ""]
        lines += ["    init() throws { interpreter = try Interpreter(modelPath: Model.path) }"]
    if entry.get("labels"):
        lines += ["", "    lazy var labels: [String] = {"]
        lines += ['        let path = Bundle.main.path(forResource: "labels", ofType: "txt")!']
        lines += [
            '        return try! String(contentsOfFile: path, encoding: .utf8).split(separator: "\\n").map(String.init)',
            "    }()",
        ]
    for call in calls:
        lines += ["", *("    " + line if line else "" for line in _function(call, reset))]
    lines += ["}", *HELPERS.splitlines()]
    windows = {TYPES[call.window.dtype]: call.window for call in calls if call.window}
    for kind, window in windows.items():
        array = CUT_ARRAY.replace("TYPE", kind).replace("ZERO", "false" if kind == "Bool" else "0")
        lines += (CUT_TEXT if window.is_text else array).splitlines()
    for call in calls:
        scores = labelled(entry, call)
        if scores:
            arguments = ", ".join(camel(tensor.name) for tensor in call.inputs)
            one = "[0]" if call.window and not call.states else ""
            lines += ["", f"// let answer = try model.{camel(call.signature)}({arguments}){one}"]
            lines += [f'// zip(model.labels, values(answer["{scores.name}"]!, as: {TYPES[scores.dtype]}.self))']
    return lines


def _function(call: Call, reset: bool) -> list[str]:
    """A function that calls a signature; arrays are flat, row by row."""
    window, several = call.window, bool(call.window) and not call.states
    lines = _head(call, "[[String: Tensor]]" if several else "[String: Tensor]")
    lines += ["    let interpreter = try Interpreter(modelPath: Model.path)"] if reset and not window else []
    lines += (
        [f'    let runner = try interpreter.signatureRunner(with: "{call.signature}")']
        if not (reset and window)
        else []
    )
    if call.states:
        zeros = ", ".join(
            f'"{state.name}": Data(count: {math.prod(state.shape) * BYTES[state.dtype]})' for state in call.states
        )
        state = f"var state: [String: Data] = [{zeros}]"
        if window:
            lines += [f"    {state}"]
        else:  # the app brings the chunks, so the state stays from call to call
            lines = ["// Set to zeros again before each new input.", state, "", *lines]
    lines += ["    var answers: [[String: Tensor]] = []"] if several else []
    lines += ["    var answer: [String: Tensor] = [:]"] if window and not several else []
    lines += [f"    for piece in pieces({camel(window.name)}, {window.shape[1]}) {{"] if window else []
    body = []
    if reset and window:
        body += [
            "let interpreter = try Interpreter(modelPath: Model.path)",
            f'let runner = try interpreter.signatureRunner(with: "{call.signature}")',
        ]
    for tensor in () if window else call.inputs:
        body += _prepared(tensor)
    fed = ", ".join(f'"{tensor.name}": {"piece" if window else camel(tensor.name) + "Data"}' for tensor in call.inputs)
    merged = f"[{fed}].merging(state) {{ $1 }}" if call.states else f"[{fed}]"
    got = ", ".join(f'"{tensor.name}": try runner.output(named: "{tensor.name}")' for tensor in call.outputs)
    body += [f"try runner.invoke(with: {merged})"]
    if call.states:
        body += [
            "for name in state.keys { state[name] = try runner.output(named: name).data }  // goes into the next call"
        ]
    body += [f"answers.append([{got}])" if several else f"answer = [{got}]" if window else f"return [{got}]"]
    lines += [("        " if window else "    ") + line for line in body]
    lines += ["    }", f"    return {'answers' if several else 'answer'}"] if window else []
    return [*lines, "}"]


def _head(call: Call, returned: str) -> list[str]:
    arguments = []
    for tensor in call.inputs:
        arguments.append(f"_ {camel(tensor.name)}: {'String' if tensor.is_text else f'[{TYPES[tensor.dtype]}]'}")
        if tensor.shape.count(None) > 1:
            arguments.append(f"shape {camel(tensor.name)}Shape: [Int]")
    lines = [f"/// {tensor.described}" for tensor in call.inputs] + [
        f"/// Returns {tensor.described}" for tensor in call.outputs
    ]
    lines += [f"/// {call.pieces_note}"] if call.window else []
    return [*lines, f"func {camel(call.signature)}({', '.join(arguments)}) throws -> {returned} {{"]


def _prepared(tensor: Tensor) -> list[str]:
    """Lines that turn an argument into the bytes of an input and set the length of its open axis."""
    name = camel(tensor.name)
    content = f"{name}.isEmpty ? Data([0]) : Data({name}.utf8)" if tensor.is_text else f"data({name})"
    lines = [f"let {name}Data = {content}"]
    if tensor.fixed:
        return lines
    elements = f"{name}Data.count" if tensor.is_text else f"{name}.count"
    length = elements if tensor.size == 1 else f"{elements} / {tensor.size}"
    shape = ", ".join(length if axis is None else str(axis) for axis in tensor.shape)
    shape = f"[{shape}]" if tensor.shape.count(None) == 1 else f"{name}Shape"
    return [*lines, f'try runner.resizeInput(named: "{tensor.name}", toShape: Tensor.Shape({shape}))']
