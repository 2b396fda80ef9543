"""A folder for files that are about to be written."""

from collections.abc import Iterable
from pathlib import Path

from suite.errors import UserError


def make_new_folder(directory: Path) -> None:
    """Make a folder, or take one that is empty.

    Raises:
        UserError: if the path is a file or a folder with something in it, or cannot be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        filled = any(directory.iterdir())
    except FileExistsError as error:
        raise UserError(f"{directory}: expected a new or empty folder. Received: a file") from error
    except OSError as error:
        raise UserError(f"{directory}: cannot be written: {error.strerror or error}") from error
    if filled:
        raise UserError(f"{directory}: expected a new or empty folder. Received: one with files in it")


def make_sample_folder(directory: Path | str, format: str, formats: Iterable[str]) -> Path:
    """Make the folder for sample data in one of the formats that it can be written in, and return its path.

    Raises:
        UserError: for another format, or as `make_new_folder`.
    """
    directory = Path(directory)
    if format not in formats:
        raise UserError(f"--format: expected one of {', '.join(formats)}. Received: {format!r}")
    make_new_folder(directory)
    return directory
