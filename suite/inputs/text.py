"""Input kind `text`: what is typed, lines, tables and documents."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from suite.data.texts import read_texts
from suite.errors import UserError
from suite.inputs.calls import Call, GuideSources
from suite.inputs.kind import FileContents, Input, InputKind, fits
from suite.inputs.text_host import raw_arrays


def read_path(path: Path, settings: Any, encoding: str | None = None) -> Iterator[Input]:
    """Yield the texts of a file or folder; what cannot be read becomes an input with an error."""
    try:
        rows, problems = read_texts(path, settings, encoding)
    except UserError as error:
        yield Input(str(path), error=str(error))
        return
    yield from (Input(name, text) for name, text in rows)
    yield from (Input(problem.name, error=f"{problem.name}: {problem.message}") for problem in problems)


def page(contents: FileContents) -> tuple[dict[str, Any], str] | None:
    """Return what the page needs of a row of UTF-8 bytes of fixed length; None where the file takes other inputs."""
    if len(contents.inputs) != 1:
        return None
    [(name, details)] = contents.inputs.items()
    if not fits(details, "uint8", 2):
        return None
    size = details["shape"][1]
    return {"name": name, "size": size}, f"{size:,} bytes of UTF-8 at a time; longer text in several windows"


def guide(call: Call, front_end: dict[str, Any]) -> GuideSources | None:
    """Return the sources that make UTF-8 bytes of a text."""
    text = call.only_input
    if text is None or not text.is_text:
        return None
    return GuideSources("text", {"input": text.name, "size": text.shape[1]})


TEXT = InputKind("text", "text_column", read_path, page, raw_arrays, typed=True, guide=guide)
