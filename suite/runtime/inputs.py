"""What the words after `suite predict MODEL_DIR` mean: files, folders, tables, lines of stdin, or texts."""

import codecs
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suite.data.text_files import line_faults
from suite.errors import UserError

ENCODING = "--encoding "  # what names the encoding of files and lines to predict


@dataclass(frozen=True)
class Input:
    """One input: how it is called in the answer, and the raw input itself, or the error that stands in its place."""

    name: str
    raw: Any = None
    error: str | None = None


def expand_inputs(
    pipeline: Any, settings: Any, words: list[str], as_text: bool, encoding: str | None = None
) -> Iterator[Input]:
    """Yield the inputs that words on the command line stand for.

    An existing path is a file or a folder; anything else is a text where the task takes text; `-` reads lines of stdin;
    a live source of the task (`microphone`, `camera:0`) goes through as it is.
    Files that cannot be read become inputs with an error, so that the others still run.

    Args:
        pipeline: The task's pipeline.
        settings: Of the model (column names).
        words: As typed.
        as_text: Take every word as a text.
        encoding: Of files and of stdin; by default what a file's byte order mark says, else UTF-8.

    Raises:
        UserError: if a task without texts is given `as_text` or an encoding, or there is no such encoding.
    """
    for name, value in (("--text", as_text), ("--encoding", encoding)):
        if value and not pipeline.TEXT_INPUT:
            raise UserError(f"{name}: this task takes files, not texts")
    try:
        codecs.lookup(encoding or "utf-8")
    except LookupError:
        raise UserError(f"--encoding: expected a text encoding, as utf-8. Received: {encoding!r}") from None
    for word in words:
        if as_text:
            yield Input(word, word)
        elif word == "-":
            yield from _lines(pipeline, encoding)
        elif word.partition(":")[0] in getattr(pipeline, "LIVE_INPUTS", ()):
            yield Input(word, word)
        elif _exists(word):
            yield from _from_path(pipeline, settings, Path(word), encoding)
        elif pipeline.TEXT_INPUT or word.partition(":")[0] in pipeline.LIVE_INPUTS:
            yield Input(word, word)
        else:
            yield Input(word, error=f"{word}: no such file or folder")


def _exists(word: str) -> bool:
    try:
        return Path(word).exists()
    except (OSError, ValueError):  # a text too long for a file name, or with a NUL
        return False


def _lines(pipeline: Any, encoding: str | None) -> Iterator[Input]:
    """Yield the lines of stdin, one by one as they come; a byte order mark at the start is dropped."""
    stream = io.TextIOWrapper(sys.stdin.buffer, encoding or "utf-8", "surrogateescape", newline="\n")
    try:
        for number, line in enumerate(stream, 1):
            text = (line.removeprefix("\ufeff") if number == 1 else line).rstrip("\r\n")
            if fault := line_faults([text], encoding, ENCODING).get(1):
                yield Input(f"stdin:{number}", error=f"stdin:{number}: {fault}")
            else:
                yield Input(text, text if pipeline.TEXT_INPUT else Path(text))
    except UnicodeDecodeError as error:  # of an encoding whose characters are not bytes: nothing after it can be read
        yield Input("stdin", error=f"stdin: not {encoding}: {error.reason}; {ENCODING}NAME chooses another")
    finally:
        stream.detach()


def _from_path(pipeline: Any, settings: Any, path: Path, encoding: str | None) -> Iterator[Input]:
    if not pipeline.TEXT_INPUT:
        files = sorted(file for file in path.iterdir() if file.is_file()) if path.is_dir() else [path]
        yield from (Input(str(file), file) for file in files)
        return
    try:
        rows, problems = pipeline.read_texts(path, settings, encoding)
    except UserError as error:
        yield Input(str(path), error=str(error))
        return
    yield from (Input(name, text) for name, text in rows)
    yield from (Input(problem.name, error=f"{problem.name}: {problem.message}") for problem in problems)
