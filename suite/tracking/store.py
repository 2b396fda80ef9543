"""The MLflow store: one experiment per task, one run per training, listing.

The default store is `mlflow.db` (SQLite) in the working directory with artifacts in `mlartifacts/` beside it;
the environment variable MLFLOW_TRACKING_URI wins.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suite.errors import UserError

if TYPE_CHECKING:
    from mlflow.entities import Run

DATABASE = "mlflow.db"
ARTIFACTS = "mlartifacts"
BEING_MADE = ("already exists", "duplicate column name", "database is locked")  # what SQLite says of tables half made
MAKING_SECONDS = 30


def tracking_uri() -> str:
    """Return the tracking URI: MLFLOW_TRACKING_URI, or SQLite in the working directory."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{Path(DATABASE).absolute()}"


def open_store() -> Any:
    """Return MLflow, set to the store; its own progress bars and migration notes stay silent.

    Raises:
        UserError: if the store cannot be opened.
    """
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    import mlflow

    uri = tracking_uri()
    try:
        mlflow.set_tracking_uri(uri)
        _open_when_made(mlflow)
    except Exception as error:  # MLflow wraps database, network and URI faults in many types
        first = str(error).strip().splitlines()[0]
        raise UserError(f"cannot open the tracking store {uri}: {first}; MLFLOW_TRACKING_URI names another") from error
    return mlflow


def _open_when_made(mlflow: Any) -> None:
    """Open the store; where another process is making its tables just then, wait for that and open it afterwards."""
    for _ in range(MAKING_SECONDS):
        try:
            mlflow.search_experiments(max_results=1)
            return
        except Exception as error:
            if not any(words in str(error) for words in BEING_MADE):
                raise
            time.sleep(1)
    mlflow.search_experiments(max_results=1)


def experiment_id(mlflow: Any, task: str) -> str:
    """Return the id of the task's experiment, created where it does not exist yet."""
    found = mlflow.get_experiment_by_name(task)
    if found is not None and found.lifecycle_stage == "active":
        return found.experiment_id
    if found is not None:
        raise UserError(
            f"the MLflow experiment {task!r} is deleted; restore it with `mlflow experiments restore -x {found.experiment_id}`"
        )
    beside = None if os.environ.get("MLFLOW_TRACKING_URI") else Path(ARTIFACTS).absolute().as_uri()
    return mlflow.create_experiment(task, artifact_location=f"{beside}/{task}" if beside else None)


@contextmanager
def tracked_run(task: str, name: str, run_id: str | None = None, parent: str | None = None) -> Iterator["Run"]:
    """Open a run (or go on with `run_id`); mark it FINISHED, KILLED on Ctrl-C or FAILED when the block ends.

    Args:
        task: Names the experiment.
        name: Name of the run.
        run_id: An earlier, unfinished run to continue.
        parent: Run id of the run this one is a part of (folds).
    """
    mlflow = open_store()
    try:
        with uninterrupted():
            run = _start_run(mlflow, task, name, run_id, parent)
    except KeyboardInterrupt:
        mlflow.end_run("KILLED")
        raise
    try:
        yield run
    except KeyboardInterrupt:
        with uninterrupted():
            mlflow.end_run("KILLED")
        raise
    except BaseException as error:
        with uninterrupted():
            mlflow.set_tag("error", f"{type(error).__name__}: {error}"[:500])
            mlflow.end_run("FAILED")
        raise
    with uninterrupted():
        mlflow.end_run("FINISHED")


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let Ctrl-C wait for the end of a block; one in the middle of a transaction would leave the store locked.

    In other threads than the main one, which signals do not reach, nothing is done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught: list[int] = []
    handlers = {
        number: signal.signal(number, lambda number, frame: caught.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if caught:
            signal.raise_signal(caught[0])


def _start_run(mlflow, task, name, run_id, parent):
    experiment = experiment_id(mlflow, task)
    if run_id is not None and not _exists(mlflow.MlflowClient(), run_id):
        run_id = None
    tags = {"task": task} | ({"mlflow.parentRunId": parent} if parent else {})
    return mlflow.start_run(
        run_id=run_id, experiment_id=None if run_id else experiment, run_name=name, tags=tags, nested=True
    )


def _exists(client, run_id) -> bool:
    from mlflow.exceptions import MlflowException

    try:
        return client.get_run(run_id).info.lifecycle_stage == "active"
    except MlflowException:
        return False


def list_runs(task: str, metrics: dict[str, tuple[str, str]], count: int = 50) -> list[dict[str, Any]]:
    """Return the tracked runs of a task, best primary metric on dev first, then those without one.

    Args:
        task: The task's name.
        metrics: The pipeline's METRICS.
        count: At most so many runs.
    """
    mlflow = open_store()
    found = mlflow.get_experiment_by_name(task)
    if found is None:
        return []
    runs = mlflow.search_runs([found.experiment_id], output_format="list", max_results=5000)
    primary, (direction, _) = next(iter(metrics.items()))

    def rank(run):
        value = run.data.metrics.get(f"val_{primary}")
        if value is None or value != value:
            return (1, -run.info.start_time)
        return (0, -value if direction == "max" else value)

    shown = [f"{part}_{name}" for part in ("val", "test") for name in metrics]
    return [
        {
            "name": run.info.run_name,
            "run_id": run.info.run_id,
            "status": run.info.status,
            "started": run.info.start_time,
            "metrics": {name: run.data.metrics[name] for name in shown if name in run.data.metrics},
            "seconds": run.data.metrics.get("seconds"),
            "model_dir": run.data.tags.get("model_dir"),
        }
        for run in sorted(runs, key=rank)[:count]
    ]
