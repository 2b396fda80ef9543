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
KILLS = 3
EPOCHS = 10


def start(workdir, reviews, tiny, name, *more, hash_seed="0"):
    arguments = ["train", "sentiment", "--data", reviews, *tiny, "--set", f"epochs={EPOCHS}", "--set", "patience=0"]
    # Dropout, batches of several shapes and a decaying learning rate: everything that a resume has to restore.
    arguments += ["--set", "batch_size=4", "--output", workdir / "models", "--name", name, *more]
    with (workdir / f"{name}.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "suite", *map(str, arguments)],
            cwd=workdir,
            env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": hash_seed},
            stdout=log,
            stderr=log,
            # A shell that starts tests in the background has Ctrl-C ignored, and children inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )


@pytest.fixture
def stars(workdir, reviews):
    """The reviews with labels that read alike: whatever order a process hashes them in, only their text tells them apart."""
    names = {"positive": "5 stars", "negative": "05 stars"}
    (workdir / "stars").mkdir()
    for part in ("train", "dev", "test"):
        rows = [line.rpartition("\t") for line in (reviews / f"{part}.tsv").read_text().splitlines()]
        lines = [f"{text}\t{names.get(label, label)}" for text, _, label in rows]
        (workdir / "stars" / f"{part}.tsv").write_text("\n".join(lines) + "\n")
    assert all(name in "\n".join(lines) for name in names.values())
    return workdir / "stars"


def test_killed_and_resumed_equals_left_alone_whatever_the_hash_seed(workdir, stars, tiny):
    from suite.artifact import load_model, read_artifact

    reviews = stars
    assert start(workdir, reviews, tiny, "alone").wait() == 0, (workdir / "alone.log").read_text()
    paces = re.findall(r"^epoch .*  ([\d.]+) s", (workdir / "alone.log").read_text(), re.M)
    pace = min(statistics.median(map(float, paces)), 0.2)  # seconds an epoch
    state = workdir / "models" / "sentiment" / ".killed.unfinished"
    target = workdir / "models" / "sentiment" / "killed"
    moments = random.Random(1)
    killed_after = []
    for _ in range(KILLS):
        resume = ["--resume"] if killed_after else []
        process = start(workdir, reviews, tiny, "killed", *resume, hash_seed=str(1 + len(killed_after) % 2))
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
    assert start(workdir, reviews, tiny, "killed", "--resume", hash_seed="2").wait() == 0, (
        workdir / "killed.log"
    ).read_text()

    orders = [read_artifact(workdir / "models" / "sentiment" / name).assets["labels"] for name in ("killed", "alone")]
    assert orders[0] == orders[1] and len(orders[0]) >= 2
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
