"""Opening the store while another process is making it, and Ctrl-C while it is written to."""

import signal
import threading

import pytest

from suite.errors import UserError
from suite.tracking import store


@pytest.fixture
def failing(workdir, monkeypatch):
    """Let MLflow fail with these errors before it answers; returns how often it was asked."""
    import mlflow

    monkeypatch.setattr(store.time, "sleep", lambda seconds: None)
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

    from suite.tracking.record import log_epoch
    from suite.training.state import Epoch

    log_metrics = mlflow.log_metrics

    def interrupted(*arguments, **options):
        ctrl_c()
        log_metrics(*arguments, **options)

    monkeypatch.setattr(mlflow, "log_metrics", interrupted)
    with pytest.raises(KeyboardInterrupt), store.tracked_run("sentiment", "interrupted") as run:
        log_epoch(Epoch(0, 0, {"val_loss": 0.5}, 1.0))
    found = mlflow.MlflowClient().get_run(run.info.run_id)
    assert found.info.status == "KILLED" and found.data.metrics["val_loss"] == 0.5
