"""`mlflow models serve` answers raw inputs over HTTP as `suite predict` does; a registry behind `mlflow server` is one too."""

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import suite
from suite.artifact import read_artifact
from suite.registry import PIPELINES, load_pipeline
from suite.runtime.loaded import plain
from tests.conftest import approximately
from tests.model_folders import write_untrained

pytestmark = pytest.mark.cluster
ROOT = Path(suite.__file__).parents[1]
SECONDS_TO_START = 120


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(command: list[str], ready: str, log: Path) -> Iterator[None]:
    """Run a server, with all that it starts, until the end of the block; begin when the address `ready` answers."""
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    search = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with log.open("w+b") as file:
        server = subprocess.Popen(
            [sys.executable, "-m", "mlflow", *command],
            env=os.environ
            | {"PYTHONPATH": paths, "PATH": search, "MLFLOW_TRACKING_URI": f"sqlite:///{log.parent}/unused.db"},
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
        try:
            deadline = time.monotonic() + SECONDS_TO_START
            while not answers(ready):
                assert server.poll() is None and time.monotonic() < deadline, log.read_text(errors="replace")[-2000:]
                time.sleep(0.3)
            yield
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(30)


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2):
            return True
    except OSError:
        return False


@contextmanager
def served(uri: str, log: Path) -> Iterator[int]:
    """Serve a model; gives the port."""
    port = free_port()
    command = ["models", "serve", "--env-manager", "local", "-m", uri, "--host", "127.0.0.1", "--port", str(port)]
    with running([*command, "--workers", "1"], f"http://127.0.0.1:{port}/ping", log):
        yield port


def post(port: int, body: dict) -> list[dict]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/invocations", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)["predictions"]


def logged(folder: Path, flavor: str, target: Path) -> Path:
    """Write a model as the suite logs it, into `target`."""
    if flavor == "tflite":
        from suite.tracking.tflite_flavor import save_model

        save_model(target, folder)
    else:
        from mlflow.models import Model

        from suite.tracking.logged_models import save_folder

        save_folder(read_artifact(folder), target, Model())
    return target


def bodies(task: str, example: str | Path) -> list[dict]:
    """Return requests that all hold one and the same input."""
    kind = load_pipeline(task).INPUT
    column = getattr(load_pipeline(task).Settings(), kind.column)
    if kind.sent is None:
        return [{"inputs": [example]}, {"inputs": [{"id": 1, column: example}]}]
    packed = base64.b64encode(Path(example).read_bytes()).decode()
    return [
        {"inputs": [str(example)]},
        {"inputs": [packed]},
        {"inputs": [f"data:application/octet-stream;base64,{packed}"]},
        {"inputs": [{"id": 1, column: packed}]},
        {"inputs": {column: [packed]}},
    ]


CASES = [(task, flavor) for task in PIPELINES for flavor in ("python_function", "tflite")]
SHAPES = {1: (4000,), 3: (40, 50, 3), 4: (8, 40, 50, 3)}  # of an input sent as nested lists
QUICK = [("sentiment", "python_function"), ("speech", "tflite")]


@pytest.mark.parametrize(
    ("task", "flavor"), [case if case in QUICK else pytest.param(*case, marks=pytest.mark.slow) for case in CASES]
)
def test_a_served_model_answers_as_predict_does(task, flavor, tmp_path):
    folder, example = write_untrained(task, tmp_path, flavor == "tflite")
    model = suite.load(folder, "keras" if flavor == "python_function" else "tflite")
    expected = approximately(json.loads(json.dumps([plain(model.predict(example))])))
    sent = model.artifact.pipeline.INPUT.sent
    with served(str(logged(folder, flavor, tmp_path / "logged")), tmp_path / "log.txt") as port:
        for body in bodies(task, example):
            if task in ("sentiment", "tagging") and flavor == "tflite" and isinstance(body["inputs"][0], dict):
                body = {"dataframe_records": [{"text": example}]}
            assert post(port, body) == expected
        if sent is not None:
            array = sent.to_array(np.random.default_rng(0).integers(0, 256, SHAPES[sent.axes]))
            by_list = post(port, {"inputs": [array.tolist()]})
            assert by_list == approximately(json.loads(json.dumps([plain(model.predict(array))])))
            with pytest.raises(urllib.error.HTTPError) as refused:
                post(port, {"inputs": [base64.b64encode(bytes(90)).decode()[:-1]]})
            answer = json.load(refused.value)
            assert "input 1 of 1: expected the path of a file, or a file as base64" in answer["stack_trace"]


@pytest.mark.slow
def test_a_registry_behind_a_server_lends_its_models(tmp_path, monkeypatch, capfd, suite):
    """Promoted from one folder, predicted with in another one that has the model from the server alone."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder, example = write_untrained("sentiment", tmp_path)
    (tmp_path / "data.csv").write_text("text,label\na fine film,good\na dull film,bad\n", encoding="utf-8")
    port = free_port()
    store = [
        "--backend-store-uri",
        f"sqlite:///{tmp_path}/server.db",
        "--artifacts-destination",
        str(tmp_path / "artifacts"),
    ]
    command = ["server", *store, "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    with running(command, f"http://127.0.0.1:{port}/health", tmp_path / "log.txt"):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
        promoted = suite("promote", folder, "--as", "film", "--data", tmp_path / "data.csv", "--json")
        assert promoted.status == 0 and promoted.json["version"] == "1" and promoted.json["examples"] == 2
        expected = suite("predict", folder, example, "--json").json
        shutil.move(folder, tmp_path / "elsewhere")
        fetched = suite("predict", "models:/film@champion", example, "--json")
        assert fetched.json == expected and str(tmp_path / "cache") in fetched.err
        (download,) = (tmp_path / "cache" / "recurrent-suite" / "models").iterdir()
        written = {path: path.stat().st_mtime_ns for path in download.rglob("*")}
        assert suite("predict", "models:/film/1", example, "--json").json == expected
        assert {path: path.stat().st_mtime_ns for path in download.rglob("*")} == written
