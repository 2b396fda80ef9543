"""A server that `suite ui` starts ends with it, however that ends, and so do the server's own children."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Like MLflow's server: the process that was started is not the one that listens, and does not pass signals on.
SERVER = """
import subprocess, sys
listen = "import socket, time; s = socket.create_server(('127.0.0.1', {port})); print('up', flush=True); time.sleep(600)"
stubborn = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); "
subprocess.run([sys.executable, "-c", stubborn + listen])
"""


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL])
def test_nothing_listens_after_the_end_of_the_command(port, number):
    code = f"from suite.commands.server import serve; serve([{sys.executable!r}, '-c', {SERVER.format(port=port)!r}])"
    process = subprocess.Popen(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"up\n" and listens(port)
    process.send_signal(number)
    process.wait(30)
    wait_for(lambda: not listens(port))


def test_the_status_of_a_server_that_ends_itself():
    code = (
        f"import sys; from suite.commands.server import serve; sys.exit(serve([{sys.executable!r}, '-c', 'exit(3)']))"
    )
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False)
    assert done.returncode == 3


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_mlflows_own_server_leaves_no_listener(port, tmp_path):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/mlflow.db"}
    with (tmp_path / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "suite", "ui", "--port", str(port)],
            cwd=tmp_path,
            env=environment,
            stdout=log,
            stderr=log,
        )
    wait_for(lambda: process.poll() is not None or listens(port), 200)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 130
    wait_for(lambda: not listens(port))
