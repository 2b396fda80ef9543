"""A lock that a killed process leaves open, so that no two processes train the same run."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from suite.errors import UserError


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of an unfinished run; the system frees it when the process ends, however it ends.

    Raises:
        UserError: if another process holds it.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(folder / "lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise UserError(
            f"{folder}: another process is training this run; wait for it, or choose another --name"
        ) from None
    try:
        yield
    finally:
        lock.release()


def wait_for_lock(folder: Path, seconds: float) -> None:
    """Wait until no process holds the lock of an unfinished run, or at most so long."""
    from filelock import FileLock

    with (
        suppress(OSError),
        FileLock(folder / "lock", timeout=seconds),
    ):  # a run that ends meanwhile takes its folder away
        return
