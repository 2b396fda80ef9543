"""Opening a database that may have no tables yet: one process makes them, the others wait for it."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

# What is said of tables that somebody else, who does not know our lock, is making just then.
BEING_MADE = ("already exists", "duplicate column name", "database is locked", "duplicate key value")
MAKING_SECONDS = 30
POSTGRES_LOCK = 0x5375697465  # any number that nobody else locks in the same database

LOCK_SECONDS = 120  # longer than any store takes to be made: whoever has the lock then is stuck


def open_when_made(uri: str, ask: Callable[[], Any]) -> None:
    """Ask a store something, which makes its tables where they are missing, alone of all processes that do.

    Args:
        uri: Where the store is.
        ask: Asks it; asked again while another program makes the tables.
    """
    with only_process(uri):
        for _ in range(MAKING_SECONDS):
            try:
                ask()
                return
            except Exception as error:
                if not any(words in str(error) for words in BEING_MADE):
                    raise
                time.sleep(1)
        ask()


@contextmanager
def only_process(uri: str) -> Iterator[None]:
    """Let one process at a time into the block: a lock file beside a database of SQLite, an advisory lock in PostgreSQL.

    Other stores, and folders that nothing can be written to, are not locked.
    """
    url = _database(uri)
    with _lock_of(url) if url is not None else nullcontext():
        yield


def _lock_of(url: "URL") -> AbstractContextManager[None]:
    backend = url.get_backend_name()
    if backend == "sqlite" and url.database and not url.database.startswith((":memory:", "file:")):
        return _locked_file(Path(f"{url.database}.lock"))
    return _locked_postgres(url) if backend == "postgresql" else nullcontext()


def _database(uri: str) -> "URL | None":
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    if uri.startswith(("http://", "https://")):
        return None
    try:
        return make_url(uri)
    except ArgumentError:
        return None


@contextmanager
def _locked_file(path: Path) -> Iterator[None]:
    from filelock import FileLock

    lock = FileLock(path, timeout=LOCK_SECONDS)
    with suppress(OSError):  # whether the database can be opened is for MLflow to say
        if path.parent.is_dir():  # the lock would make it
            lock.acquire()
    try:
        yield
        if lock.is_locked:
            with suppress(OSError):  # Windows removes no open file
                path.unlink()  # whoever still waits for it finds the tables made
    finally:
        lock.release()


@contextmanager
def _locked_postgres(url: "URL") -> Iterator[None]:
    from sqlalchemy import create_engine, text
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.pool import NullPool

    # The end of a connection frees its lock, also where the process is killed.
    with ExitStack() as stack:
        with suppress(SQLAlchemyError, ModuleNotFoundError):  # likewise
            connection = stack.enter_context(create_engine(url, poolclass=NullPool).connect())
            connection.execute(text(f"SET lock_timeout = '{LOCK_SECONDS}s'"))
            connection.execute(text("SELECT pg_advisory_lock(:number)"), {"number": POSTGRES_LOCK})
        yield
