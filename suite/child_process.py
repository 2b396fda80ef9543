"""How a process that does a command's work beside it begins and ends."""

import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import wait
from typing import Any


def obey_parent() -> None:
    """Leave Ctrl-C to the parent of this process of `multiprocessing`, and end when it sends SIGTERM or is gone itself.

    SIGTERM raises KeyboardInterrupt, so that work ends as tidily as by Ctrl-C.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _interrupt)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _interrupt(number: int, frame: Any) -> None:
    raise KeyboardInterrupt


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
