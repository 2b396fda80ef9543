"""What the words after `suite predict MODEL_DIR` mean: files, folders, tables, lines of stdin, or texts."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suite.errors import UserError


@dataclass(frozen=True)
class Input:
    """One input: how it is called in the answer, and the raw input itself, or the error that stands in its place."""

    name: str
    raw: Any = None
    error: str | None = None


def expand_inputs(pipeline: Any, settings: Any, words: list[str], as_text: bool) -> Iterator[Input]:
    """Yield the inputs that words on the command line stand for.

    An existing path is a file or a folder; anything else is a text where the task takes text; `-` reads lines of stdin;
    a live source of the task (`microphone`, `camera:0`) goes through as it is.
    Files that cannot be read become inputs with an error, so that the others still run.

    Args:
        pipeline: The task's pipeline.
        settings: Of the model (column names, encoding).
        words: As typed.
        as_text: Take every word as a text.

    Raises:
        UserError: if a task without texts is given `as_text`.
    """
    if as_text and not pipeline.TEXT_INPUT:
        raise UserError("--text: this task takes files, not texts")
    for word in words:
        if as_text:
            yield Input(word, word)
        elif word == "-":
            yield from _lines(pipeline)
        elif word.partition(":")[0] in getattr(pipeline, "LIVE_INPUTS", ()):
            yield Input(word, word)
        elif _exists(word):
            yield from _from_path(pipeline, settings, Path(word))
        elif pipeline.TEXT_INPUT or word.partition(":")[0] in pipeline.LIVE_INPUTS:
            yield Input(word, word)
        else:
            yield Input(word, error=f"{word}: no such file or folder")


def _exists(word: str) -> bool:
    try:
        return Path(word).exists()
    except (OSError, ValueError):  # a text too long for a file name, or with a NUL
        return False


def _lines(pipeline) -> Iterator[Input]:
    for number, line in enumerate(sys.stdin.buffer, 1):
        try:
            text = line.decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            yield Input(
                f"stdin:{number}", error=f"stdin:{number}: expected UTF-8. Received: byte {line[error.start]:#04x}"
            )
            continue
        yield Input(text, text if pipeline.TEXT_INPUT else Path(text))


def _from_path(pipeline, settings, path: Path) -> Iterator[Input]:
    if not pipeline.TEXT_INPUT:
        files = sorted(file for file in path.iterdir() if file.is_file()) if path.is_dir() else [path]
        yield from (Input(str(file), file) for file in files)
        return
    try:
        rows, problems = pipeline.read_texts(path, settings)
    except UserError as error:
        yield Input(str(path), error=str(error))
        return
    yield from (Input(name, text) for name, text in rows)
    yield from (Input(problem.name, error=f"{problem.name}: {problem.message}") for problem in problems)
