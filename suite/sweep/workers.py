"""Where trials are trained: in a process beside the one that answers for them, so that one trial's end is its own alone."""

import contextlib
import multiprocessing
import os
import signal
from concurrent.futures import Executor, Future, ProcessPoolExecutor, wait
from typing import Protocol

from suite.child_process import obey_parent
from suite.data.examples import Examples
from suite.sweep.trial import Job, Outcome, run_trial

STOP_SECONDS = 60  # a training that is told to end writes its state and tells the tracking store


class Workers(Protocol):
    """What trains trials.

    A future that ends with any exception but KeyboardInterrupt says that its process died; `submit` works again after that.
    """

    slots: int

    def submit(self, job: Job) -> "Future[Outcome]":
        """Begin to train a trial."""

    def stop(self) -> None:
        """End what is being trained, tidily, and everything that was started."""


class LocalWorker:
    """One process of this machine, started anew where it dies.

    Args:
        examples: The data, which the process gets once.
    """

    slots = 1

    def __init__(self, examples: Examples) -> None:
        self.examples = examples
        self.executor: Executor | None = None
        self.process_id = 0
        self.training: Future[Outcome] | None = None

    def submit(self, job: Job) -> "Future[Outcome]":
        """Begin to train a trial; the one before has ended."""
        if self.training is not None and self.training.exception() is not None:
            self._discard()
        if self.executor is None:
            context = multiprocessing.get_context("spawn")  # TensorFlow's threads do not survive a fork
            self.executor = ProcessPoolExecutor(1, context, _begin, (self.examples,))
            self.process_id = self.executor.submit(os.getpid).result()
        self.training = self.executor.submit(_run, job)
        return self.training

    def stop(self) -> None:
        """End the process; a training in it keeps the epochs that it has finished."""
        if self.executor is None:
            return
        if self.training is not None and not self.training.done():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process_id, signal.SIGTERM)
            wait([self.training], STOP_SECONDS)
        self._discard()

    def _discard(self) -> None:
        if self.executor is not None:
            self.executor.shutdown(wait=False, cancel_futures=True)
        self.executor, self.training = None, None


_examples: Examples | None = None


def _begin(examples: Examples) -> None:
    """Prepare a worker process: it has the data."""
    global _examples
    _examples = examples
    obey_parent()


def _run(job: Job) -> Outcome:
    assert _examples is not None
    return run_trial(job, _examples)
