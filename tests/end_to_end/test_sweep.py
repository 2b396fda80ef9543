"""Two processes search together; one is killed in the middle, and nothing is lost or trained twice."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import optuna
import pytest

from suite.artifact import read_artifact

ROOT = Path(__file__).resolve().parents[2]
TRIALS = 20
SPACE = "learning_rate: {low: 0.003, high: 0.05, log: true}\nunits: [4, 8, 12]\ndropout: {low: 0, high: 0.6}\n"


def start(folder, command):
    """Begin a command in a process of its own."""
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "suite", *map(str, command)],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            # A shell that starts tests in the background has Ctrl-C ignored, and children inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )


def trials_of(folder):
    path = folder / "saved_models" / "sentiment" / ".search.sweep" / "study.db"
    if not path.is_file():
        return []
    try:
        study = optuna.load_study(study_name="sentiment/search", storage=f"sqlite:///{path}")
        return study.get_trials(deepcopy=False)
    except Exception:  # its tables are being made
        return []


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_twenty_trials_of_two_processes_one_of_them_killed(workdir, reviews, tiny, train_on, suite):
    (workdir / "space.yaml").write_text(SPACE)
    command = ["sweep", "sentiment", "--data", reviews, *tiny, "--set", "epochs=6", "--name", "search", "--json"]
    command += ["--trials", TRIALS, "--space", workdir / "space.yaml"]
    processes = [start(workdir, command) for _ in range(2)]

    def owned(process):
        return [
            trial
            for trial in trials_of(workdir)
            if not trial.state.is_finished() and str(trial.user_attrs.get("process")).endswith(f" {process.pid}")
        ]

    # The first process is killed in the middle of a trial that has finished epochs.
    deadline, lost = time.monotonic() + 1200, None
    while lost is None or sum(trial.state.is_finished() for trial in trials_of(workdir)) < 4:
        assert time.monotonic() < deadline and all(process.poll() is None for process in processes), (
            workdir / "log"
        ).read_text()
        time.sleep(0.05)
        lost = next((trial for trial in owned(processes[0]) if len(trial.intermediate_values) in (2, 3)), None)
    processes[0].send_signal(signal.SIGKILL)
    processes[0].wait()
    assert not trials_of(workdir)[lost.number].state.is_finished()
    told, _ = processes[1].communicate()
    assert processes[1].returncode == 0, (workdir / "log").read_text()

    trials = trials_of(workdir)
    assert [trial.number for trial in trials] == list(range(TRIALS))
    assert {trial.state.name for trial in trials} <= {"COMPLETE", "PRUNED"}
    assert len({json.dumps(trial.params, sort_keys=True) for trial in trials}) == TRIALS
    assert trials[lost.number].params == lost.params
    # What it had reported before it was killed was not trained again.
    assert lost.intermediate_values.items() <= trials[lost.number].intermediate_values.items()
    log = (workdir / "log").read_text()
    for trial in trials:
        for epoch in trial.intermediate_values:
            assert log.count(f"trial {trial.number}  epoch {epoch + 1}  ") == 1, (trial.number, epoch)

    answer = json.loads(told)
    best = max((trial for trial in trials if trial.state.name == "COMPLETE"), key=lambda trial: trial.value)
    assert answer["best"]["value"] == best.value and sum(answer["trials"].values()) == TRIALS
    models = workdir / "saved_models" / "sentiment"
    assert [path.name for path in models.glob("search-trial*")] == [Path(answer["best"]["model_dir"]).name]
    again = suite("train", "sentiment", "--data", reviews, "--config", answer["settings"], "--name", "again", "--json")
    assert again.status == 0, again.err
    assert again.json["metrics"]["val_accuracy"] == best.value
    assert again.json["metrics"] == answer["best"]["metrics"]
    finished = read_artifact(models / "again").record
    assert finished["epochs"] == answer["best"]["epochs"]

    # The same command once more has nothing to do.
    shutil.copy(answer["settings"], workdir / "before.yaml")
    repeated = start(workdir, command)
    told, _ = repeated.communicate()
    assert repeated.returncode == 0 and json.loads(told)["best"] == answer["best"]
    assert (workdir / "before.yaml").read_bytes() == Path(answer["settings"]).read_bytes()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_ctrl_c_ends_tidily_and_the_same_command_goes_on(workdir, reviews, tiny):
    (workdir / "space.yaml").write_text(SPACE)
    command = ["sweep", "sentiment", "--data", reviews, *tiny, "--set", "epochs=40", "--set", "patience=0", "--json"]
    command += ["--name", "search", "--trials", 2, "--space", workdir / "space.yaml"]
    process = start(workdir, command)
    while not any(len(trial.intermediate_values) >= 3 for trial in trials_of(workdir)):
        assert process.poll() is None, (workdir / "log").read_text()
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    process.communicate()
    log = (workdir / "log").read_text()
    assert process.returncode == 130 and "the same command goes on" in log and "Traceback" not in log, log
    (trial,) = trials_of(workdir)
    told = len(trial.intermediate_values)
    assert not trial.state.is_finished() and 3 <= told < 40
    second = start(workdir, command)
    answer, _ = second.communicate()
    assert second.returncode == 0, (workdir / "log").read_text()
    assert json.loads(answer)["trials"]["complete"] == 2
    assert (workdir / "log").read_text().count("trial 0  epoch 1  ") == 1
