"""Workers of one training as processes of a Ray cluster, each started and watched by an actor on its machine."""

import io
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from suite.cluster.connect import connect
from suite.errors import UserError
from suite.training.workers.cluster import VARIABLE, config_of
from suite.training.workers.local import end, end_with_parent, watch

LAST_BYTES = 8000  # of what a worker printed that are shown where it fails
PLACES_WITHIN = 60.0  # seconds in which the cluster has cores free for all workers
PASSED_ON = ("MLFLOW_", "SUITE_", "PYTHONPATH")  # beginnings of the environment variables that a worker elsewhere needs


class ProcessActor:
    """An actor that runs one process beside it; the process ends with the actor."""

    def __init__(self) -> None:
        self.process: Any = None  # a subprocess.Popen, once started

    def address(self) -> str:
        """Return `host:port`, where the process may listen."""
        import ray

        with socket.socket() as probe:
            probe.bind(("", 0))
            return f"{ray.util.get_node_ip_address()}:{probe.getsockname()[1]}"

    def start(self, command: Sequence[str], folder: str, environment: dict[str, str]) -> None:
        """Start the process."""
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=end_with_parent if sys.platform == "linux" else None,
        )
        for pipe in (self.process.stdout, self.process.stderr):
            os.set_blocking(pipe.fileno(), False)

    def poll(self) -> tuple[int | None, bytes, bytes]:
        """Return its exit status, None while it runs, and what it has printed on stdout and stderr since the last call."""
        status = self.process.poll()  # first: what it prints before its end is then read
        return status, self.process.stdout.read() or b"", self.process.stderr.read() or b""

    def send_signal(self, number: int) -> None:
        """Send the process a signal."""
        self.process.send_signal(number)


class ProcessElsewhere:
    """The process of an actor, as `subprocess.Popen` has one: what of it `watch` and `end` need.

    Args:
        ray: Connected, as `connect` gives it.
        actor: Handle of a `ProcessActor`.
        shows: Whether what it prints is printed here; else the last of it stays in `output`.
    """

    def __init__(self, ray: Any, actor: Any, shows: bool) -> None:
        self.ray, self.actor = ray, actor
        self.returncode: int | None = None
        self.output: io.BytesIO | None = None if shows else io.BytesIO()

    def poll(self) -> int | None:
        """Return the exit status, None while it runs; 1 where Ray has lost the machine or the actor."""
        if self.returncode is not None:
            return self.returncode
        try:
            self.returncode, out, err = self.ray.get(self.actor.poll.remote())
        except self.ray.exceptions.RayError:
            self.returncode, out, err = 1, b"", b"Ray lost its machine or the actor that watched it\n"
        if self.output is None:
            for stream, content in ((sys.stdout, out), (sys.stderr, err)):
                stream.write(content.decode("utf-8", "replace"))
                stream.flush()
        elif out or err:
            last = (self.output.getvalue() + out + err)[-LAST_BYTES:]
            self.output.seek(0)
            self.output.truncate()
            self.output.write(last)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end, at most `timeout` seconds, and return the exit status.

        Raises:
            subprocess.TimeoutExpired: if it runs longer.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while (status := self.poll()) is None:
            if deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("a worker", timeout or 0)
            time.sleep(0.1)
        return status

    def terminate(self) -> None:
        """Ask the process to end."""
        self.actor.send_signal.remote(signal.SIGTERM)

    def kill(self) -> None:
        """End the process."""
        self.actor.send_signal.remote(signal.SIGKILL)


def run_on_ray(command: Sequence[str], count: int, address: str, say: Callable[[str], None]) -> int:
    """Run a command in `count` processes of a Ray cluster that are one another's workers; return the exit status of the chief.

    Each has its share of the cluster's cores, on as many machines as there are, and runs in the folder that this process
    runs in. What the chief prints is printed here; what another one said is shown where it fails.

    Args:
        command: What each runs, with a `TF_CONFIG` of its own.
        count: How many.
        address: As `connect` takes it.
        say: Shows a line to the person.

    Raises:
        UserError: if Ray is not installed or cannot be reached, or has no core for each worker.
    """
    ray = connect(address)
    from ray.util.placement_group import remove_placement_group

    nodes = [int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]]
    cores = cores_of_worker(nodes, count)
    group, actors = _place(ray, count, cores)
    addresses = ray.get([actor.address.remote() for actor in actors])
    shared = {name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)}
    shared |= {"TF_NUM_INTRAOP_THREADS": str(cores), "OMP_NUM_THREADS": str(cores)}
    ray.get(
        [
            actor.start.remote(list(command), os.getcwd(), shared | {VARIABLE: config_of(addresses, index)})
            for index, actor in enumerate(actors)
        ]
    )
    workers = [ProcessElsewhere(ray, actor, shows=index == 0) for index, actor in enumerate(actors)]
    try:
        return watch(workers, [worker.output for worker in workers], say)
    finally:
        end(workers)
        remove_placement_group(group)
        ray.shutdown()


def cores_of_worker(nodes: Sequence[int], count: int) -> int:
    """Return how many cores each of `count` workers can have on machines with so many; 1 where there are too few."""
    return next((cores for cores in range(max(nodes), 1, -1) if sum(node // cores for node in nodes) >= count), 1)


def _place(ray: Any, count: int, cores: int) -> tuple[Any, list[Any]]:
    """Return the cores that the workers have, spread over the machines, and an actor for each."""
    from ray.util.placement_group import placement_group, remove_placement_group
    from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

    # What watches has no core: with as many workers as cores it would wait for one for ever.
    group = placement_group([{"CPU": cores}] * count, strategy="SPREAD")
    if not group.wait(PLACES_WITHIN):
        remove_placement_group(group)
        total, free = (resources().get("CPU", 0) for resources in (ray.cluster_resources, ray.available_resources))
        raise UserError(
            f"--ray: expected {count} x {cores} free cores, one place for each worker. Received: a cluster of "
            f"{total:.0f} cores, {free:.0f} of them free"
        )
    actor = ray.remote(ProcessActor)
    return group, [
        actor.options(num_cpus=cores, scheduling_strategy=PlacementGroupSchedulingStrategy(group, index)).remote()
        for index in range(count)
    ]
