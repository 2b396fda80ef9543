"""`suite train --workers`: what is started, and what is refused before anything is."""

import pytest

from suite.cluster import workers_on_ray
from suite.training.workers import local
from suite.training.workers.cluster import config_of

DATA = ["--data", "reviews", "--set", "epochs=2", "--set", "units=8"]


@pytest.mark.parametrize("ray", [False, True])
def test_each_worker_is_the_command_that_was_typed(ray: bool, suite, workdir, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple] = []
    monkeypatch.setattr(local, "run_on_this_machine", lambda command, *rest: started.append((command, *rest)) or 0)
    monkeypatch.setattr(workers_on_ray, "run_on_ray", lambda command, *rest: started.append((command, *rest)) or 0)
    typed = ["sentiment", *DATA, "--name", "ours", "--resume", "--on-bad-example", "skip", "--json"]
    words = [*typed[:3], "--workers", "3", *typed[3:], *(["--ray", "head:6379"] if ray else [])]
    assert suite("train", *words).status == 0
    ((command, count, *address, _),) = started
    assert address == (["head:6379"] if ray else [])
    assert count == 3 and command[1:4] == ["-m", "suite", "train"] and sorted(command[4:]) == sorted(typed)


def test_a_status_of_the_workers_is_the_command_s(suite, workdir, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "run_on_this_machine", lambda *rest: 2)
    assert suite("train", "sentiment", *DATA, "--workers", "2").status == 2


@pytest.mark.parametrize(
    ("words", "configuration", "reason"),
    [
        (["--workers", "2", "--folds", "3"], "", "--folds"),
        (["--folds", "3"], config_of(["a:1", "b:1"], 0), "--folds"),
        (["--ray"], "", "--workers"),
        (["--ray", "auto", "--workers", "1"], "", "--workers"),
        (["--workers", "3"], config_of(["a:1", "b:1"], 0), "names 2 workers"),
        ([], "{", "TF_CONFIG"),
    ],
)
def test_what_contradicts_itself_is_refused(
    words: list[str], configuration: str, reason: str, suite, workdir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_CONFIG", configuration)
    refused = suite("train", "sentiment", *DATA, *words)
    assert refused.status == 2 and reason in refused.err
