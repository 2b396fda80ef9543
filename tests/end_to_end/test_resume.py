"""A run killed at any moment and resumed reaches the same weights, bit for bit, as one left alone."""

import os
import random
import re
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
KILLS = 3
EPOCHS = 10


def start(workdir, reviews, tiny, name, *more):
    arguments = ["train", "sentiment", "--data", reviews, *tiny, "--set", f"epochs={EPOCHS}", "--set", "patience=0"]
    # Dropout, batches of several shapes and a decaying learning rate: everything that a resume has to restore.
    arguments += ["--set", "batch_size=4", "--output", workdir / "models", "--name", name, *more]
    with (workdir / f"{name}.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "suite", *map(str, arguments)],
            cwd=workdir,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=log,
            # A shell that starts tests in the background has Ctrl-C ignored, and children inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )


def test_killed_and_resumed_equals_left_alone(workdir, reviews, tiny):
    from suite.artifact import load_model, read_artifact

    assert start(workdir, reviews, tiny, "alone").wait() == 0, (workdir / "alone.log").read_text()
    paces = re.findall(r"^epoch .*  ([\d.]+) s", (workdir / "alone.log").read_text(), re.M)
    pace = min(statistics.median(map(float, paces)), 0.2)  # seconds an epoch
    state = workdir / "models" / "sentiment" / ".killed.unfinished"
    target = workdir / "models" / "sentiment" / "killed"
    moments = random.Random(1)
    killed_after = []
    for _ in range(KILLS):
        process = start(workdir, reviews, tiny, "killed", *(["--resume"] if killed_after else []))
        seen = killed_after[-1] if killed_after else -1
        while process.poll() is None and not _finished(state) > seen + 1:
            time.sleep(0.005)
        time.sleep(moments.uniform(0, 2 * pace))
        process.send_signal(signal.SIGKILL)
        process.wait()
        if target.exists():
            break
        killed_after.append(_finished(state))
    assert len(killed_after) >= 2, f"killed after epochs {killed_after}, too late to show anything"
    assert start(workdir, reviews, tiny, "killed", "--resume").wait() == 0, (workdir / "killed.log").read_text()

    ours, theirs = (
        load_model(read_artifact(workdir / "models" / "sentiment" / name)).weights for name in ("killed", "alone")
    )
    for a, b in zip(ours, theirs, strict=True):
        assert np.array_equal(a.numpy(), b.numpy()), a.path
    assert not state.exists()
    figures = [
        re.findall(r"^epoch .*?(?=  [\d.]+ s)", (workdir / f"{name}.log").read_text(), re.M)
        for name in ("killed", "alone")
    ]
    assert set(figures[0]) == set(figures[1]) and len(set(figures[1])) == EPOCHS


def _finished(state) -> int:
    return max((int(folder.name.split("-")[1]) for folder in state.glob("epoch-*")), default=-1)


def test_ctrl_c_is_tidy_and_can_be_resumed(workdir, reviews, tiny, suite):
    process = start(workdir, reviews, tiny, "stopped")
    state = workdir / "models" / "sentiment" / ".stopped.unfinished"
    while process.poll() is None and _finished(state) < 0:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    assert process.wait() == 130
    log = (workdir / "stopped.log").read_text()
    assert "Traceback" not in log and "--name stopped --resume" in log
    runs = suite("runs", "sentiment", "--count", 1000, "--json").json["runs"]
    assert next(run for run in runs if run["name"] == "stopped")["status"] == "KILLED"

    common = (
        "train",
        "sentiment",
        "--data",
        reviews,
        *tiny,
        "--set",
        f"epochs={EPOCHS}",
        "--set",
        "patience=0",
        "--set",
        "batch_size=4",
    )
    common += ("--output", workdir / "models", "--name", "stopped")
    again = suite(*common)
    assert again.status == 2 and "--resume goes on with it" in again.err
    other = suite(*common, "--resume", "--set", "units=9")
    assert other.status == 2 and "units=8" in other.err and "units=9" in other.err
    changed = workdir / "changed"
    changed.mkdir()
    for part in ("train", "dev", "test"):
        lines = (reviews / f"{part}.tsv").read_text().splitlines(keepends=True)
        (changed / f"{part}.tsv").write_text("".join(lines[:-1]))
    moved = suite("train", "sentiment", "--data", changed, *common[4:], "--resume")
    assert moved.status == 2 and "other data" in moved.err
    assert _finished(state) >= 0, "refusals leave the state alone"
