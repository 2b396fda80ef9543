"""Use of processor, memory, disk, network and graphics card while a run trains, as MLflow measures it.

MLflow's own thread sends each sample to the store, and gives up when that is away. Here samples wait for the run to take
them, and travel as everything else does (`suite.tracking.outbox`).
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SAMPLE_SECONDS = 10.0
SHORT_RUN_SECONDS = 60.0  # nobody looks for the bottleneck of a run that ends sooner


class Machine:
    """Samples the machine in a thread of its own.

    Args:
        begun: Seconds that the run took before it was resumed.
    """

    def __init__(self, begun: float = 0.0) -> None:
        from mlflow.system_metrics.metrics.cpu_monitor import CPUMonitor
        from mlflow.system_metrics.metrics.disk_monitor import DiskMonitor
        from mlflow.system_metrics.metrics.network_monitor import NetworkMonitor

        self.monitors: list[Any] = [CPUMonitor(), DiskMonitor(), NetworkMonitor()]
        graphics_card = _graphics_card()
        if graphics_card is not None:
            self.monitors.append(graphics_card)
        self.step = round(begun / SAMPLE_SECONDS)
        self.begun = time.monotonic() - begun
        self.samples: list[dict[str, Any]] = []
        self.lock = threading.Lock()
        self.ended = threading.Event()

    def take(self) -> list[dict[str, Any]]:
        """Return the samples since they were last taken, as an outbox has metrics; none before the run is a minute old."""
        if time.monotonic() - self.begun < SHORT_RUN_SECONDS:
            return []
        with self.lock:
            samples, self.samples = self.samples, []
        return samples

    def watch(self) -> None:
        """Sample until `ended` is set."""
        while not self.ended.wait(SAMPLE_SECONDS):
            self.sample()

    def sample(self) -> None:
        """Take one sample of everything."""
        now, values = round(time.time() * 1000), {}
        for monitor in self.monitors:
            monitor.collect_metrics()
            values |= monitor.aggregate_metrics()
            monitor.clear_metrics()
        self.step += 1
        points = [
            {"key": f"system/{name}", "value": float(value), "timestamp": now, "step": self.step}
            for name, value in values.items()
        ]
        with self.lock:
            self.samples += points


@contextmanager
def watched_machine(begun: float, wanted: bool) -> Iterator[Machine | None]:
    """Sample the machine while the block runs; None where that is not asked for."""
    if not wanted:
        yield None
        return
    machine = Machine(begun)
    thread = threading.Thread(target=machine.watch, name="machine", daemon=True)
    thread.start()
    try:
        yield machine
    finally:
        machine.ended.set()
        thread.join(SAMPLE_SECONDS)


def _graphics_card() -> Any:
    try:
        from mlflow.system_metrics.metrics.gpu_monitor import GPUMonitor

        return GPUMonitor()
    except Exception:  # no card, no driver or no library that asks it
        return None
