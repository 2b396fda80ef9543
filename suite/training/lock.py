"""A lock that a killed process leaves open, so that no two processes train the same run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from suite.errors import UserError


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of an unfinished run; the system frees it when the process ends, however it ends.

    Raises:
        UserError: if another process holds it.
    """
    try:
        import fcntl
    except ImportError:  # Windows: without advisory locks the run goes unguarded
        yield
        return
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"{folder}: another process is training this run; wait for it, or choose another --name"
            ) from None
        yield
