"""A real tracking server that is stopped and started while a model is trained: no epoch and no model is lost."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from rich.console import Console

from suite.config import load_settings
from suite.registry import load_pipeline
from suite.runs import Request, read_data, train
from suite.tracking import outbox, patience, record

EPOCHS = 6


class Server:
    """`mlflow server` on a store in a folder; `stop` and `start` as often as needed, on the same port."""

    def __init__(self, folder: Path, port: int):
        self.folder, self.port, self.process = folder, port, None
        self.uri = f"http://127.0.0.1:{port}"

    def start(self):
        command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--workers", "1", "--backend-store-uri", f"sqlite:///{self.folder}/mlflow.db"]
        command += ["--artifacts-destination", str(self.folder / "artifacts")]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                command,
                env=environment | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + 120
        while True:
            try:
                with urllib.request.urlopen(f"{self.uri}/health", timeout=5):
                    return
            except OSError:
                assert self.process.poll() is None and time.monotonic() < deadline, (
                    self.folder / "server.log"
                ).read_text()
                time.sleep(0.2)

    def stop(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def server(tmp_path, monkeypatch):
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Server(tmp_path, port)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.uri)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(outbox, "TRY_AGAIN_SECONDS", 0)
    monkeypatch.setattr(patience, "WAITING_SECONDS", 5)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def at_epoch(monkeypatch):
    """Do something when the figures of an epoch are about to be logged: `at_epoch({2: server.stop})`."""
    log_epoch = record.log_epoch

    def plan(actions):
        def logged(box, epoch):
            if epoch.number in actions:
                actions.pop(epoch.number)()
            log_epoch(box, epoch)

        monkeypatch.setattr(record, "log_epoch", logged)

    return plan


def run(reviews, tmp_path, resume=False):
    assignments = ["embedding=4", "units=4", "hash_buckets=64", "ngrams=[]", f"epochs={EPOCHS}", "patience=0"]
    settings = load_settings(load_pipeline("sentiment").Settings, None, assignments)
    request = Request("sentiment", settings, "run", tmp_path / "models", resume)
    with (tmp_path / "words.txt").open("a", encoding="utf-8") as words:
        console = Console(file=words, width=400)
        return train(request, read_data("sentiment", reviews, settings, None, "fail"), console)


def in_store(run_id):
    from mlflow import MlflowClient

    client = MlflowClient()
    run = client.get_run(run_id)
    steps = sorted(metric.step for metric in client.get_metric_history(run_id, "wall_epoch_seconds"))
    models = client.search_logged_models([run.info.experiment_id], f"source_run_id = '{run_id}'")
    return run, steps, [str(model.status) for model in models]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_server_that_is_away_for_a_moment_gets_every_epoch(server, at_epoch, reviews, tmp_path):
    at_epoch({1: server.stop, 4: server.start})
    result = run(reviews, tmp_path)
    stored, steps, models = in_store(result.run_id)
    assert steps == list(range(1, EPOCHS + 1)) and stored.info.status == "FINISHED" and models == ["READY"]
    assert (
        stored.data.params["units"] == "4"
        and stored.data.metrics["test_accuracy"] == result.metrics["test"]["accuracy"]
    )
    words = (tmp_path / "words.txt").read_text(encoding="utf-8")
    assert "they are kept and sent later" in words and "has taken the figures" in words
    assert not list((tmp_path / "models" / "sentiment").glob(".*.unfinished"))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_server_that_stays_away_costs_no_model_and_resume_sends_what_it_lacks(server, at_epoch, reviews, tmp_path):
    at_epoch({3: server.stop})
    result = run(reviews, tmp_path)
    words = (tmp_path / "words.txt").read_text(encoding="utf-8")
    assert (result.model_dir / "model.keras").is_file() and "--name run --resume` with the same data" in words
    server.start()
    stored, steps, models = in_store(result.run_id)
    assert steps == [1, 2, 3] and stored.info.status == "RUNNING" and models == []
    again = run(reviews, tmp_path, resume=True)
    stored, steps, models = in_store(result.run_id)
    assert again.run_id == result.run_id and again.metrics == result.metrics
    assert steps == list(range(1, EPOCHS + 1)) and stored.info.status == "FINISHED" and models == ["READY"]
    assert not list((tmp_path / "models" / "sentiment").glob(".*.unfinished"))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_server_that_is_away_at_the_start_is_waited_for_and_then_named(server, reviews, tmp_path, monkeypatch):
    import threading

    from suite.errors import UserError

    server.stop()
    with pytest.raises(UserError, match=r"the tracking store is away .*refused"):
        run(reviews, tmp_path)
    assert not list((tmp_path / "models" / "sentiment").iterdir())
    monkeypatch.setattr(patience, "WAITING_SECONDS", 120)
    back = threading.Timer(3, server.start)
    back.start()
    result = run(reviews, tmp_path)
    back.join()
    assert in_store(result.run_id)[1] == list(range(1, EPOCHS + 1))
