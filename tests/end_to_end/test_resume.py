"""A run killed at any moment and resumed reaches the same weights, bit for bit, as one left alone."""

import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
LABELS = {"positive": "5 stars", "negative": "05 stars"}  # read alike: only their text tells them apart


def arguments(data, tiny, folder, name, epochs=6):
    """A training with dropout, batches of several shapes and a decaying learning rate: all that a resume has to restore."""
    fixed = ["train", "sentiment", "--data", data, *tiny, "--set", f"epochs={epochs}", "--set", "patience=0"]
    return [*map(str, [*fixed, "--set", "batch_size=4", "--output", folder / "models", "--name", name])]


def start(folder, command, hash_seed="0"):
    """Begin a command in a process of its own, whose output goes to `NAME.log`."""
    with (folder / f"{command[command.index('--name') + 1]}.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "suite", *command],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": hash_seed},
            stdout=log,
            stderr=log,
            # A shell that starts tests in the background has Ctrl-C ignored, and children inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )


def turning_seed():
    """A hash seed under which a set of the labels has another order than in this process."""
    command = [sys.executable, "-c", f"print(*set({list(LABELS.values())}), sep='|')"]
    for seed in map(str, range(1, 50)):
        order = subprocess.run(
            command, env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        if order.strip() != "|".join(set(LABELS.values())):
            return seed
    raise AssertionError("every hash seed gives one order")


@pytest.fixture
def stars(workdir, reviews):
    """The reviews with labels that read alike: whatever order a process hashes them in, only their text tells them apart."""
    (workdir / "stars").mkdir()
    for part in ("train", "dev", "test"):
        rows = [line.rpartition("\t") for line in (reviews / f"{part}.tsv").read_text().splitlines()]
        lines = [f"{text}\t{LABELS.get(label, label)}" for text, _, label in rows]
        (workdir / "stars" / f"{part}.tsv").write_text("\n".join(lines) + "\n")
    assert all(name in "\n".join(lines) for name in LABELS.values())
    return workdir / "stars"


@pytest.mark.slow
@pytest.mark.parametrize("kills", [pytest.param(1, marks=pytest.mark.whole), 3])
def test_killed_and_resumed_equals_left_alone_whatever_the_hash_seed(workdir, stars, tiny, suite, kills):
    """Left alone and resumed for the last time in this process; killed in others, which hash the labels differently."""
    from suite.artifact import load_model, read_artifact

    epochs = 4 + 2 * kills
    alone = suite(*arguments(stars, tiny, workdir, "alone", epochs))
    assert alone.status == 0, alone.err
    paces = re.findall(r"^epoch .*  ([\d.]+) s", alone.err, re.M)
    pace = min(statistics.median(map(float, paces)), 0.2)  # seconds an epoch
    state = workdir / "models" / "sentiment" / ".killed.unfinished"
    target = workdir / "models" / "sentiment" / "killed"
    command, seed = arguments(stars, tiny, workdir, "killed", epochs), turning_seed()
    moments = random.Random(1)
    killed_after = []
    for _ in range(kills):
        process = start(workdir, [*command, *(["--resume"] if killed_after else [])], seed)
        before = killed_after[-1] if killed_after else -1
        while process.poll() is None and not _finished(state) > before + 1:
            time.sleep(0.005)
        time.sleep(moments.uniform(0, 2 * pace))
        process.send_signal(signal.SIGKILL)
        process.wait()
        if target.exists():
            break
        killed_after.append(_finished(state))
    assert len(killed_after) >= min(kills, 2), f"killed after epochs {killed_after}, too late to show anything"
    resumed = suite(*command, "--resume")
    assert resumed.status == 0, resumed.err

    orders = [read_artifact(workdir / "models" / "sentiment" / name).assets["labels"] for name in ("killed", "alone")]
    assert orders[0] == orders[1] and len(orders[0]) >= 2
    ours, theirs = (
        load_model(read_artifact(workdir / "models" / "sentiment" / name)).weights for name in ("killed", "alone")
    )
    for a, b in zip(ours, theirs, strict=True):
        assert np.array_equal(a.numpy(), b.numpy()), a.path
    assert not state.exists()
    figures = [
        set(re.findall(r"^epoch .*?(?=  [\d.]+ s)", shown, re.M))
        for shown in ((workdir / "killed.log").read_text() + resumed.err, alone.err)
    ]
    assert figures[0] == figures[1] and len(figures[1]) == epochs


def _finished(state) -> int:
    return max((int(folder.name.split("-")[1]) for folder in state.glob("epoch-*")), default=-1)


@pytest.mark.slow
@pytest.mark.whole
def test_ctrl_c_is_tidy_and_can_be_resumed(workdir, reviews, tiny, suite):
    common = arguments(reviews, tiny, workdir, "stopped", 10)
    process = start(workdir, common)
    state = workdir / "models" / "sentiment" / ".stopped.unfinished"
    while process.poll() is None and _finished(state) < 0:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    assert process.wait() == 130
    log = (workdir / "stopped.log").read_text()
    assert "Traceback" not in log and "--name stopped --resume" in log
    runs = suite("runs", "sentiment", "--count", 1000, "--json").json["runs"]
    assert next(run for run in runs if run["name"] == "stopped")["status"] == "KILLED"

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
    for part, source in (("train", "train"), ("dev", "test"), ("test", "dev")):
        shutil.copy(reviews / f"{source}.tsv", changed / f"{part}.tsv")
    exchanged = suite("train", "sentiment", "--data", changed, *common[4:], "--resume")
    assert exchanged.status == 2 and "cannot resume with other parts" in exchanged.err
    lines = (reviews / "train.tsv").read_text().splitlines()
    (changed / "train.tsv").write_text("\n".join([lines[0], *lines[:0:-1]]) + "\n")
    for part in ("dev", "test"):
        shutil.copy(reviews / f"{part}.tsv", changed / f"{part}.tsv")
    turned = suite("train", "sentiment", "--data", changed, *common[4:], "--resume")
    assert turned.status == 2 and "cannot resume with another order" in turned.err
    assert _finished(state) >= 0, "refusals leave the state alone"
