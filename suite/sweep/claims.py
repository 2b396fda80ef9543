"""Which process answers for which trial: the next one is claimed, and one whose process died is claimed again.

On one machine the process holds a file lock for each of its trials, which the system frees when the process ends,
however it ends. Where a database is shared by machines, it tells the database every few seconds that it is alive.
"""

import os
import platform
import threading
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from suite.sweep.drawing import draw
from suite.sweep.plan import Sweep
from suite.sweep.space import distributions
from suite.sweep.study import HEARTBEAT_SECONDS, alone, storage_of

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

OWNER = "process"  # trial attribute: host and number of the process that answers for it; None once that gave it back


@dataclass
class Claim:
    """A trial that this process answers for.

    Attributes:
        number: Of the trial, from 0; it stays the same whoever goes on with it.
        trial_id: Its key in the database.
        params: What was drawn for it.
        lock: The file lock that says so, on one machine.
        deaths: The epochs after which its worker process died, of the times that it did.
    """

    number: int
    trial_id: int
    params: dict[str, Any]
    lock: Any = None
    deaths: list[int] = field(default_factory=list)


def claim(sweep: Sweep, study: "optuna.Study") -> Claim | None:
    """Return a trial that its process has left, else a new one; None where none may be begun now."""
    from optuna.trial import TrialState

    with alone(sweep):
        stale = storage_of(study)._get_stale_trial_ids(study._study_id) if sweep.storage else []
        trials = study.get_trials(deepcopy=False)
        for trial in trials:
            if trial.state == TrialState.RUNNING:
                lock = _take_over(sweep, trial, stale)
                if lock is not None:
                    return _owned(study, trial._trial_id, lock)
        if not any(trial.state == TrialState.WAITING for trial in trials):
            if len(trials) >= sweep.trials:
                return None
            # Kept before it runs: whoever is killed from here on loses no draw.
            study.enqueue_trial(draw(study, sweep.space, sweep.settings, len(trials)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a heartbeat is said to need `Study.optimize`; ours is below
            asked = study.ask(distributions(sweep.space, type(sweep.settings)))
        return _owned(study, asked._trial_id, _lock(sweep, asked.number))


def _take_over(sweep: Sweep, trial: "FrozenTrial", stale: list[int]) -> Any:
    """Return the lock of a running trial whose process is gone; None if it is alive."""
    abandoned = trial.user_attrs.get(OWNER) is None  # given back, or its process died in `claim`
    if sweep.storage is not None and not abandoned and trial._trial_id not in stale:
        return None
    return _lock(sweep, trial.number)


def _lock(sweep: Sweep, number: int) -> Any:
    """Return the held lock of a trial; None if another process, or this one, holds it."""
    from filelock import FileLock, Timeout

    lock = FileLock(sweep.folder / f"trial-{number}.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        return None
    return lock


def _owned(study: "optuna.Study", trial_id: int, lock: Any) -> Claim:
    storage = storage_of(study)
    storage.set_trial_user_attr(trial_id, OWNER, f"{platform.node()} {os.getpid()}")
    record_heartbeats(study, [trial_id])
    trial = storage.get_trial(trial_id)
    return Claim(trial.number, trial_id, trial.params, lock, list(trial.user_attrs.get("deaths", [])))


def give_back(study: "optuna.Study", claimed: Claim) -> None:
    """Leave a trial unfinished for any process to go on with."""
    storage_of(study).set_trial_user_attr(claimed.trial_id, OWNER, None)
    release(claimed)


def release(claimed: Claim) -> None:
    """Free the lock of a trial."""
    if claimed.lock is not None:
        claimed.lock.release()


def record_heartbeats(study: "optuna.Study", trial_ids: list[int]) -> None:
    """Tell the database that this process is alive, where one is shared."""
    storage = storage_of(study)
    if storage.get_heartbeat_interval() is not None:
        for trial_id in trial_ids:
            storage.record_heartbeat(trial_id)


class Heartbeats:
    """A thread that tells the database of all claimed trials that their process is alive.

    Args:
        study: The study.
        claims: Those of this process, as they stand; the thread looks again each time.
    """

    def __init__(self, study: "optuna.Study", claims: "dict[Any, Claim]") -> None:
        self.study = study
        self.claims = claims
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *exception: Any) -> None:
        self.ended.set()
        self.thread.join()

    def _run(self) -> None:
        while not self.ended.wait(HEARTBEAT_SECONDS):
            try:
                record_heartbeats(self.study, [claimed.trial_id for claimed in list(self.claims.values())])
            except Exception:  # the database is away for a moment: told again next time
                continue
