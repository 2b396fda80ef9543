"""Workers as processes of this machine: started together, and ended together where one is lost."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import IO, Any, Protocol

from suite.training.workers.cluster import VARIABLE, config_of

GRACE = 20.0  # seconds in which the others may end themselves and say why, once one has gone
FAREWELL = 60.0  # seconds in which the others end once the chief has ended well
LEAVING = 15.0  # seconds in which a worker that is asked to end does what it has to
LAST_LINES = 15
PR_SET_PDEATHSIG = 1  # of Linux' prctl


class Worker(Protocol):
    """A process that is watched: what `subprocess.Popen` and a process on another machine have in common."""

    returncode: Any

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def terminate(self) -> None: ...

    def kill(self) -> None: ...


def run_on_this_machine(command: Sequence[str], count: int, say: Callable[[str], None]) -> int:
    """Run a command in `count` processes that are one another's workers, and return the exit status of the first, the chief.

    The chief has this process's stdout and stderr; what another one said is shown where it fails. Where one ends with a
    fault, or is killed, the rest have `GRACE` seconds to end as well. Processor cores are divided among them.

    Args:
        command: What each runs, with a `TF_CONFIG` of its own.
        count: How many.
        say: Shows a line to the person.
    """
    addresses = [f"127.0.0.1:{port}" for port in _free_ports(count)]
    cores = str(max(1, (os.cpu_count() or 1) // count))
    shared = {"TF_NUM_INTRAOP_THREADS": cores, "OMP_NUM_THREADS": cores} | os.environ
    with ExitStack() as stack:
        outputs: list[IO[bytes] | None] = [
            None,
            *(stack.enter_context(tempfile.TemporaryFile()) for _ in range(count - 1)),
        ]
        workers = [
            subprocess.Popen(
                command,
                env=shared | {VARIABLE: config_of(addresses, index)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                process_group=0 if os.name == "posix" else None,  # Ctrl-C reaches this process, which ends them
                preexec_fn=end_with_parent if sys.platform == "linux" else None,
            )
            for index, output in enumerate(outputs)
        ]
        try:
            return watch(workers, outputs, say)
        finally:
            end(workers)


def end_with_parent() -> None:
    """Have the system end this process, politely, when the one that started it is gone, however that ended."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def watch(workers: Sequence[Worker], outputs: Sequence[IO[bytes] | None], say: Callable[[str], None]) -> int:
    """Wait until all have ended, for a limited time once one has; return the status of all.

    Args:
        workers: The first is the chief.
        outputs: What each has printed, None for what was printed here.
        say: Shows a line to the person.
    """
    deadline, stopped = None, []
    while None in [worker.poll() for worker in workers]:
        if deadline is None and any(worker.returncode for worker in workers):
            deadline = time.monotonic() + GRACE
        if deadline is None and workers[0].returncode == 0:
            deadline = time.monotonic() + FAREWELL
        if deadline is not None and time.monotonic() > deadline:
            stopped = [worker for worker in workers if worker.returncode is None]
            end(stopped)
        time.sleep(0.1)
    failed = [worker for worker in workers if worker.returncode and worker not in stopped]
    for number, (worker, output) in enumerate(zip(workers, outputs, strict=True), 1):
        if worker in failed and worker.returncode < 0:
            say(f"worker {number} of {len(workers)} was ended by {signal.Signals(-worker.returncode).name}")
        elif worker in failed and output is not None and workers[0].returncode != worker.returncode:
            output.seek(0)
            lines = output.read().decode("utf-8", "replace").splitlines()[-LAST_LINES:]
            say("\n".join([f"worker {number} of {len(workers)} ended with status {worker.returncode}:", *lines]))
    status = failed[0].returncode if failed and workers[0] in stopped else workers[0].returncode
    return 1 if status < 0 else status


def end(workers: Sequence[Worker]) -> None:
    """End what still runs: politely, then, some time later, not."""
    running = [worker for worker in workers if worker.poll() is None]
    for worker in running:
        worker.terminate()
    deadline = time.monotonic() + LEAVING
    for worker in running:
        try:
            worker.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def suite_command(arguments: Sequence[str]) -> list[str]:
    """Return the command that runs `suite` as this process does."""
    return [sys.executable, "-m", "suite", *arguments]
