"""Several workers train the model that one would: the same weights after twenty steps and more, dropout and all."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from suite.registry import load_pipeline
from suite.training.workers.cluster import config_of

pytestmark = pytest.mark.cluster
ROOT = Path(__file__).resolve().parents[2]
WORST = 1e-5  # difference of a weight
WORST_IN_FLOAT64 = 1e-6  # what stays float32 there: pixels, probabilities that are sent
SECONDS = 900
# Whose steps in float32 do not magnify what is rounded otherwise (docs/scale.md says why others do); an epoch of 20 steps
# or more, the last batch a smaller one.
TASKS = {
    "sentiment": ("epochs=1", "batch_size=129", "units=16", "embedding=16"),
    "tagging": ("epochs=1", "batch_size=28", "units=16"),
    "tagging without CRF": ("epochs=1", "batch_size=28", "units=16", "decoder=softmax"),
    "speech": ("epochs=1", "batch_size=8", "units=32", "time_masks=1", "frequency_masks=1", "speed=[0.9, 1.1]"),
}


def start(folder: Path, *words: object, configuration: str = "") -> subprocess.Popen:
    """Begin `suite train` in a process of its own, in a folder with a store of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db"}
    environment["TF_CONFIG"] = configuration
    command = [sys.executable, "-m", "suite", "train", *map(str, words), "--json"]
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def train(folder: Path, *words: object) -> dict[str, np.ndarray]:
    """Train to the end, and return the weights of the saved model."""
    process = start(folder, *words)
    out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, err
    return weights(Path(folder, json.loads(out)["model_dir"]))


def weights(model_dir: Path) -> dict[str, np.ndarray]:
    """Return the weights in a saved model's file, as the format has them."""
    arrays: dict[str, np.ndarray] = {}

    def keep(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            arrays[name] = np.array(item, np.float64)

    with zipfile.ZipFile(model_dir / "model.keras") as archive:
        h5py.File(io.BytesIO(archive.read("model.weights.h5"))).visititems(keep)
    return arrays


def worst_difference(weights: dict[str, np.ndarray], others: dict[str, np.ndarray]) -> float:
    assert weights.keys() == others.keys()
    return max(
        float(np.abs(array.astype(np.float64) - others[name]).max()) for name, array in weights.items() if array.size
    )


def two_configurations() -> list[str]:
    """Return the `TF_CONFIG` of each of two workers."""
    with socket.socket() as chief, socket.socket() as other:
        chief.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        addresses = [f"127.0.0.1:{each.getsockname()[1]}" for each in (chief, other)]
    return [config_of(addresses, index) for index in range(2)]


def words_of(task: str, data: Path, *assignments: str) -> list[object]:
    return [task, "--data", data, *(word for assignment in assignments for word in ("--set", assignment))]


@pytest.fixture(scope="session")
def alone(tmp_path_factory: pytest.TempPathFactory, reviews: Path, tiny: list[str]) -> tuple[list[object], dict]:
    """A training by one process: its command, and the weights that it came to."""
    words = ["sentiment", "--data", reviews, *tiny, "--set", "batch_size=21", "--set", "patience=0"]
    return words, train(tmp_path_factory.mktemp("alone"), *words, "--name", "alone")


def test_two_workers_come_to_the_weights_of_one(alone: tuple[list[object], dict], tmp_path: Path) -> None:
    words, expected = alone
    assert worst_difference(train(tmp_path, *words, "--name", "two", "--workers", 2), expected) < WORST
    assert [path.name for path in (tmp_path / "saved_models" / "sentiment").iterdir()] == ["two"]


@pytest.mark.slow
@pytest.mark.timeout(SECONDS)
def test_under_a_tf_config_of_others_a_command_is_a_worker(alone: tuple[list[object], dict], tmp_path: Path) -> None:
    words, expected = alone
    folders = [tmp_path / name for name in ("chief", "other")]
    for folder in folders:
        folder.mkdir()
    processes = [
        start(folder, *words, "--name", "two", configuration=configuration)
        for folder, configuration in zip(folders, two_configurations(), strict=True)
    ]
    ended = [process.communicate(timeout=SECONDS) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], ended
    assert worst_difference(weights(folders[0] / "saved_models" / "sentiment" / "two"), expected) < WORST
    assert not list(folders[1].iterdir()), "a worker that is not the chief writes nothing"


@pytest.mark.slow
@pytest.mark.timeout(SECONDS)
def test_workers_on_the_nodes_of_a_ray_cluster_come_to_the_weights_of_one(
    alone: tuple[list[object], dict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray", reason="Ray is not installed: pip install '.[cluster]'")
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    words, expected = alone
    node = {"num_cpus": 1, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=node)
    try:
        cluster.add_node(num_cpus=1)
        placed = train(tmp_path, *words, "--name", "two", "--workers", 2, "--ray", cluster.address)
        refused = start(
            tmp_path, "sentiment", "--data", "none", "--name", "none", "--workers", 2, "--ray", cluster.address
        )
        _, err = refused.communicate(timeout=SECONDS)
    finally:
        cluster.shutdown()
    assert worst_difference(placed, expected) < WORST
    assert refused.returncode == 2 and "none: " in err and "Traceback" not in err


@pytest.mark.slow
@pytest.mark.timeout(SECONDS)
@pytest.mark.parametrize("name", TASKS)
def test_workers_come_to_the_weights_of_one(name: str, tmp_path: Path) -> None:
    task = name.split()[0]
    load_pipeline(task).make_sample(tmp_path / "data")
    words = words_of(task, tmp_path / "data", *TASKS[name])
    expected = train(tmp_path, *words, "--name", "alone")
    for workers in (2, 3):
        assert worst_difference(train(tmp_path, *words, "--name", workers, "--workers", workers), expected) < WORST


@pytest.mark.slow
@pytest.mark.timeout(SECONDS)
@pytest.mark.parametrize("task", ["video", "captioning"])
def test_in_float64_two_workers_come_to_the_weights_of_one_with_batch_normalization(task: str, tmp_path: Path) -> None:
    # In float32 one process alone comes to other weights where only the order of the rows within a batch is another.
    load_pipeline(task).make_sample(tmp_path / "data")
    outputs = [tmp_path / f"{name}.npz" for name in ("alone", "first", "second")]
    for configurations, paths in (([""], outputs[:1]), (two_configurations(), outputs[1:])):
        processes = [
            subprocess.Popen(
                [sys.executable, Path(__file__).with_name("twenty_steps.py"), task, tmp_path / "data", path],
                env=os.environ | {"PYTHONPATH": str(ROOT), "TF_CONFIG": configuration},
                stderr=subprocess.PIPE,
                text=True,
            )
            for configuration, path in zip(configurations, paths, strict=True)
        ]
        for process in processes:
            _, err = process.communicate(timeout=SECONDS)
            assert process.returncode == 0, err
    alone, *workers = (dict(np.load(path)) for path in outputs)
    assert max(worst_difference(of_worker, alone) for of_worker in workers) < WORST_IN_FLOAT64


@pytest.mark.slow
@pytest.mark.timeout(SECONDS)
@pytest.mark.parametrize(("number", "workers"), [(0, 2), (1, 1)])
def test_a_lost_worker_ends_the_others_and_a_resume_comes_to_the_same_end(
    number: int, workers: int, alone: tuple[list[object], dict], tmp_path: Path
) -> None:
    words, _ = alone
    words = [*words, "--set", "epochs=4"]
    expected = train(tmp_path, *words, "--name", "unbroken")
    process = start(tmp_path, *words, "--name", "broken", "--workers", 2)
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.extend(process.stderr))
    reader.start()
    wait_until(lambda: any(line.startswith("epoch 1/4") for line in lines))
    os.kill(worker_of(process.pid, number), signal.SIGKILL)
    killed = time.monotonic()
    assert process.wait(60) in (1, 2), lines
    assert time.monotonic() - killed < 60
    reader.join()
    messages = "".join(lines)
    assert f"worker {number + 1} of 2" in messages and "Traceback" not in messages
    resumed = train(tmp_path, *words, "--name", "broken", "--resume", "--workers", workers)
    assert worst_difference(resumed, expected) < WORST


def wait_until(is_so) -> None:
    deadline = time.monotonic() + 240
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def worker_of(parent: int, number: int) -> int:
    """Return the process id of a worker, by its place in its environment."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            is_child = f"\nPPid:\t{parent}\n" in (folder / "status").read_text()
            if is_child and f'"index": {number}' in (folder / "environ").read_bytes().decode():
                return int(folder.name)
        except OSError:
            continue
    raise AssertionError(f"no worker {number} of {parent}")
