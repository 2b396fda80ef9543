"""`tflite/GUIDE.md`: the programs that run each exported file, made from the report and the sources of `guides/`.

A program is two files of each language: the model, run as its deployment needs (`guides/LANGUAGE/interpreter`,
`compiled`), and for each signature what an app has to its inputs (`inputs/KIND`) and its outputs to an answer
(`answers/KIND`).
"""

import json
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

from suite.answers.kind import AnswerKind
from suite.errors import UserError
from suite.export.guide_calls import (
    browser_reason,
    camel,
    must_reset,
    read_calls,
    swift_reason,
    uses_compiled_model,
)
from suite.export.guide_sources import LANGUAGES, Language, assembled
from suite.export.metadata import VOCABULARY
from suite.export.model_file import packed_files
from suite.inputs.calls import Call, GuideSources
from suite.inputs.kind import InputKind

Kinds = tuple[InputKind, AnswerKind]
GUIDE = "GUIDE.md"
FRONT_END = "front_end.json"
KOTLIN_TYPES = {
    "float32": "Float",
    "int16": "Short",
    "int64": "Long",
    "uint8": "Byte",
    "int8": "Byte",
    "bool": "Boolean",
}
SWIFT_TYPES = {"float32": "Float32", "int16": "Int16", "int64": "Int64", "uint8": "UInt8", "bool": "Bool"}
# An input or answer of no kind: the app brings or gets the arrays themselves.
ARRAYS = "dict[str, np.ndarray]"
ARRAYS_OF_STREAM = {"python": ARRAYS, "swift": "[String: Values]"}
ARRAYS_OF_PIECES = {"python": f"list[{ARRAYS}]", "swift": "[[String: Values]]"}


def write_guide(model_dir: str | Path, report: dict[str, Any], kinds: Kinds) -> Path:
    """Write `tflite/GUIDE.md` of a model folder and return its path.

    Args:
        model_dir: The model folder; `tflite/` exists.
        report: As `read_report` gives it.
        kinds: What the model reads and answers.
    """
    folder = Path(model_dir) / "tflite"
    lines = [f"# {Path(model_dir).absolute().name}: how to run the exported files", ""]
    lines += [f"- [{entry['file']}](#{_anchor(entry['file'])}): {_runtime(entry)}" for entry in report["files"]]
    for entry in report["files"]:
        lines += ["", *guide_lines(entry, read_front_end(folder / entry["file"]), kinds)]
    path = folder / GUIDE
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def read_front_end(path: Path) -> dict[str, Any]:
    """Return the parameters that travel in a file, and its `vocabulary` where it has one; empty where there are none."""
    try:
        packed = packed_files(path)
    except (UserError, OSError):
        return {}
    words = packed.get(VOCABULARY, b"").decode("utf-8").splitlines()
    return json.loads(packed.get(FRONT_END, b"{}")) | ({"vocabulary": words} if words else {})


def guide_lines(entry: dict[str, Any], front_end: dict[str, Any], kinds: Kinds) -> list[str]:
    """Return the section of one file, Markdown.

    Args:
        entry: One of the report's `files`.
        front_end: What travels in the file as `front_end.json`; empty if unknown.
        kinds: What the model reads and answers.
    """
    calls = read_calls(entry)
    lines = [f"## {entry['file']}", "", f"{entry['bytes']:,} bytes; {_runtime(entry)}."]
    for call in calls:
        lines += ["", f"Signature `{call.signature}`:", ""]
        lines += [f"- in: {tensor.described}" for tensor in call.inputs]
        lines += [f"- state, in and out, zeros at first: {tensor.described}" for tensor in call.states]
        lines += [f"- out: {tensor.described}" for tensor in call.outputs]
    notes = list(entry.get("notes", []))
    if must_reset(entry) and not any("reset" in note.lower() for note in notes):
        notes.append(
            "The file keeps state inside between calls: reset it before the next input, as the lines below do."
        )
    lines += ["", *(f"- {note}" for note in notes)] if notes else []
    for language in LANGUAGES:
        lines += ["", f"### {language.title}"]
        for title, text in programs(entry, language, front_end, kinds).items():
            lines += ["", f"`{title}`:", "", f"```{language.name}", *text, "```"]
        reason = _reason(entry, language)
        lines += ["", reason] if reason else []
    return lines


def programs(
    entry: dict[str, Any], language: Language, front_end: dict[str, Any], kinds: Kinds
) -> dict[str, list[str]]:
    """Return the files of the program that runs an exported file: name -> lines; none where the language cannot.

    Args:
        entry: One of the report's `files`.
        language: One of `LANGUAGES`.
        front_end: What travels in the file as `front_end.json`; empty if unknown.
        kinds: What the model reads and answers; a signature that takes or gives something else is shown with its arrays.
    """
    if _reason(entry, language):
        return {}
    calls = read_calls(entry)
    capital = language.name in ("kotlin", "swift")
    compiled = language.name == "javascript" or (uses_compiled_model(entry) and language.name != "swift")
    values, words = _of_model(entry, calls)
    runtime = assembled(language, ["compiled" if compiled else "interpreter"], _conditions(entry, calls), values, words)
    files = {f"{'Model' if capital else 'model'}{language.extension}": runtime}
    for call in calls:
        name = call.signature if language.name == "python" else camel(call.signature)
        title = name[0].upper() + name[1:] if capital else name
        sources = _sources(call, entry.get("labels") or [], front_end, kinds)
        files[title + language.extension] = _of_signature(entry, call, language, sources, name)
    return files


def _sources(
    call: Call, labels: list[str], front_end: dict[str, Any], kinds: Kinds
) -> tuple[GuideSources, GuideSources]:
    """Return how the inputs of a call are made of what an app has, and how its outputs are read."""
    reads, answers = kinds
    source = reads.guide and reads.guide(call, front_end)
    if not source and call.window:
        row = call.window
        source = GuideSources("tensors", {"input": row.name, "size": row.shape[1], "type": row.dtype}, ("row",))
    source = source or GuideSources("tensors", {}, ("arrays",))
    answer = answers.guide and answers.guide(call, source, labels, front_end)
    if answer and answer.inputs:
        source = replace(source, name=answer.inputs)
    returns = ARRAYS_OF_STREAM if call.states else ARRAYS_OF_PIECES
    return source, answer or GuideSources("tensors", returns=returns)


def _of_signature(
    entry: dict[str, Any], call: Call, language: Language, sources: tuple[GuideSources, GuideSources], name: str
) -> list[str]:
    source, answer = sources
    values = {"signature": call.signature} | source.values | answer.values
    dtype = source.values.get("type", "")
    words = {
        "predict": name,
        "FloatArray": f"{KOTLIN_TYPES.get(dtype, 'Int')}Array",
        "IntArray": f"{KOTLIN_TYPES.get(dtype, 'Int')}Array",
        "Float32": SWIFT_TYPES.get(dtype, "Int32"),
        "Int32": SWIFT_TYPES.get(dtype, "Int32"),
        "ZERO": "false" if dtype == "bool" else "0",
        "Answer": answer.returns.get(language.name, ""),
    }
    conditions = _conditions(entry, [call]) | {*source.conditions, *answer.conditions}
    parts = [f"answers/{answer.name}", *source.extra, f"inputs/{source.name}"]
    return assembled(language, parts, conditions, values, words)


def _of_model(entry: dict[str, Any], calls: list[Call]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what the marked places of the sources that run a file are filled with: values, words."""
    types, shapes, input_types, output_types, output_shapes = {}, {}, {}, {}, {}
    for call in calls:
        tensors = [*call.inputs, *call.states, *call.outputs]
        types[call.signature] = {tensor.name: tensor.dtype for tensor in tensors}
        shapes[call.signature] = {tensor.name: list(tensor.shape) for tensor in tensors}
        input_types[call.signature] = {tensor.name: tensor.dtype for tensor in call.inputs}
        output_types[call.signature] = {tensor.name: tensor.dtype for tensor in call.outputs}
        output_shapes[call.signature] = {tensor.name: list(tensor.shape) for tensor in call.outputs}
    values = {"file": entry["file"], "resource": PurePath(entry["file"]).stem, "types": types, "shapes": shapes}
    values |= {"inputtypes": input_types, "outputtypes": output_types, "outputshapes": output_shapes}
    files = entry["file"] + (" and labels.txt" if entry.get("labels") else "")
    return values, {"FILES": files, "OPS": ", ".join(entry.get("custom", []))}


def _conditions(entry: dict[str, Any], calls: list[Call]) -> set[str]:
    """Return the conditions that hold for a file, or for one call of it: which lines of the sources stand."""
    tensors = [tensor for call in calls for tensor in call.inputs]
    stream, dynamic, reset = (
        any(call.states for call in calls),
        not all(tensor.fixed for tensor in tensors),
        must_reset(entry),
    )
    holds = {
        "stream": stream,
        "stateless": not stream,
        "windows": not stream and not dynamic,
        "whole": not stream and dynamic,
        "fixed": not dynamic,
        "dynamic": dynamic,
        "reset": reset,
        "kept": not reset,
        "grows": dynamic and not reset,
        "labels": bool(entry.get("labels")),
        "custom": bool(entry.get("custom")),
        "builtin": not entry.get("custom"),
    }
    return {name for name, value in holds.items() if value}


def _reason(entry: dict[str, Any], language: Language) -> str:
    """Return why a language has no program for a file; empty where it has one."""
    reasons = {"swift": swift_reason, "javascript": browser_reason}
    return reasons[language.name](entry) if language.name in reasons else ""


def _runtime(entry: dict[str, Any]) -> str:
    return "LiteRT CompiledModel (or Interpreter)" if uses_compiled_model(entry) else "LiteRT Interpreter"


def _anchor(title: str) -> str:
    """The name that GitHub gives a heading."""
    return "".join(letter for letter in title.lower().replace(" ", "-") if letter.isalnum() or letter in "-_")
