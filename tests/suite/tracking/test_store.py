"""Opening the store while another process is making it, and Ctrl-C while it is written to."""

import signal
import threading

import pytest

from suite.errors import UserError
from suite.tracking import opening, store
from suite.tracking.patience import is_away


@pytest.fixture
def failing(workdir, monkeypatch):
    """Let MLflow fail with these errors before it answers; returns how often it was asked."""
    import mlflow

    monkeypatch.setattr(opening.time, "sleep", lambda seconds: None)
    asked = []

    def let(*errors):
        waiting = list(errors)

        def search(max_results):
            asked.append(max_results)
            if waiting:
                raise RuntimeError(waiting.pop(0))
            return []

        monkeypatch.setattr(mlflow, "search_experiments", search)
        return asked

    return let


def test_tables_half_made_are_waited_for(failing):
    asked = failing("(sqlite3.OperationalError) duplicate column name: storage_location", "table tags already exists")
    store.open_store()
    assert len(asked) == 3


def test_any_other_fault_is_said_at_once(failing):
    asked = failing("unable to open database file")
    with pytest.raises(UserError, match="unable to open database file"):
        store.open_store()
    assert len(asked) == 1


def test_a_server_that_is_away_is_said_in_one_short_line_and_is_waited_for(failing):
    url = "http://127.0.0.1:9/api/2.0/mlflow/experiments/search"
    failing(
        f"API request to {url} failed with exception HTTPConnectionPool(...): Max retries exceeded (Connection refused)"
    )
    with pytest.raises(
        UserError, match=r"^cannot open the tracking store .*: Connection refused; MLFLOW_TRACKING_URI"
    ) as said:
        store.open_store()
    assert is_away(said.value)
    failing(f"API request to {url} failed with exception ... too many 503 error responses")
    with pytest.raises(UserError, match=r": too many 503 error responses;") as said:
        store.open_store()
    assert is_away(said.value)


@pytest.fixture
def ctrl_c():
    """Ctrl-C as a shell in the foreground has it, whatever this process inherited."""
    kept = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield lambda: signal.raise_signal(signal.SIGINT)
    signal.signal(signal.SIGINT, kept)


def test_ctrl_c_waits_for_the_end_of_what_is_written(ctrl_c):
    written = []
    with pytest.raises(KeyboardInterrupt), store.uninterrupted():
        with store.uninterrupted():
            ctrl_c()
            written.append("inner")
        written.append("outer")
    assert written == ["inner", "outer"] and signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_thread_writes_as_ever():
    done = []

    def write():
        with store.uninterrupted():
            done.append(True)

    thread = threading.Thread(target=write)
    thread.start()
    thread.join()
    assert done == [True]


def test_a_run_interrupted_while_figures_are_written_is_killed_and_has_them(workdir, ctrl_c, monkeypatch):
    import mlflow

    from suite.tracking.outbox import Outbox
    from suite.tracking.record import log_epoch
    from suite.training.state import Epoch

    log_batch = mlflow.MlflowClient.log_batch

    def interrupted(*arguments, **options):
        ctrl_c()
        log_batch(*arguments, **options)

    monkeypatch.setattr(mlflow.MlflowClient, "log_batch", interrupted)
    with pytest.raises(KeyboardInterrupt), store.tracked_run("sentiment", "interrupted") as run:
        log_epoch(Outbox(workdir / "outbox", run.info.run_id), Epoch(0, 0, {"val_loss": 0.5}, 1.0))
    found = mlflow.MlflowClient().get_run(run.info.run_id)
    assert found.info.status == "KILLED" and found.data.metrics["val_loss"] == 0.5


def test_a_second_ctrl_c_does_not_wait(ctrl_c):
    with pytest.raises(KeyboardInterrupt), store.uninterrupted():
        ctrl_c()
        ctrl_c()
        raise AssertionError("the second one ends the block")


def test_a_finished_run_of_mlflow_run_id_is_left_alone(workdir, monkeypatch):
    import mlflow

    mlflow.set_tracking_uri(store.tracking_uri())
    client = mlflow.MlflowClient()
    with store.tracked_run("sentiment", "of yesterday") as finished:
        client.log_metric(finished.info.run_id, "val_accuracy", 0.75)
    before = client.get_run(finished.info.run_id).to_dictionary()
    monkeypatch.setenv("MLFLOW_RUN_ID", finished.info.run_id)
    said = []
    with store.tracked_run("sentiment", "of today", say=said.append) as run:
        assert run.info.run_id != finished.info.run_id
    assert client.get_run(finished.info.run_id).to_dictionary() == before
    assert said == ["MLFLOW_RUN_ID is left alone: that run is FINISHED; this training is a run of its own"]
    assert "mlflow.parentRunId" not in client.get_run(run.info.run_id).data.tags


@pytest.mark.parametrize("status", ["FAILED", "KILLED", "DELETED", "not in this tracking store"])
def test_no_ended_run_of_mlflow_run_id_is_written_to(workdir, monkeypatch, status):
    import mlflow

    mlflow.set_tracking_uri(store.tracking_uri())
    client = mlflow.MlflowClient()
    outer = client.create_run(store.experiment_id(mlflow, "sentiment")).info.run_id
    if status == "DELETED":
        client.delete_run(outer)
    elif status.isupper():
        client.set_terminated(outer, status)
    else:
        outer = "0" * 32
    monkeypatch.setenv("MLFLOW_RUN_ID", outer)
    said = []
    with store.tracked_run("sentiment", "own", say=said.append) as run:
        assert run.info.run_id != outer
    assert len(said) == 1 and f"that run is {status};" in said[0]


def test_a_running_run_of_mlflow_run_id_becomes_the_parent(workdir, monkeypatch):
    """`mlflow run` sets MLFLOW_RUN_ID for what it starts, to a run that it ends itself."""
    import mlflow

    mlflow.set_tracking_uri(store.tracking_uri())
    client = mlflow.MlflowClient()
    outer = client.create_run(store.experiment_id(mlflow, "sentiment")).info.run_id
    monkeypatch.setenv("MLFLOW_RUN_ID", outer)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", "987654")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "somebody else's")
    with store.tracked_run("sentiment", "inner") as run:
        pass
    inner = client.get_run(run.info.run_id)
    assert inner.data.tags["mlflow.parentRunId"] == outer and inner.info.status == "FINISHED"
    assert client.get_experiment(inner.info.experiment_id).name == "sentiment"
    assert client.get_run(outer).info.status == "RUNNING" and not client.get_run(outer).data.metrics


def test_runs_of_older_versions_are_listed_with_their_seconds(workdir):
    import mlflow

    with store.tracked_run("captioning", "older") as older, store.tracked_run("captioning", "newer") as newer:
        client = mlflow.MlflowClient()
        client.log_metric(older.info.run_id, "seconds", 7.0)
        client.log_metric(newer.info.run_id, "wall_seconds", 8.0)
    listed = {run["run_id"]: run["seconds"] for run in store.list_runs("captioning", {"cider": ("max", "")})}
    assert listed[older.info.run_id] == 7.0 and listed[newer.info.run_id] == 8.0


def test_the_folder_of_artifacts_is_the_one_that_the_readme_names(workdir, monkeypatch):
    import mlflow

    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    root = store.__file__.split("suite/tracking")[0]
    with open(f"{root}/README.md", encoding="utf-8") as readme, open(f"{root}/.gitignore", encoding="utf-8") as ignored:
        assert "`mlflow.db`, `mlruns/`" in readme.read() and "mlruns/\n" in ignored.read()
    with store.tracked_run("sentiment", "first") as run:
        mlflow.MlflowClient().log_text(run.info.run_id, "text", "note.txt")
    assert [path.name for path in workdir.rglob("note.txt")] == ["note.txt"]
    assert next(workdir.rglob("note.txt")).relative_to(workdir).parts[0] == "mlruns"
