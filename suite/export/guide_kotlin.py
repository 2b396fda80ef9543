"""Lines of Kotlin that run an exported file on Android: LiteRT's Interpreter, or its CompiledModel where the file fits it.

Sources: `Interpreter.java` and `TensorImpl.java` (arrays set the shape of an input; a null output is not copied; an
array must not be empty), `Model.kt` and `TensorBuffer.kt` of github.com/google-ai-edge/LiteRT.
"""

from collections.abc import Sequence
from typing import Any

from suite.export.guide_calls import Call, Tensor, camel, labelled, must_reset, read_calls, uses_compiled_model

INTERPRETER = "com.google.ai.edge.litert:litert:1.4.2"
COMPILED = "com.google.ai.edge.litert:litert:2.3.0"
TYPES = {
    "float32": "Float", "int32": "Int", "int64": "Long", "int16": "Short", "int8": "Byte", "uint8": "Byte", "bool": "Boolean",
    "string": "String",
}  # fmt: skip
BUFFER_CALLS = {"float32": "Float", "int32": "Int", "int8": "Int8", "uint8": "Int8", "bool": "Boolean"}

CUT_TEXT = """
private val space = { byte: Byte -> byte in 0..32 || byte == 127.toByte() }

/** UTF-8 bytes in pieces of [size]: cut at spaces where possible, else between two characters; zeros behind each. */
private fun pieces(text: String, size: Int) = sequence {
    var rest = text.toByteArray().toList()
    if (rest.size > size) rest = rest.dropWhile(space).dropLastWhile(space)
    while (rest.size > size) {
        val cut = (size downTo 1).firstOrNull { space(rest[it]) }
            ?: (size downTo maxOf(size - 3, 1)).firstOrNull { (rest[it].toInt() and 0xC0) != 0x80 } ?: size
        yield(rest.take(cut).dropLastWhile(space))
        rest = rest.drop(cut).dropWhile(space)
    }
    yield(rest)
}.map { it.toByteArray().copyOf(size) }"""
CUT_ARRAY = """
/** Pieces of [size], zeros behind the last one. */
private fun pieces(values: {type}, size: Int) = (0 until maxOf(values.size, 1) step size).asSequence().map {{
    values.copyOfRange(it, minOf(it + size, values.size)).copyOf(size)
}}"""


def kotlin_lines(entry: dict[str, Any]) -> list[str]:
    """Return a class `Model` with one function for each signature."""
    calls, compiled = read_calls(entry), uses_compiled_model(entry)
    files = entry["file"] + (", labels.txt" if entry.get("labels") else "")
    lines = [f'// build.gradle.kts: implementation("{COMPILED if compiled else INTERPRETER}")']
    if not compiled:
        lines += ["// (litert 2.1 and newer have the Interpreter as well, for the CPU)"]
    lines += [f'// src/main/assets: {files}; android {{ androidResources {{ noCompress += "tflite" }} }}']
    if entry.get("custom"):
        lines += [f"// The app must link these custom ops: {', '.join(entry['custom'])}"]
    lines += _compiled_class(entry) if compiled else _interpreter_class(entry)
    if entry.get("labels"):
        lines += ['    val labels: List<String> = context.assets.open("labels.txt").bufferedReader().readLines()']
    for call in calls:
        lines += ["", *_indented(_compiled(call) if compiled else _interpreter(call, must_reset(entry)))]
    windows = {_type(call.window, whole=False): call.window for call in calls if call.window}
    for kind, window in windows.items():
        lines += _indented((CUT_TEXT if window.is_text else CUT_ARRAY.format(type=kind)).splitlines())
    lines += ["", f"    override fun close() = {'model' if compiled else 'interpreter'}.close()", "}"]
    for call in calls:
        scores = labelled(entry, call)
        if scores:
            arguments = ", ".join(camel(tensor.name) for tensor in call.inputs)
            first = ".first()" if call.window and not call.states else ""
            kind = "FloatArray" if compiled else _type(scores, whole=True)
            row = f'(answer["{scores.name}"] as {kind})' + ("" if compiled or len(scores.shape) == 1 else "[0]")
            lines += [
                "",
                f"// val answer = model.{camel(call.signature)}({arguments}){first}",
                f"// model.labels.zip({row}.toList())",
            ]
    return lines


def _interpreter_class(entry: dict[str, Any]) -> list[str]:
    return [
        "import android.content.Context",
        "import java.io.FileInputStream",
        "import java.nio.channels.FileChannel",
        "import org.tensorflow.lite.Interpreter",
        "",
        "class Model(context: Context) : AutoCloseable {",
        "    private val interpreter = Interpreter(",
        f'        context.assets.openFd("{entry["file"]}").use {{ file ->',
        "            FileInputStream(file.fileDescriptor).channel",
        "                .map(FileChannel.MapMode.READ_ONLY, file.startOffset, file.declaredLength)",
        "        },",
        "        Interpreter.Options().setNumThreads(2),",
        "    )",
    ]


def _compiled_class(entry: dict[str, Any]) -> list[str]:
    return [
        "import android.content.Context",
        "import com.google.ai.edge.litert.Accelerator",
        "import com.google.ai.edge.litert.CompiledModel",
        "",
        "class Model(context: Context) : AutoCloseable {",
        f'    private val model = CompiledModel.create(context.assets, "{entry["file"]}", CompiledModel.Options(Accelerator.CPU))',
    ]


def _interpreter(call: Call, reset: bool) -> list[str]:
    """A function that calls a signature of the Interpreter; arrays have the batch axis in front."""
    window, several = call.window, bool(call.window) and not call.states
    lines = _head(call, "List<Map<String, Any>>" if several else "Map<String, Any>", batched=True)
    if call.states:
        pairs = ", ".join(f'"{state.name}" to {_zeros(state)}' for state in call.states)
        state = f"var state: Map<String, Any> = mapOf({pairs})"
        if window:
            lines += [f"    {state}"]
        else:  # the app brings the chunks, so the state stays from call to call
            lines = ["// Set to zeros again before each new input.", state, "", *lines]
        lines += ["    var answer: Map<String, Any> = emptyMap()"]
    lines += ["    val answers = mutableListOf<Map<String, Any>>()"] if several else []
    lines += [f"    for (piece in pieces({camel(window.name)}, {window.shape[1]})) {{"] if window else []
    fed = [f'"{tensor.name}" to {"arrayOf(piece)" if window else _fed(tensor)}' for tensor in call.inputs]
    got = [
        f'"{tensor.name}" to {_zeros(tensor) if tensor.fixed else "null"}' for tensor in (*call.outputs, *call.states)
    ]
    body = [
        f"val inputs = mapOf<String, Any>({', '.join(fed)})" + (" + state" if call.states else ""),
        f"val outputs = mutableMapOf<String, Any?>({', '.join(got)})",
        f'interpreter.runSignature(inputs, outputs, "{call.signature}")',
    ]
    for tensor in (tensor for tensor in call.outputs if not tensor.fixed):
        body += [
            f'val {camel(tensor.name)} = interpreter.getOutputTensorFromSignature("{tensor.name}", "{call.signature}")',
            f'outputs["{tensor.name}"] = {_copied(tensor)}  // flat; its shape: {camel(tensor.name)}.shape()',
        ]
    body += (
        ["interpreter.resetVariableTensors()  // the file keeps its state; the next input starts anew"] if reset else []
    )
    result = "outputs.mapValues { it.value!! }"
    if call.states:
        body += [
            f"answer = {result}",
            "state = state.mapValues { answer.getValue(it.key) }  // goes into the next call",
        ]
    else:
        body += [f"answers += {result}"] if several else []
    lines += _indented(body, "        " if window else "    ") + (["    }"] if window else [])
    return [*lines, f"    return {'answers' if several else 'answer' if call.states else result}", "}"]


def _compiled(call: Call) -> list[str]:
    """A function that calls a signature of the CompiledModel; arrays are flat, row by row."""
    window, name = call.window, camel(call.signature)
    lines = []
    for side, tensors in (("Input", call.inputs), ("Output", call.outputs)):
        pairs = ", ".join(
            f'"{tensor.name}" to model.create{side}Buffer("{tensor.name}", "{call.signature}")' for tensor in tensors
        )
        lines += [f"private val {name}{side}s = mapOf({pairs})"]
    lines += ["", *_head(call, "List<Map<String, Any>>" if window else "Map<String, Any>", batched=False)]
    lines += [f"    return pieces({camel(window.name)}, {window.shape[1]}).map {{ piece ->"] if window else []
    body = [
        f'{name}Inputs.getValue("{tensor.name}").write{BUFFER_CALLS[tensor.dtype]}({"piece" if window else camel(tensor.name)})'
        for tensor in call.inputs
    ]
    body += [f'model.run({name}Inputs, {name}Outputs, "{call.signature}")']
    read = ", ".join(
        f'"{tensor.name}" to {name}Outputs.getValue("{tensor.name}").read{BUFFER_CALLS[tensor.dtype]}()'
        for tensor in call.outputs
    )
    body += [f"{'' if window else 'return '}mapOf<String, Any>({read})"]
    return [*lines, *_indented(body, "        " if window else "    "), *(["    }.toList()"] if window else []), "}"]


def _head(call: Call, returned: str, batched: bool) -> list[str]:
    """The comment and first line of a function."""
    arguments = []
    for tensor in call.inputs:
        flat = f"{TYPES[tensor.dtype]}Array"
        kind = "String" if tensor.is_text else _type(tensor, whole=False) if batched else flat
        arguments.append(f"{camel(tensor.name)}: {kind}")
    lines = [
        "/**",
        *(f" * {tensor.described}" for tensor in call.inputs),
        *(f" * Returns {tensor.described}" for tensor in call.outputs),
    ]
    if call.window:
        lines += [f" * {call.pieces_note}"]
    return [*lines, " */", f"fun {camel(call.signature)}({', '.join(arguments)}): {returned} {{"]


def _type(tensor: Tensor, whole: bool) -> str:
    """The Kotlin type of a tensor's array, with the batch axis if `whole`."""
    kind, axes = TYPES[tensor.dtype], len(tensor.shape) - (0 if whole else 1)
    if axes <= 0:
        return kind
    last = "Array<String>" if kind == "String" else f"{kind}Array"
    return "Array<" * (axes - 1) + last + ">" * (axes - 1)


def _fed(tensor: Tensor) -> str:
    """A function's argument with the batch axis put in front."""
    name = camel(tensor.name)
    if tensor.is_text:
        return f"arrayOf({name}.toByteArray().let {{ if (it.isEmpty()) ByteArray(1) else it }})"
    if len(tensor.shape) == 1 and tensor.dtype != "string":
        return f"{TYPES[tensor.dtype].lower()}ArrayOf({name})"
    return f"arrayOf({name})"


def _zeros(tensor: Tensor) -> str:
    """An array of a tensor's shape."""
    *outer, last = tensor.shape or (1,)
    kind = TYPES[tensor.dtype]
    inner = f'Array({last}) {{ "" }}' if kind == "String" else f"{kind}Array({last})"
    for axis in reversed(outer):
        inner = f"Array({axis}) {{ {inner} }}"
    return inner


def _copied(tensor: Tensor) -> str:
    """The elements of an output of unknown length as a flat array."""
    name, kind = camel(tensor.name), TYPES[tensor.dtype]
    view = "" if kind == "Byte" else f".as{kind}Buffer()"
    return f"{kind}Array({name}.numElements()).also {{ {name}.asReadOnlyBuffer(){view}.get(it) }}"


def _indented(lines: Sequence[str], indent: str = "    ") -> list[str]:
    return [indent + line if line else "" for line in lines]
