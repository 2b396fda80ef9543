"""Processes of a Ray cluster that are one another's workers: placed, heard, and ended together."""

import json
import sys
import time
from typing import Any

import pytest

from suite.cluster import workers_on_ray
from suite.errors import UserError
from suite.training.workers import local

pytestmark = pytest.mark.cluster
# Each runs this with its number, as a worker does with TF_CONFIG.
PROGRAM = "import json, os, sys, time; place = json.loads(os.environ['TF_CONFIG']); number = place['task']['index']; "


@pytest.fixture
def run(ray_here: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`run(program, count, messages)` runs a program in workers of the Ray that all tests share; returns the exit status."""
    monkeypatch.setattr(ray_here, "shutdown", lambda: None)
    monkeypatch.setattr(workers_on_ray, "connect", lambda address: ray_here)
    monkeypatch.setattr(workers_on_ray, "PLACES_WITHIN", 10.0)
    monkeypatch.setattr(local, "GRACE", 0.5)
    return lambda program, count, messages: workers_on_ray.run_on_ray(
        [sys.executable, "-c", PROGRAM + program], count, "local", messages.append
    )


def test_the_chief_speaks_and_the_others_do_not(run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    messages: list[str] = []
    assert run("print(json.dumps(place['cluster']['worker'])); print(number, file=sys.stderr)", 2, messages) == 0
    out, err = capsys.readouterr()
    assert len(set(json.loads(out))) == 2 and err.split() == ["0"] and not messages


def test_one_that_fails_ends_the_others_and_is_quoted(run: Any) -> None:
    messages, started = [], time.monotonic()
    assert run("sys.exit('no such data') if number else time.sleep(100)", 2, messages) == 1
    assert time.monotonic() - started < 60 and "no such data" in "\n".join(messages)


def test_one_whose_machine_is_lost_is_named(run: Any) -> None:
    messages: list[str] = []
    assert run("os.kill(os.getppid(), 9) if number else time.sleep(100)", 2, messages) == 1
    assert "worker 2 of 2" in messages[0] and "Ray lost its machine" in messages[0]


@pytest.mark.parametrize(
    ("nodes", "count", "cores"), [([2], 2, 1), ([4, 4, 4], 2, 4), ([4, 4, 4], 4, 2), ([8, 1], 3, 2), ([2], 9, 1)]
)
def test_each_worker_has_what_fits_on_the_machines(nodes: list[int], count: int, cores: int) -> None:
    assert workers_on_ray.cores_of_worker(nodes, count) == cores


def test_more_workers_than_there_are_cores_are_refused(run: Any) -> None:
    with pytest.raises(UserError, match=r"expected \d+ x 1 free cores.*a cluster of \d+ cores"):
        run("pass", 100, [])
