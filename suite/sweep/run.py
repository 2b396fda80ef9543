"""A sweep from start to end: claim, train, settle, until all trials are finished, whichever processes run them."""

import shutil
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from suite.data.examples import Examples
from suite.errors import UserError
from suite.pipeline import primary_metric
from suite.registry import load_pipeline
from suite.sweep.claims import Claim, Heartbeats, claim, give_back, release
from suite.sweep.plan import Sweep
from suite.sweep.report import Report, is_reported, log_beginning, report
from suite.sweep.space import combinations, distributions
from suite.sweep.study import alone, begin, naming_study, open_study, ranked, storage_of
from suite.sweep.trial import Job, Outcome
from suite.sweep.workers import Workers
from suite.training.state import read_history
from suite.training.unfinished import state_of

if TYPE_CHECKING:
    import optuna

POLL_SECONDS = 2.0
FEW_FAILURES = 3  # that are all there is: it is not the trials that are at fault
MOST_DEATHS = 2  # of a worker process after one and the same epoch
RUN_ID = "run_id"  # study attribute: the run that gathers the trials


@dataclass(frozen=True)
class Running:
    """A sweep that this process takes part in: what all agree on, its study, and the run that gathers the trials."""

    sweep: Sweep
    study: "optuna.Study"
    parent: str
    say: Callable[[str], None]


def run_sweep(sweep: Sweep, examples: Examples, workers: Workers, console: Console) -> Report:
    """Take part in a sweep until all of its trials are finished, beginning it where it is new.

    Raises:
        UserError: for data or settings other than it was begun with, too many trials for its space, or if no trial succeeds.
        StoreAway: if the tracking store is away for longer than a training waits.
        KeyboardInterrupt: after the trials in work have kept what they have.
    """
    from suite.tracking.store import tracked_run

    say = partial(console.print, markup=False, highlight=False)
    _check(sweep, examples)
    sweep.folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack, naming_study(sweep):
        with alone(sweep):
            study = open_study(sweep)
            begin(sweep, study, examples)
            run_id = study.user_attrs.get(RUN_ID)
            if run_id is not None and is_reported(sweep, study):
                return report(sweep, study, examples, run_id, say)  # a run that has ended keeps its end
            run = stack.enter_context(tracked_run(sweep.task, sweep.name, run_id, say=say))
            running = Running(sweep, study, run.info.run_id, say)
            if run_id != running.parent:
                study.set_user_attr(RUN_ID, running.parent)
                log_beginning(sweep, examples, running.parent, say)
        say(f"{sweep.task} {sweep.name}: {sweep.trials} trials over {', '.join(sweep.space)}")
        begun = len(study.get_trials(deepcopy=False))
        if begun:
            say(f"going on: {begun} were begun, {_count_finished(study)} of them are finished")
        try:
            _train_all(running, workers)
        except KeyboardInterrupt:
            say("the sweep is left as it is; the same command goes on with it, begun trials first")
            raise
        with alone(sweep):
            return report(sweep, study, examples, running.parent, say)


def _check(sweep: Sweep, examples: Examples) -> None:
    if Path(sweep.name).name != sweep.name or sweep.name.startswith("."):
        raise UserError(f"--name: expected a plain folder name. Received: {sweep.name!r}")
    if not examples.part("dev"):
        raise UserError(f"{examples.path}: a sweep compares trials on dev, and this data has no dev part")
    most = combinations(distributions(sweep.space, type(sweep.settings)))
    if most is not None and sweep.trials > most:
        raise UserError(f"--trials: the space has {most} combinations. Received: {sweep.trials}")


def _train_all(running: Running, workers: Workers) -> None:
    claims: dict[Future[Outcome], Claim] = {}
    started, finished_before = time.monotonic(), _count_finished(running.study)
    waiting = False
    with Heartbeats(running.study, claims):
        try:
            while True:
                _refuse_hopeless(running)
                claimed = claim(running.sweep, running.study) if len(claims) < workers.slots else None
                if claimed is not None:
                    claims[workers.submit(_job(running, claimed))] = claimed
                elif claims:
                    for future in wait(claims, POLL_SECONDS, FIRST_COMPLETED).done:
                        _settle(running, claims[future], future)
                        del claims[future]
                        _say_time_left(running, started, finished_before)
                elif _count_finished(running.study) >= running.sweep.trials:
                    return
                else:
                    if not waiting:
                        running.say("waiting for trials of other processes")
                    waiting = True
                    time.sleep(POLL_SECONDS)
        except BaseException:
            workers.stop()
            for claimed in claims.values():
                with suppress(Exception):  # where the database is away, the lock or silence tells that it was left
                    give_back(running.study, claimed)
            raise
        finally:
            workers.stop()


def _job(running: Running, claimed: Claim) -> Job:
    return Job(running.sweep, claimed.number, claimed.trial_id, claimed.params, running.parent)


def _count_finished(study: "optuna.Study") -> int:
    return sum(trial.state.is_finished() for trial in study.get_trials(deepcopy=False))


def _refuse_hopeless(running: Running) -> None:
    """Raise UserError where nothing but failures came of the first trials."""
    from optuna.trial import TrialState

    finished = [trial for trial in running.study.get_trials(deepcopy=False) if trial.state.is_finished()]
    failures = [trial for trial in finished if trial.state == TrialState.FAIL]
    if len(failures) >= FEW_FAILURES and len(failures) == len(finished):
        raise UserError(
            f"the first {len(failures)} trials failed, so the sweep ends here; the last one: "
            f"{failures[-1].user_attrs.get('error')}"
        )


def _settle(running: Running, claimed: Claim, future: "Future[Outcome]") -> None:
    """Tell the study what came of a trial, or leave it for going on with."""
    from suite.tracking.patience import StoreAway

    outcome: Outcome | None
    try:
        outcome = future.result()
    except Exception as error:  # whatever a pool of processes says when one of its processes is gone
        outcome = _after_death(running, claimed, error)
    if outcome is None:
        give_back(running.study, claimed)
        return
    if outcome.state == "store away":
        give_back(running.study, claimed)
        raise StoreAway(outcome.facts["error"])
    with alone(running.sweep):
        _tell(running, claimed, outcome)
        _remove_beaten_models(running)
    release(claimed)


def _after_death(running: Running, claimed: Claim, error: Exception) -> Outcome | None:
    """Return a failure if the worker process died repeatedly at one place, else None: the trial goes on from its state."""
    epochs = len(read_history(state_of(running.sweep.model_dir(claimed.number))).epochs)
    deaths = [*claimed.deaths, epochs]
    storage_of(running.study).set_trial_user_attr(claimed.trial_id, "deaths", deaths)
    reason = f"its process died after epoch {epochs} ({type(error).__name__})"
    if deaths.count(epochs) >= MOST_DEATHS:
        return Outcome("failed", facts={"epochs": epochs, "error": f"{reason}, {MOST_DEATHS} times: out of memory?"})
    running.say(f"trial {claimed.number}: {reason}; it is gone on with")
    return None


def _tell(running: Running, claimed: Claim, outcome: Outcome) -> None:
    from optuna.trial import TrialState

    sweep, study = running.sweep, running.study
    for key, value in outcome.facts.items():
        storage_of(study).set_trial_user_attr(claimed.trial_id, key, value)
    state = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "failed": TrialState.FAIL}[outcome.state]
    # Another machine may have finished it, where this one was taken for dead.
    study.tell(claimed.number, outcome.value, state=state, skip_if_finished=True)
    shutil.rmtree(state_of(sweep.model_dir(claimed.number)), ignore_errors=True)
    metric, _ = primary_metric(load_pipeline(sweep.task).METRICS)
    if outcome.value is not None:
        running.say(f"trial {claimed.number}: {metric} {outcome.value:.4f} in {outcome.facts['seconds']:.0f} s")
    else:
        reason = outcome.facts.get("error") or outcome.facts.get("pruned")
        running.say(f"trial {claimed.number}: {outcome.state}: {reason}")


def _remove_beaten_models(running: Running) -> None:
    for trial in ranked(running.study)[running.sweep.models :]:
        shutil.rmtree(running.sweep.model_dir(trial.number), ignore_errors=True)


def _say_time_left(running: Running, started: float, finished_before: int) -> None:
    finished = _count_finished(running.study)
    left = running.sweep.trials - finished
    if left > 0 and finished > finished_before:
        seconds = (time.monotonic() - started) / (finished - finished_before) * left
        running.say(f"{finished} of {running.sweep.trials} trials finished, about {seconds / 60:.0f} min left")
