"""Workers of one training, placed on the machines of a Ray cluster by Ray Train, which tells each its `TF_CONFIG`."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from tempfile import TemporaryDirectory
from typing import Any

from suite.cluster.connect import connect

LAST_BYTES = 4000  # of what a worker said that are shown where it fails


def run_on_ray(command: Sequence[str], count: int, address: str, say: Callable[[str], None]) -> int:
    """Run a command in `count` processes of a Ray cluster that are one another's workers; return the chief's exit status.

    Each runs in the folder that this process runs in, which all machines need to have, as they need the data and the
    folder of models. What the chief prints is printed here; what it says on stderr comes through Ray as it says it.

    Args:
        command: What each runs.
        count: How many.
        address: As `connect` takes it.
        say: Shows a line to the person.

    Raises:
        UserError: if Ray is not installed or cannot be reached.
    """
    ray = connect(address)
    from ray.train import RunConfig, ScalingConfig
    from ray.train.tensorflow import TensorflowTrainer

    cores = max(1, int(ray.cluster_resources().get("CPU", 1)) // count)
    settings = {"command": list(command), "folder": os.getcwd(), "cores": cores}
    with TemporaryDirectory() as storage:
        trainer = TensorflowTrainer(
            _run_worker,
            train_loop_config=settings,
            scaling_config=ScalingConfig(
                num_workers=count, resources_per_worker={"CPU": cores}, placement_strategy="SPREAD"
            ),
            run_config=RunConfig(storage_path=storage),
        )
        try:
            metrics = trainer.fit().metrics or {}
        except Exception as error:
            say(f"a worker failed: {error}")
            return 1
    sys.stdout.write(metrics["output"])
    return metrics["status"]


def _run_worker(settings: dict[str, Any]) -> None:
    import ray.train

    cores = str(settings["cores"])
    environment = {"TF_NUM_INTRAOP_THREADS": cores, "OMP_NUM_THREADS": cores} | os.environ
    is_chief = ray.train.get_context().get_world_rank() == 0
    ended = subprocess.run(
        settings["command"],
        cwd=settings["folder"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=None if is_chief else subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    ray.train.report({"status": ended.returncode, "output": ended.stdout})
