"""Stores that are not there yet, which several runs open at the same moment."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from suite.tracking.opening import only_process

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="starts its four processes by fork")
def test_four_runs_on_one_new_file_are_all_there(tmp_path):
    import mlflow

    uri = f"sqlite:///{tmp_path}/mlflow.db"
    environment = os.environ | {"PYTHONPATH": str(ROOT), "MLFLOW_TRACKING_URI": uri}
    done = subprocess.run(
        [sys.executable, ROOT / "tests" / "four_runs.py"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and "does not take" not in done.stderr, done.stderr
    assert not list(tmp_path.glob("*.lock"))
    client = mlflow.MlflowClient(uri)
    (experiment,) = [found for found in client.search_experiments() if found.name == "sentiment"]
    runs = client.search_runs([experiment.experiment_id])
    assert {run.info.run_name: run.data.metrics["val_loss"] for run in runs} == {f"run-{n}": n for n in range(4)}
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert [len(run.inputs.dataset_inputs) for run in runs] == [2, 2, 2, 2]


@pytest.mark.parametrize(
    "name", ["sqlite:///{0}/a.db", "sqlite:///{0}/folder/that/is/not/there/a.db", "sqlite://", "x"]
)
def test_the_lock_of_a_database_lets_nobody_else_in_and_is_gone_afterwards(tmp_path, name):
    uri, inside, order = name.format(tmp_path), threading.Event(), []

    def enter():
        inside.wait(10)
        with only_process(uri):
            order.append("second")

    thread = threading.Thread(target=enter)
    thread.start()
    with only_process(uri):
        inside.set()
        thread.join(0.3)
        order.append("first")
    thread.join(10)
    locks = "/a.db" in uri and "not/there" not in uri
    assert order == (["first", "second"] if locks else ["second", "first"]) and not list(tmp_path.rglob("*.lock"))
