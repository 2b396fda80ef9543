"""A folder for files that are about to be written."""

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
