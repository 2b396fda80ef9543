"""Jobs in processes of their own: what they say stays whole, failures and Ctrl-C end them and nothing else."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from suite.commands.side_by_side import side_by_side
from suite.errors import UserError


def speak(name: str, words: str) -> str:
    os.write(2, f"{name} begins\n".encode())  # as native code writes, past sys.stderr
    if words == "fail":
        raise UserError(f"{name}: no such data")
    print(words)
    print(f"{name} ends", file=sys.stderr)
    return name.upper()


def linger(name: str, folder: str) -> None:
    (Path(folder) / f"{name}.begun").touch()
    try:
        time.sleep(60)
    finally:
        (Path(folder) / f"{name}.ended").touch()


def test_each_job_is_heard_whole_and_a_failure_waits_for_the_others(capfd):
    jobs = [("a", "one"), ("b", "fail"), ("c", "three")]
    results = []
    with pytest.raises(UserError, match=r"^b: no such data$"):
        for result in side_by_side(speak, jobs, 2):
            results.append(result)
    heard = capfd.readouterr()
    assert sorted(results) == ["A", "C"]
    assert sorted(heard.out.split()) == ["one", "three"]
    for name in "ac":
        assert f"{name} begins\n{name} ends\n" in heard.err
    assert "b begins\n" in heard.err


@pytest.fixture
def hears_ctrl_c():
    """Ctrl-C as in a terminal, also where the tests run behind a shell that ignores it."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, handler)


def test_ctrl_c_ends_what_runs_tidily(tmp_path, hears_ctrl_c):
    def interrupt() -> None:
        while not (tmp_path / "a.begun").exists():
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        list(side_by_side(linger, [("a", str(tmp_path)), ("b", str(tmp_path))], 1))
    assert (tmp_path / "a.ended").exists() and not (tmp_path / "b.begun").exists()
