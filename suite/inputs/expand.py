"""What the words after `suite predict MODEL_DIR` mean: files, folders, tables, lines of stdin, or texts."""

import codecs
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from suite.data.text_files import line_faults
from suite.data.texts import PREDICT_OPTION
from suite.errors import UserError
from suite.inputs.kind import Input, InputKind

STDIN = "-"


def expand_inputs(
    kind: InputKind, settings: Any, arguments: list[str], as_text: bool, encoding: str | None = None
) -> Iterator[Input]:
    """Yield the inputs that arguments on the command line stand for.

    An existing path is a file or a folder; anything else is a text where the task takes text; `-` reads lines of stdin;
    a live source of the task (`microphone`, `camera:0`) goes through as it is.
    Files that cannot be read become inputs with an error, so that the others still run.

    Args:
        kind: Of the task's inputs.
        settings: Of the model (column names).
        arguments: As typed.
        as_text: Take every argument as a text.
        encoding: Of files and of stdin; by default what a file's byte order mark says, else UTF-8.

    Raises:
        UserError: if a task without texts is given `as_text` or an encoding, or there is no such encoding.
    """
    for name, value in (("--text", as_text), ("--encoding", encoding)):
        if value and not kind.typed:
            raise UserError(f"{name}: this task takes files, not texts")
    try:
        codecs.lookup(encoding or "utf-8")
    except LookupError:
        raise UserError(f"--encoding: expected a text encoding, as utf-8. Received: {encoding!r}") from None
    for argument in arguments:
        if as_text:
            yield Input(argument, argument)
        elif argument == STDIN:
            yield from _lines(kind, encoding)
        elif _exists(argument):
            yield from kind.read_path(Path(argument), settings, encoding)
        elif kind.typed or argument.partition(":")[0] in kind.live:
            yield Input(argument, argument)
        else:
            yield Input(argument, error=f"{argument or repr(argument)}: no such file or folder")


def _exists(argument: str) -> bool:
    try:
        return argument != "" and Path(argument).exists()  # Path("") is the folder of work, which nobody named
    except (OSError, ValueError):  # a text too long for a file name, or with a NUL
        return False


def _lines(kind: InputKind, encoding: str | None) -> Iterator[Input]:
    """Yield the lines of stdin, one by one as they come; a byte order mark at the start is dropped."""
    stream = io.TextIOWrapper(sys.stdin.buffer, encoding or "utf-8", "surrogateescape", newline="\n")
    try:
        for number, line in enumerate(stream, 1):
            text = (line.removeprefix("\ufeff") if number == 1 else line).rstrip("\r\n")
            if fault := line_faults([text], encoding, PREDICT_OPTION).get(1):
                yield Input(f"stdin:{number}", error=f"stdin:{number}: {fault}")
            else:
                yield Input(text, text if kind.typed else Path(text))
    except UnicodeDecodeError as error:  # of an encoding whose characters are not bytes: nothing after it can be read
        yield Input("stdin", error=f"stdin: not {encoding}: {error.reason}; {PREDICT_OPTION}NAME chooses another")
    finally:
        stream.detach()
