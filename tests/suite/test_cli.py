import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = ["train", "evaluate", "predict", "export", "benchmark", "promote", "runs", "ui", "data", "demo", "doctor"]


def test_help_names_every_command(suite):
    done = suite("--help")
    assert done.status == 0 and all(f" {command} " in done.out for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(suite, command):
    done = suite(command, "--help")
    assert done.status == 0 and "Usage" in done.out


def test_python_m_suite_is_the_same():
    done = subprocess.run(
        [sys.executable, "-m", "suite", "train", "poetry"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 2 and done.stderr.startswith("error: unknown task 'poetry'") and done.stdout == ""


def test_settings_are_listed(suite):
    listed = suite("train", "sentiment", "--settings", "--json").json
    searched = {"low": 32, "high": 128, "step": 16}
    assert listed["units"] == {
        "type": "int",
        "default": 64,
        "meaning": listed["units"]["meaning"],
        "sweep": searched,
    }
    table = suite("train", "sentiment", "--settings")
    assert table.status == 0 and "learning_rate" in table.out


def test_debug_shows_the_traceback(monkeypatch):
    from suite.cli import main
    from suite.errors import UserError

    monkeypatch.setattr(sys, "argv", ["suite", "--debug", "train", "poetry"])
    monkeypatch.setenv("SUITE_DEBUG", "")
    with pytest.raises(UserError):
        main()


def test_predict_help_adds_the_tasks_own_options(suite, trained):
    done = suite("predict", trained.model_dir, "--help")
    assert done.status == 0 and "--explain" in done.out


def test_data_make_and_check(suite, workdir):
    made = suite("data", "make", "sentiment", "new", "--format", "jsonl")
    assert made.status == 0, made.err
    checked = suite("data", "check", "sentiment", "--data", "new", "--json")
    assert checked.status == 0
    assert (
        checked.json["format"] == "jsonl" and checked.json["sizes"]["train"] > 1000 and checked.json["problems"] == []
    )
    shown = suite("data", "check", "sentiment", "--data", "new")
    assert "jsonl" in shown.out and "positive" in shown.out


def test_doctor_finds_this_environment_in_order(suite, workdir):
    done = suite("doctor", "--json")
    found = {finding["name"]: finding for finding in done.json["findings"]}
    assert {"python", "tensorflow", "devices", "memory", "disk", "tracking store"} <= set(found)
    assert found["tensorflow"]["ok"] and found["python"]["ok"]


def test_runs_of_a_new_store_say_what_to_do(suite, workdir, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{workdir}/fresh.db")
    done = suite("runs", "sentiment")
    assert done.status == 0 and "suite train sentiment" in done.err


def test_the_default_store_lies_in_the_working_directory(workdir, monkeypatch):
    from suite.tracking.store import tracking_uri

    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert tracking_uri() == f"sqlite:///{workdir}/mlflow.db"


def test_a_store_that_cannot_be_opened_is_named(suite, workdir, monkeypatch):
    (workdir / "file").write_text("in the way of a folder")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{workdir}/file/mlflow.db")
    done = suite("runs", "sentiment")
    assert done.status == 2 and "file/mlflow.db" in done.err and "MLFLOW_TRACKING_URI" in done.err


def test_ui_answers_on_this_machine_alone(workdir, trained):
    port = _free_port()
    command = [sys.executable, "-m", "suite", "ui", "sentiment", "--port", str(port)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with (workdir / "ui.log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=workdir, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
                    assert answer.read() == b"OK"
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < deadline, (workdir / "ui.log").read_text()
                time.sleep(0.2)
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/api/2.0/mlflow/experiments/get-by-name?experiment_name=sentiment",
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            experiment = json.load(answer)["experiment"]
        assert experiment["name"] == "sentiment" and {"mlflow.note.content", "mlflow.experimentKind"} <= {
            tag["key"] for tag in experiment["tags"]
        }
        assert _listening_addresses(port) <= {"127.0.0.1"}
        runs = f"http://127.0.0.1:{port}/#/experiments/{experiment['experiment_id']}/runs?workflowType=machine_learning"
        while not (lines := (workdir / "ui.log").read_text()):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.1)
        assert lines == f"MLflow UI: {runs} (Ctrl-C ends it)\n"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        status = process.wait(30)
    assert status == 130 and (workdir / "ui.log").read_text().strip() == lines.strip()


def test_ui_names_a_port_that_is_taken(suite):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = suite("ui", "--port", str(port))
    assert done.status == 2 and f"--port {port}" in done.err


def _free_port():
    """A port that is free and outside the range (32768 and above) that the system hands to passing connections."""
    for port in range(20000 + os.getpid() % 10000, 32768):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise AssertionError("no free port")


def _listening_addresses(port):
    """IPv4 addresses that somebody listens on at `port`, from Linux's own table; empty elsewhere."""
    table = Path("/proc/net/tcp")
    if not table.exists():
        return set()
    found = set()
    for row in table.read_text().splitlines()[1:]:
        local, state = row.split()[1], row.split()[3]
        address, local_port = local.split(":")
        if state == "0A" and int(local_port, 16) == port:
            found.add(".".join(str(byte) for byte in reversed(bytes.fromhex(address))))
    return found
