"""Run a server that ends when this process does, however that ends, with all the processes that the server starts.

The server's parent is a small keeper that reads from a pipe of this process: when the pipe closes, by SIGTERM, SIGHUP,
SIGKILL or in any other way, the keeper ends the server's whole process group. Windows has no process groups of this kind:
there the server alone is ended.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import IO, Any

SECONDS_TO_END = 10
ASK_SECONDS = 0.2


def serve(command: list[str], output: IO[Any] | None = None, is_up: Callable[[], bool] | None = None) -> int:
    """Run a server until it ends, or until this process is interrupted; return the server's exit status.

    Args:
        command: Starts the server.
        output: Where its lines go; None is where this process's go.
        is_up: Asked, again and again, while the server starts, until it says yes.
    """
    keeper = subprocess.Popen(
        [sys.executable, "-I", __file__, *command],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=output,
        start_new_session=True,  # Ctrl-C in a terminal reaches this process alone
    )
    try:
        while is_up is not None and keeper.poll() is None and not is_up():
            time.sleep(ASK_SECONDS)
        return keeper.wait()
    finally:
        if keeper.stdin is not None:
            keeper.stdin.close()
        keeper.wait(2 * SECONDS_TO_END)


def keep(command: list[str]) -> int:
    """Run a server in a process group of its own until it or stdin ends; then end what is left of the group."""
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)

    def end_with_stdin() -> None:
        while os.read(0, 4096):  # not sys.stdin, whose lock this thread would hold when the process ends
            pass
        _end(server)

    threading.Thread(target=end_with_stdin, daemon=True).start()
    status = server.wait()
    _end(server)
    return status


def _end(server: subprocess.Popen) -> None:
    """End a server's process group: politely first."""
    if not hasattr(os, "killpg"):
        server.terminate()
        return
    deadline = time.monotonic() + SECONDS_TO_END
    try:
        os.killpg(server.pid, signal.SIGTERM)
        while time.monotonic() < deadline:
            time.sleep(0.05)
            os.killpg(server.pid, 0)
        os.killpg(server.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # nobody is left; macOS says the latter of processes that just ended
        return


if __name__ == "__main__":
    sys.exit(keep(sys.argv[1:]))
