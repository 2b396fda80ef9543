"""`tflite/GUIDE.md`: the lines of Kotlin, Swift and Python that run each exported file, made from the report.

Names, shapes and dtypes are the report's own, so that a line can be copied as it stands.
"""

from pathlib import Path
from typing import Any

from suite.export.guide_calls import must_reset, read_calls, uses_compiled_model
from suite.export.guide_kotlin import kotlin_lines
from suite.export.guide_python import python_lines
from suite.export.guide_swift import swift_lines

GUIDE = "GUIDE.md"
LANGUAGES = {"Python": ("python", python_lines), "Kotlin": ("kotlin", kotlin_lines), "Swift": ("swift", swift_lines)}


def write_guide(model_dir: str | Path, report: dict[str, Any]) -> Path:
    """Write `tflite/GUIDE.md` of a model folder and return its path.

    Args:
        model_dir: The model folder; `tflite/` exists.
        report: As `read_report` gives it.
    """
    path = Path(model_dir) / "tflite" / GUIDE
    lines = [f"# {Path(model_dir).absolute().name}: how to run the exported files", ""]
    lines += [f"- [{entry['file']}](#{_anchor(entry['file'])}): {_runtime(entry)}" for entry in report["files"]]
    for entry in report["files"]:
        lines += ["", *guide_lines(entry)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def guide_lines(entry: dict[str, Any]) -> list[str]:
    """Return the section of one file, Markdown.

    Args:
        entry: One of the report's `files`.
    """
    lines = [f"## {entry['file']}", "", f"{entry['bytes']:,} bytes; {_runtime(entry)}."]
    for call in read_calls(entry):
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
    for title, (name, write) in LANGUAGES.items():
        lines += ["", f"### {title}", "", f"```{name}", *write(entry), "```"]
    return lines


def _runtime(entry: dict[str, Any]) -> str:
    return "LiteRT CompiledModel (or Interpreter)" if uses_compiled_model(entry) else "LiteRT Interpreter"


def _anchor(title: str) -> str:
    """The name that GitHub gives a heading."""
    return "".join(letter for letter in title.lower().replace(" ", "-") if letter.isalnum() or letter in "-_")
