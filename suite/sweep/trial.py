"""One trial in the process that trains it: its settings, its run, its figures after each epoch, what came of it."""

import math
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from rich.console import Console

from suite.artifact import read_artifact
from suite.data.examples import Examples
from suite.pipeline import primary_metric
from suite.registry import load_pipeline
from suite.runs import RunResult, train
from suite.sweep.plan import Sweep
from suite.sweep.space import decode, trial_settings
from suite.sweep.study import open_study, storage_errors
from suite.training.lock import wait_for_lock
from suite.training.pruned import Pruned
from suite.training.state import Epoch, read_history
from suite.training.unfinished import Request, check_finished, state_of

if TYPE_CHECKING:
    import optuna

LOCK_SECONDS = 60
MOST_WORDS = 500  # characters of an error that the study keeps


@dataclass(frozen=True)
class Job:
    """What a worker process is told: the sweep, and the trial's number, key and parameters, and the run that gathers all."""

    sweep: Sweep
    number: int
    trial_id: int
    params: dict[str, Any]
    parent: str


@dataclass(frozen=True)
class Outcome:
    """What came of a trial.

    Attributes:
        state: `"complete"`, `"pruned"`, `"failed"`, or `"store away"`: safe on disk, to be gone on with.
        value: The primary metric on dev, where it is complete.
        facts: For the study and the table: `metrics`, `run_id`, `seconds`, `epochs`, `error`.
    """

    state: str
    value: float | None = None
    facts: dict[str, Any] = field(default_factory=dict)


def run_trial(job: Job, examples: Examples) -> Outcome:
    """Train a trial from its beginning or from the state that its last process left.

    What is wrong with one trial (a loss that is no number, too little memory) is an outcome, no error.
    """
    from suite.quiet import import_tensorflow
    from suite.tracking.patience import StoreAway

    import_tensorflow()
    import keras
    import tensorflow as tf

    if not os.environ.get("SUITE_DEBUG"):
        tf.get_logger().setLevel("ERROR")  # it warns that each trial traces its functions anew, as it must
    away_errors: tuple[type[Exception], ...] = (StoreAway, *storage_errors())
    keras.backend.clear_session()  # what the trial before left in this process would take memory
    try:
        return _finished(job, _train(job, examples))
    except Pruned as pruned:
        return Outcome("pruned", facts=_facts_of_state(job) | {"pruned": str(pruned)})
    except away_errors as away:
        return Outcome("store away", facts={"error": str(away).strip().splitlines()[0]})
    except Exception as error:  # TensorFlow's, NumPy's, the pipeline's own: whatever these settings bring about
        name = "" if type(error).__name__ == "UserError" else f"{type(error).__name__}: "
        return Outcome("failed", facts=_facts_of_state(job) | {"error": f"{name}{error}"[:MOST_WORDS]})


def _train(job: Job, examples: Examples) -> RunResult:
    sweep, target = job.sweep, job.sweep.model_dir(job.number)
    study = open_study(sweep)
    settings = trial_settings(sweep.settings, decode(sweep.space, job.params))
    # A worker process ends a moment after the one that answered for the trial was killed.
    wait_for_lock(state_of(target), LOCK_SECONDS)
    begun = (state_of(target) / "run.json").is_file()
    request = Request(
        sweep.task,
        settings,
        target.name,
        sweep.output,
        resume=begun,
        parent=job.parent,
        after_epoch=partial(after_epoch, study, job),
    )
    if target.exists() and not begun:  # its process died before the study knew
        check_finished(request, examples)
        record = read_artifact(target).record
        return RunResult(sweep.task, target.name, target, record["run_id"], record["metrics"], record["seconds"])
    return train(request, examples, Console(quiet=True))


def _finished(job: Job, result: RunResult) -> Outcome:
    from suite.tracking.patience import StoreAway

    if state_of(result.model_dir).exists():
        raise StoreAway("the tracking store lacks figures of a trial that is whole")
    metric, _ = primary_metric(load_pipeline(job.sweep.task).METRICS)
    value = result.metrics["val"][metric]
    record = read_artifact(result.model_dir, verify=False).record
    facts = {
        "metrics": {part: result.metrics[part] for part in ("val", "test") if part in result.metrics},
        "run_id": result.run_id,
        "seconds": result.seconds,
        "epochs": record["epochs"],
        "model_dir": str(result.model_dir),
    }
    if not math.isfinite(value):
        return Outcome("failed", facts=facts | {"error": f"{metric} on dev is {value}"})
    return Outcome("complete", value, facts)


def _facts_of_state(job: Job) -> dict[str, Any]:
    from suite.artifact import read_json

    state = state_of(job.sweep.model_dir(job.number))
    epochs = read_history(state).epochs
    run_id = read_json(state / "run.json")["run_id"] if (state / "run.json").is_file() else None
    return {"epochs": len(epochs), "seconds": round(sum(epoch.seconds for epoch in epochs), 1), "run_id": run_id}


def after_epoch(
    study: "optuna.Study",
    job: Job,
    epoch: Epoch,
    say: Callable[[str], Any] = lambda line: sys.stderr.write(line + "\n"),
) -> None:
    """Tell the study the dev figure of an epoch, once; a study that is away is told at the next.

    Raises:
        Pruned: if the study finds the trial not worth going on with.
    """
    import optuna

    metric, _ = primary_metric(load_pipeline(job.sweep.task).METRICS)
    value = epoch.metrics[f"val_{metric}"]
    unreachable: tuple[type[Exception], ...] = (optuna.exceptions.UpdateFinishedTrialError, *storage_errors())
    try:
        trial = optuna.trial.Trial(study, job.trial_id)
        told_before = epoch.number in study.get_trials(deepcopy=False)[job.number].intermediate_values
        if not told_before:
            trial.report(value, epoch.number)
        pruned = trial.should_prune()
    except unreachable:
        return
    if not told_before:
        say(f"trial {job.number}  epoch {epoch.number + 1}  {metric} {value:.4f}")
    if pruned:
        raise Pruned(f"after epoch {epoch.number + 1}: {metric} on dev was worse than the median of the trials before")
