"""Kind: a tracking store that does not take what it is told.

A database that another program has locked, a server that answers 503 or hangs up, a run that somebody deleted, artifacts
that cannot be written, variables of MLflow that another program left in the environment. What a run says must wait in its
own files, arrive whole and once, and never end a training. The oracle is what MLflow's own client then finds in the store.
"""

import http.server
import sqlite3
import threading

import pytest

from suite.tracking import outbox, patience, store
from suite.tracking.outbox import Entry, Outbox
from suite.tracking.patience import StoreAway


@pytest.fixture(scope="module")
def uri(tmp_path_factory):
    """A store of its own whose database waits a tenth of a second for a lock."""
    return f"sqlite:///{tmp_path_factory.mktemp('store')}/mlflow.db?timeout=0.1"


@pytest.fixture
def run(uri, tmp_path, monkeypatch):
    """A run of that store and its outbox, which asks again at once and waits half a second at the end."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setattr(outbox, "TRY_AGAIN_SECONDS", 0)
    monkeypatch.setattr(patience, "WAITING_SECONDS", 0.5)
    mlflow = store.open_store()
    client = mlflow.MlflowClient()
    started = client.create_run(store.experiment_id(mlflow, "sentiment"))
    return Outbox(tmp_path / "outbox", started.info.run_id), client


def steps(client, run_id):
    return sorted(metric.step for metric in client.get_metric_history(run_id, "val_loss"))


def log_epochs(box, first, last):
    for number in range(first, last + 1):
        box.add(f"epoch-{number:04d}", Entry({"val_loss": 1 / number}, number))


def test_a_database_that_another_program_has_locked(run, uri):
    box, client = run
    log_epochs(box, 1, 1)
    other = sqlite3.connect(uri.removeprefix("sqlite:///").partition("?")[0], isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    log_epochs(box, 2, 3)
    with pytest.raises(StoreAway, match="locked"):
        box.finish()
    other.execute("ROLLBACK")
    other.close()
    assert steps(client, box.run_id) == [1]
    log_epochs(box, 4, 4)
    assert steps(client, box.run_id) == [1, 2, 3, 4]


def test_a_run_that_somebody_deleted_is_begun_anew_with_all_its_epochs(run):
    box, client = run
    log_epochs(box, 1, 2)
    client.delete_run(box.run_id)
    log_epochs(box, 3, 3)
    with pytest.raises(StoreAway, match="deleted"):
        box.finish()
    with store.tracked_run("sentiment", "resumed", box.run_id) as begun:
        again = Outbox(box.folder, begun.info.run_id)
        assert begun.info.run_id != box.run_id
        again.forget()
        for number in (1, 2, 3):
            if f"epoch-{number:04d}" not in again:
                log_epochs(again, number, number)
        again.finish()
    assert steps(client, begun.info.run_id) == [1, 2, 3]


def test_artifacts_that_cannot_be_written_hold_up_no_figures(run, tmp_path):
    _, client = run
    (tmp_path / "artifacts").write_text("a file where the folder should be")
    blocked = client.create_run(client.create_experiment(f"blocked {tmp_path}", str(tmp_path / "artifacts")))
    other = Outbox(tmp_path / "other", blocked.info.run_id)
    other.add("curves", Entry(write=lambda folder: (folder / "curves.png").write_bytes(b"png")))
    log_epochs(other, 1, 2)
    assert steps(client, blocked.info.run_id) == [1, 2] and "curves" in other
    (tmp_path / "artifacts").unlink()
    other.finish()
    assert [file.path for file in client.list_artifacts(blocked.info.run_id)] == ["curves.png"]


@pytest.mark.parametrize("fault", ["503", "429", "hangs up"])
def test_a_server_that_answers_with_a_fault_is_waited_for(monkeypatch, tmp_path, fault):
    """A web server of the standard library in the place of MLflow's: it fails twice, then takes what it is given."""
    taken = []

    class Handler(http.server.BaseHTTPRequestHandler):
        asked = 0

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            Handler.asked += 1
            if Handler.asked <= 4 and fault == "hangs up":
                self.connection.close()
                return
            status = int(fault) if Handler.asked <= 4 else 200
            taken.extend([body] if status == 200 else [])
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *arguments):
            return

    import mlflow

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for name, value in store.MLFLOW_DEFAULTS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "0")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_JITTER", "0")
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr(outbox, "TRY_AGAIN_SECONDS", 0)
    said = []
    try:
        box = Outbox(tmp_path / "outbox", "0" * 32, said.append)
        log_epochs(box, 1, 1)
        assert said and not taken
        box.finish()
        assert len(taken) == 1 and b'"val_loss"' in taken[0] and not any(box.folder.glob("epoch-*"))
    finally:
        mlflow.set_tracking_uri(before)
        server.shutdown()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MLFLOW_EXPERIMENT_ID", "987654"),
        ("MLFLOW_EXPERIMENT_NAME", "another program's"),
        ("MLFLOW_RUN_ID", "not an id"),
        ("MLFLOW_RUN_CONTEXT", "no json"),
    ],
)
def test_what_another_program_left_in_the_environment(run, monkeypatch, variable, value):
    _, client = run
    monkeypatch.setenv(variable, value)
    with store.tracked_run("sentiment", "own") as begun:
        pass
    stored = client.get_run(begun.info.run_id)
    assert client.get_experiment(stored.info.experiment_id).name == "sentiment" and stored.info.status == "FINISHED"
    assert client.get_experiment_by_name("another program's") is None
