"""Trials as Ray tasks, on this machine or on a cluster."""

import os
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from suite.cluster.connect import connect, hosts
from suite.data.examples import Examples
from suite.errors import UserError
from suite.sweep.plan import Sweep
from suite.sweep.trial import Job, Outcome, run_trial
from suite.sweep.workers import STOP_SECONDS


class RayWorkers:
    """As many tasks at a time as the cluster has cores for; each asks for its cores and its memory.

    Args:
        sweep: The sweep.
        examples: The data, which every machine gets once.
        address: As `suite.cluster.connect.connect` takes it.
        cores: Of one trial.
        memory: Of one trial, in GB; None asks for none.

    Raises:
        UserError: if there is no Ray or no cluster, if it is too small, or if it has several machines that share no study.
    """

    def __init__(self, sweep: Sweep, examples: Examples, address: str, cores: int, memory: float | None) -> None:
        self.ray = connect(address)
        _check_shared(hosts(self.ray), sweep)
        have = self.ray.cluster_resources()
        self.slots = int(have.get("CPU", 0) // cores)
        if memory:
            self.slots = min(self.slots, int(have.get("memory", 0) // (memory * 1e9)))
        if self.slots < 1:
            has = f"{have.get('CPU', 0):.0f} cores and {have.get('memory', 0) / 1e9:.1f} GB"
            raise UserError(f"--cores, --memory: the Ray cluster has {has}. Received: {cores} cores, {memory or 0} GB")
        options: dict[str, Any] = {"num_cpus": cores, "max_retries": 0} | ({"memory": memory * 1e9} if memory else {})
        self.task = self.ray.remote(**options)(_run)
        self.examples = self.ray.put(examples)
        self.place = _Place(Path.cwd(), _tracking_uri(), cores)
        self.references: list[Any] = []

    def submit(self, job: Job) -> "Future[Outcome]":
        """Begin to train a trial."""
        job = replace(job, sweep=replace(job.sweep, output=job.sweep.output.absolute()))
        reference = self.task.remote(self.place, job, self.examples)
        self.references.append(reference)
        return reference.future()

    def stop(self) -> None:
        """End the tasks; a training in one keeps the epochs that it has finished."""
        if not self.ray.is_initialized():
            return
        _, running = (
            self.ray.wait(self.references, num_returns=len(self.references), timeout=0) if self.references else ([], [])
        )
        for reference in running:
            self.ray.cancel(reference)
        if running:
            self.ray.wait(running, num_returns=len(running), timeout=STOP_SECONDS)
        self.ray.shutdown()


def _check_shared(names: set[str], sweep: Sweep) -> None:
    """Raise UserError if several machines would keep study or runs in files of one of them."""
    if len(names) < 2:
        return
    machines = f"the Ray cluster has {len(names)} machines"
    if sweep.storage is None:
        raise UserError(f"{machines}, which need a study that they share: --storage postgresql://...")
    if _tracking_uri().startswith("sqlite:"):
        raise UserError(f"{machines}, which need a tracking store that they share: MLFLOW_TRACKING_URI names one")


def _tracking_uri() -> str:
    from suite.tracking.store import tracking_uri

    return tracking_uri()


@dataclass(frozen=True)
class _Place:
    """What a task needs to know of the process that asks for it: its folder, its tracking store, the cores of a trial."""

    folder: Path
    tracking_uri: str
    cores: int


def _run(place: _Place, job: Job, examples: Examples) -> Outcome:
    os.environ["MLFLOW_TRACKING_URI"] = place.tracking_uri
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(place.cores))
    os.chdir(place.folder)
    return run_trial(job, examples)
