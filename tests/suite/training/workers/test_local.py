"""Processes of one machine that belong together: they end together."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from suite.training.workers import local

ROOT = Path(__file__).resolve().parents[4]
# Each runs this with its number, as a worker does with TF_CONFIG.
PROGRAM = "import json, os, sys, time; place = json.loads(os.environ['TF_CONFIG']); number = place['task']['index']; "


def run(program: str, count: int, said: list[str]) -> int:
    return local.run_on_this_machine([sys.executable, "-c", PROGRAM + program], count, said.append)


def test_the_chief_speaks_and_the_others_do_not(capfd: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []
    assert run("print(json.dumps(place['cluster']['worker'])); print(number, file=sys.stderr)", 3, said) == 0
    out, err = capfd.readouterr()
    addresses = json.loads(out)
    assert len(set(addresses)) == 3 and all(address.startswith("127.0.0.1:") for address in addresses)
    assert err.split() == ["0"] and not said


def test_one_that_fails_ends_the_others_and_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "GRACE", 0.5)
    said: list[str] = []
    started = time.monotonic()
    status = run("sys.exit('no such data') if number else time.sleep(100)", 2, said)
    assert status == 1 and time.monotonic() - started < 30
    assert "worker 2 of 2 ended with status 1" in "\n".join(said) and "no such data" in "\n".join(said)


def test_one_that_is_killed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "GRACE", 0.5)
    said: list[str] = []
    assert run("os.kill(os.getpid(), 9) if number else time.sleep(100)", 2, said) == 1
    assert "worker 2 of 2 was ended by SIGKILL" in "\n".join(said)


def test_the_chief_s_status_is_the_command_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "GRACE", 0.5)
    assert run("time.sleep(100) if number else sys.exit(2)", 2, []) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="asks the system of Linux")
def test_workers_end_with_the_process_that_started_them(tmp_path: Path) -> None:
    program = f"open('{tmp_path}/' + str(os.getpid()), 'w').close(); time.sleep(100)"
    starter = (
        f"from suite.training.workers.local import run_on_this_machine as run; run([{sys.executable!r}, '-c', "
        f"{PROGRAM + program!r}], 2, print)"
    )
    process = subprocess.Popen([sys.executable, "-c", starter], cwd=ROOT)
    deadline = time.monotonic() + 60
    while len(started := list(tmp_path.iterdir())) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.kill()
    while any(Path("/proc", path.name).exists() for path in started):
        assert time.monotonic() < deadline
        time.sleep(0.05)
