"""The one exception that means: the user's input, data or settings are at fault."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class UserError(Exception):
    """Input, data or settings that the user can mend.

    The message is one or two lines: which file, line or key; what was expected; what was received.
    The command line shows it without a traceback and ends with status 2.
    """


@contextmanager
def naming(path: Path | str) -> Iterator[None]:
    """Name a file in whatever goes wrong while it is read: decoders raise what their authors never thought of.

    Raises:
        UserError: in place of any other error, which is its cause (`--debug` shows it).
    """
    try:
        yield
    except UserError:
        raise
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or error}") from error
    except Exception as error:
        lines = str(error).strip().splitlines()
        reason = f"{type(error).__name__}{f': {lines[0]}' if lines else ''}"
        raise UserError(f"{path}: the file cannot be read, which was not expected: {reason}") from error
