"""Waiting for a tracking store that is away for a moment: a server that restarts, a database that is locked."""

import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from suite.errors import UserError

WAITING_SECONDS = 120  # how long a training waits for the store, once when it begins and once when its model is saved
LONGEST_PAUSE_SECONDS = 10
# What MLflow, its databases and its artifact stores say where asking again later may help, in lower case.
AWAY = (
    "failed with exception",  # MLflow of a server that refuses, resets or answers 429 and 5xx
    "max retries exceeded",
    "error responses",
    "timeout",
    "timed out",
    "connection refused",
    "connection reset",
    "connection aborted",
    "could not connect",
    "closed the connection",
    "starting up",
    "shutting down",
    "database is locked",
    "table is locked",
)


class StoreAway(UserError):
    """The tracking store did not take what it was to take, within the time that is waited for it."""


def is_away(error: Exception) -> bool:
    """Return whether an error says that the store is away for a moment, rather than that it refuses what it was asked."""
    text = str(error).lower()
    return any(phrase in text for phrase in AWAY) and "certificate" not in text


def reason(error: Exception) -> str:
    """Return what is at fault in one short line; MLflow's own lines repeat the address and the call."""
    text = str(error).strip() or type(error).__name__
    cause = re.search(r"Connection refused|Connection reset[\w ]*|Read timed out|too many \d+ error responses", text)
    return cause[0] if cause else text.splitlines()[0][:300]


def patiently(
    action: Callable[[], Any], say: Callable[[str], None] = lambda message: None, seconds: float | None = None
) -> Any:
    """Return what `action` returns, called again with growing pauses while the store is away.

    Args:
        action: Asks the store; safe to call again. Ctrl-C waits for the end of a call, not of a pause.
        say: Told once that the store is waited for.
        seconds: How long to wait; None is WAITING_SECONDS.

    Raises:
        StoreAway: if the store is still away at the end of that time.
        Exception: what `action` raises for any other reason, at once.
    """
    seconds = WAITING_SECONDS if seconds is None else seconds
    deadline, pause = time.monotonic() + seconds, 1.0
    while True:
        try:
            with uninterrupted():
                return action()
        except Exception as error:
            if not is_away(error):
                raise
            if time.monotonic() + pause > deadline:
                raise StoreAway(f"the tracking store is away ({reason(error)})") from error
            if pause == 1.0:
                say(f"waiting at most {seconds:.0f} s for the tracking store ({reason(error)})")
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


def harmlessly(action: Callable[[], Any], say: Callable[[str], None]) -> Any:
    """As `patiently`, for what is told of a work that is done and safe on disk: whatever a store finds wrong is StoreAway.

    Stores fail in many types: no rights, a full disk, a run that was deleted. `--debug` shows which.
    """
    try:
        return patiently(action, say)
    except StoreAway:
        raise
    except Exception as error:
        if os.environ.get("SUITE_DEBUG"):
            raise
        raise StoreAway(f"the tracking store does not take this run ({reason(error)})") from error


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let Ctrl-C wait for the end of a block; one in the middle of a transaction would leave the store locked.

    A second Ctrl-C goes through at once: the block may hang on a server. In other threads than the main one, which
    signals do not reach, nothing is done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught: list[int] = []

    def catch(number: int, frame: Any) -> None:
        if caught:
            raise KeyboardInterrupt
        caught.append(number)

    handlers = {number: signal.signal(number, catch) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if caught:
            signal.raise_signal(caught[0])
