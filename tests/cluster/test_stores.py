"""Stores that several processes and machines share: four runs begin at the same moment on a new one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.cluster
ROOT = Path(__file__).resolve().parents[2]
TINY = ("embedding=8", "units=8", "hash_buckets=512", "ngrams=[]", "batch_size=32", "learning_rate=0.01", "epochs=3")
SECONDS = 500


@pytest.fixture(params=["sqlite", "postgresql"])
def new_store(request, tmp_path):
    """The address of a store that is not there yet, or of a database without tables."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgres_uri")
    return f"sqlite:///{tmp_path}/mlflow.db"


def test_four_runs_in_a_new_database_are_all_there(postgres_uri, tmp_path):
    import mlflow

    done = subprocess.run(
        [sys.executable, ROOT / "tests" / "four_runs.py"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "MLFLOW_TRACKING_URI": postgres_uri},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and "does not take" not in done.stderr, done.stderr
    client = mlflow.MlflowClient(postgres_uri)
    (experiment,) = [found for found in client.search_experiments() if found.name == "sentiment"]
    runs = client.search_runs([experiment.experiment_id])
    assert {run.info.run_name: run.data.metrics["val_loss"] for run in runs} == {f"run-{n}": n for n in range(4)}
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert [len(run.inputs.dataset_inputs) for run in runs] == [2, 2, 2, 2]


@pytest.mark.slow
@pytest.mark.timeout(SECONDS)
def test_four_trainings_in_a_new_store_lose_nothing(new_store, reviews, tmp_path):
    import mlflow

    assignments = [argument for assignment in TINY for argument in ("--set", assignment)]
    command = [sys.executable, "-m", "suite", "train", "sentiment", "--data", reviews, *assignments, "--name"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "MLFLOW_TRACKING_URI": new_store}
    trainings = [
        subprocess.Popen([*command, f"run-{n}"], cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)
        for n in range(4)
    ]
    lines = [training.communicate(timeout=SECONDS)[1] for training in trainings]
    assert [training.returncode for training in trainings] == [0, 0, 0, 0], lines
    assert not any("does not take" in text for text in lines), lines
    client = mlflow.MlflowClient(new_store)
    (experiment,) = [found for found in client.search_experiments() if found.name == "sentiment"]
    runs = client.search_runs([experiment.experiment_id])
    assert sorted(run.info.run_name for run in runs) == [f"run-{n}" for n in range(4)]
    for run in runs:
        steps = [point.step for point in client.get_metric_history(run.info.run_id, "val_accuracy")]
        assert run.info.status == "FINISHED" and {1, 2, 3} <= set(steps) and len(run.inputs.dataset_inputs) == 3
        assert {"learning_curves.png", "val", "test"} <= {item.path for item in client.list_artifacts(run.info.run_id)}
        models = client.search_logged_models([experiment.experiment_id], f"source_run_id = '{run.info.run_id}'")
        assert [str(model.status) for model in models] == ["READY"]
