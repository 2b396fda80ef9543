"""Long jobs of one command at once, each in a process of its own, and what each says shown whole when it has ended."""

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path
from typing import Any

from suite.child_process import obey_parent
from suite.commands.output import terminal

LOOK_SECONDS = 0.5
LAST_BYTES = 2000  # of what a job says, in which its last line is looked for


def side_by_side(run: Callable[..., Any], jobs: Sequence[tuple], count: int) -> Iterator[Any]:
    """Run jobs in `count` processes and yield what each returns, in the order in which they end.

    What a job prints comes to this process's stdout and stderr when it has ended; until then the last lines of those that
    run stand in the terminal. Where a job fails the others still run, and the first failure is raised at the end.

    Args:
        run: What each process calls with a job's arguments; a function of a module.
        jobs: The arguments of each; the first one is its name.
        count: Of processes.
    """
    context = multiprocessing.get_context("spawn")  # TensorFlow's threads do not survive a fork
    with tempfile.TemporaryDirectory(prefix="suite-") as folder:
        pool = ProcessPoolExecutor(count, context, _begin, (count,))
        outputs = [(Path(folder) / f"{index}.out", Path(folder) / f"{index}.err") for index in range(len(jobs))]
        waiting = list(zip(jobs, outputs, strict=True))
        running: dict[Future, tuple[str, tuple[Path, Path]]] = {}
        failures = []
        try:
            with terminal().status("beginning") as status:
                while waiting or running:
                    # No more than there are processes: what the pool has taken, it begins even while it is being ended.
                    while waiting and len(running) < count:
                        job, output = waiting.pop(0)
                        running[pool.submit(_run, run, job, *map(str, output))] = job[0], output
                    ended, _ = wait(running, LOOK_SECONDS, FIRST_COMPLETED)
                    for future in ended:
                        _, output = running.pop(future)
                        status.stop()
                        _repeat(*output)
                        if (failure := future.exception()) is None:
                            yield future.result()
                        else:
                            failures.append(failure)
                        status.start()
                    status.update(_last_lines(running) or "ending")
        finally:
            for process in list((pool._processes or {}).values()) if running else []:
                process.terminate()
            pool.shutdown(wait=True, cancel_futures=True)
    if failures:
        raise failures[0]


def _last_lines(running: dict[Future, tuple[str, tuple[Path, Path]]]) -> str:
    """What those that have begun said last, a line each."""
    lines = []
    for name, (_, errors) in running.values():
        if errors.exists():
            with errors.open("rb") as stream:
                stream.seek(max(0, errors.stat().st_size - LAST_BYTES))
                spoken = stream.read().decode("utf-8", "replace").strip().splitlines()
            lines.append(f"{name}: {spoken[-1] if spoken else 'begins'}".replace("[", r"\["))
    return "\n".join(lines)


def _repeat(output: Path, errors: Path) -> None:
    """Print what a job said: first to stderr, then its results to stdout."""
    for path, stream in ((errors, sys.stderr), (output, sys.stdout)):
        if path.exists():
            stream.write(path.read_text(encoding="utf-8", errors="replace"))
            stream.flush()


def _begin(count: int) -> None:
    """Prepare one of `count` processes: it has its share of the cores, and ends with its parent, whose affair Ctrl-C is."""
    cores = str(max(1, (os.cpu_count() or 1) // count))
    for variable in ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(variable, cores)
    obey_parent()


def _run(run: Callable[..., Any], job: tuple, output: str, errors: str) -> Any:
    """Call `run` with this process's stdout and stderr in files, also of what native code prints."""
    for number, path in ((1, output), (2, errors)):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(descriptor, number)
        os.close(descriptor)
    try:
        return run(*job)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
