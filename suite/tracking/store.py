"""The MLflow store: one experiment per task, one run per training, listing.

The default store is `mlflow.db` (SQLite) in the working directory with artifacts in `mlruns/` beside it;
the environment variable MLFLOW_TRACKING_URI wins.
"""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suite.errors import UserError
from suite.tracking.experiment import experiment_id
from suite.tracking.opening import open_when_made
from suite.tracking.patience import StoreAway, harmlessly, patiently, reason, uninterrupted
from suite.training.pruned import Pruned

if TYPE_CHECKING:
    from mlflow.entities import Run

DATABASE = "mlflow.db"
# MLflow's own retries hold each call for four minutes without a word; `patiently` waits where waiting is right.
MLFLOW_DEFAULTS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # stdout may be JSON
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # of `suite ui`: processes that judge prompts, which nobody writes here
    "GIT_PYTHON_REFRESH": "quiet",
}


def tracking_uri() -> str:
    """Return the tracking URI: MLFLOW_TRACKING_URI, or SQLite in the working directory."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{Path(DATABASE).absolute()}"


def open_store() -> Any:
    """Return MLflow, set to the store; its own progress bars and migration notes stay silent.

    Raises:
        UserError: if the store cannot be opened.
    """
    for name, value in MLFLOW_DEFAULTS.items():
        os.environ.setdefault(name, value)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    import mlflow

    uri = tracking_uri()
    try:
        mlflow.set_tracking_uri(uri)
        open_when_made(uri, lambda: mlflow.search_experiments(max_results=1))
    except Exception as error:  # MLflow wraps database, network and URI faults in many types
        raise UserError(
            f"cannot open the tracking store {uri}: {reason(error)}; MLFLOW_TRACKING_URI names another"
        ) from error
    return mlflow


@contextmanager
def tracked_run(
    task: str,
    name: str,
    run_id: str | None = None,
    parent: str | None = None,
    say: Callable[[str], None] = lambda message: None,
) -> Iterator["Run"]:
    """Open a run (or go on with `run_id`); mark it FINISHED (a pruned one too), KILLED on Ctrl-C or FAILED when the block ends.

    A store that is away is waited for, within bounds, when the run begins and when it has finished. A run whose end the
    store did not learn of, and one that ended because the store was away, is marked when it is resumed.

    Args:
        task: Names the experiment.
        name: Name of the run.
        run_id: An earlier, unfinished run to continue.
        parent: Run id of the run this one is a part of (folds). By default the run of MLFLOW_RUN_ID, which an outer tool
            (`mlflow run`) sets for what it starts, if that one is still running.
        say: Told what is waited for, and that a run of MLFLOW_RUN_ID is left alone.

    Raises:
        StoreAway: if the store is away for longer than that.
        UserError: if the store cannot be opened.
    """
    mlflow = patiently(open_store, say)
    try:
        outer = parent or patiently(lambda: _outer_run(mlflow, say), say)
        run = patiently(lambda: _start_run(mlflow, task, name, run_id, outer), say)
    except KeyboardInterrupt:
        with suppress(Exception):
            mlflow.end_run("KILLED")
        raise
    try:
        yield run
    except (KeyboardInterrupt, StoreAway):
        with suppress(Exception), uninterrupted():
            _end_run(mlflow, run.info.run_id, "KILLED")
        raise
    except Pruned:
        harmlessly(lambda: _end_run(mlflow, run.info.run_id, "FINISHED"), say)
        raise
    except BaseException as error:
        with suppress(Exception), uninterrupted():
            mlflow.set_tag("error", f"{type(error).__name__}: {error}"[:500])
        with suppress(Exception), uninterrupted():
            _end_run(mlflow, run.info.run_id, "FAILED")
        raise
    harmlessly(lambda: _end_run(mlflow, run.info.run_id, "FINISHED"), say)


def _outer_run(mlflow: Any, say: Callable[[str], None]) -> str | None:
    """Return the run of MLFLOW_RUN_ID if it is running, and take the variable away.

    MLflow would log to that run whatever became of it, and so change the figures of one that has finished.
    """
    from mlflow.exceptions import MlflowException

    outer = os.environ.get("MLFLOW_RUN_ID")
    if not outer:
        return None
    try:
        info = mlflow.MlflowClient().get_run(outer).info
        status = info.status if info.lifecycle_stage == "active" else "DELETED"
    except MlflowException as error:
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise
        status = "not in this tracking store"
    del os.environ["MLFLOW_RUN_ID"]
    if status == "RUNNING":
        return outer
    say(f"MLFLOW_RUN_ID is left alone: that run is {status}; this training is a run of its own")
    return None


def _start_run(mlflow: Any, task: str, name: str, run_id: str | None, parent: str | None) -> "Run":
    experiment = experiment_id(mlflow, task)
    if run_id is not None and not _exists(mlflow.MlflowClient(), run_id):
        run_id = None
    tags = {"task": task} | ({"mlflow.parentRunId": parent} if parent else {})
    return mlflow.start_run(
        run_id=run_id, experiment_id=None if run_id else experiment, run_name=name, tags=tags, nested=True
    )


def _end_run(mlflow: Any, run_id: str, status: str) -> None:
    # MLflow takes a run off its stack before it tells the store; asked again, it would end the run below it or none.
    active = mlflow.active_run()
    if active is not None and active.info.run_id == run_id:
        mlflow.end_run(status)
    else:
        mlflow.MlflowClient().set_terminated(run_id, status)


def _exists(client: Any, run_id: str) -> bool:
    from mlflow.exceptions import MlflowException

    try:
        return client.get_run(run_id).info.lifecycle_stage == "active"
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return False


def list_runs(task: str, metrics: dict[str, tuple[str, str]]) -> list[dict[str, Any]]:
    """Return all tracked runs of a task, best primary metric on dev first, then those without one.

    Args:
        task: The task's name.
        metrics: The pipeline's METRICS.
    """
    mlflow = open_store()
    experiment = mlflow.get_experiment_by_name(task)
    if experiment is None:
        return []
    runs = mlflow.search_runs([experiment.experiment_id], output_format="list")
    primary, (direction, _) = next(iter(metrics.items()))

    def rank(run: "Run") -> tuple[int, float]:
        value = run.data.metrics.get(f"val_{primary}")
        if value is None or value != value:
            return (1, -run.info.start_time)
        return (0, -value if direction == "max" else value)

    columns = [f"{part}_{name}" for part in ("val", "test") for name in metrics]
    return [
        {
            "name": run.info.run_name,
            "run_id": run.info.run_id,
            "status": run.info.status,
            "started": run.info.start_time,
            "metrics": {name: run.data.metrics[name] for name in columns if name in run.data.metrics},
            "seconds": run.data.metrics.get("wall_seconds", run.data.metrics.get("seconds")),  # runs of older versions
            "model_dir": run.data.tags.get("model_dir"),
        }
        for run in sorted(runs, key=rank)
    ]
