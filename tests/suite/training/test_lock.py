"""A run is trained by one process at a time, and a process that was killed blocks nobody."""

import subprocess
import sys
import threading
import time

import pytest

from suite.errors import UserError
from suite.training.lock import locked, wait_for_lock

HOLD = """
import sys, time
from pathlib import Path
from suite.training.lock import locked
with locked(Path(sys.argv[1])):
    print("locked", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that has the lock of a folder."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "locked\n"
    yield process
    process.kill()
    process.wait()


def test_the_lock_of_another_process_is_refused_until_that_is_killed(holder, tmp_path):
    with (
        pytest.raises(UserError, match=rf"^{tmp_path}: another process is training this run; wait for it"),
        locked(tmp_path),
    ):
        pass
    holder.kill()  # SIGKILL: nothing of its own frees the lock
    holder.wait()
    with locked(tmp_path):
        pass


def test_the_lock_is_free_after_its_block_also_where_that_failed(tmp_path):
    with pytest.raises(KeyError), locked(tmp_path):
        raise KeyError
    with locked(tmp_path), pytest.raises(UserError, match="another process"), locked(tmp_path):
        pass


def test_a_lock_is_waited_for_but_not_forever(holder, tmp_path):
    started = time.monotonic()
    wait_for_lock(tmp_path, 0.3)
    assert time.monotonic() - started >= 0.3
    threading.Timer(0.5, holder.kill).start()
    wait_for_lock(tmp_path, 60)
    with locked(tmp_path):
        pass
    assert time.monotonic() - started < 30
    wait_for_lock(tmp_path / "not there", 60)
