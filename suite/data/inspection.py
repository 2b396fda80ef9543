"""Looking into every file of a data set once, in threads: what is wrong with one is said with its place."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from suite.ahead import reading_threads
from suite.data.examples import Problem
from suite.data.progress import tracked
from suite.errors import UserError, naming

Fact = TypeVar("Fact")


def inspect_files(files: Sequence[tuple[str, Path]], inspect: Callable[[Path], Fact]) -> list[Fact | Problem]:
    """Return what `inspect` says of each file, in order, or the problem with it.

    Args:
        files: Where each one is stated, for messages, and its path.
        inspect: Looks into a file; an error of any kind is a problem of that file alone.
    """

    def inspect_one(file: tuple[str, Path]) -> Fact | Problem:
        place, path = file
        try:
            with naming(path):
                return inspect(path)
        except UserError as error:
            return Problem(place, str(error).removeprefix(f"{path}").lstrip(": "))

    with reading_threads() as pool:
        return list(tracked(pool.map(inspect_one, files), len(files)))
