"""The processes that train one model together: who they are (`TF_CONFIG`), and what they tell each other."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from suite.data.share import Share
from suite.errors import UserError

if TYPE_CHECKING:
    import tensorflow as tf

VARIABLE = "TF_CONFIG"
WORD_BYTES = 8  # collectives add integers of so many bytes, not bytes


@dataclass(frozen=True)
class Place:
    """This process among the workers: its number, from 0 (the chief), and the address `host:port` of each."""

    index: int
    addresses: tuple[str, ...]


def read_place(environment: Mapping[str, str] = os.environ) -> Place | None:
    """Return this process's place as `TF_CONFIG` has it; None where that names no other worker.

        {"cluster": {"worker": ["host:port", "host:port"]}, "task": {"type": "worker", "index": 0}}

    A `chief` is the worker before the others.

    Raises:
        UserError: if it is something else.
    """
    text = environment.get(VARIABLE, "").strip()
    if not text:
        return None
    try:
        value = json.loads(text)
        cluster, task = value.get("cluster") or {}, value.get("task") or {}
        chief, workers = list(cluster.get("chief", ())), list(cluster.get("worker", ()))
        index = int(task.get("index", 0)) + (len(chief) if task.get("type") == "worker" else 0)
        strange = (set(cluster) | {task.get("type", "worker")}) - {"chief", "worker"}
    except (ValueError, TypeError, AttributeError) as error:
        raise UserError(f"{VARIABLE}: expected JSON with `cluster` and `task`. Received: {text[:200]}") from error
    if strange:
        raise UserError(
            f"{VARIABLE}: expected tasks `chief` and `worker` alone. Received: {', '.join(sorted(strange))}"
        )
    addresses = (*chief, *workers)
    if len(addresses) < 2:
        return None
    if not 0 <= index < len(addresses):
        raise UserError(f"{VARIABLE}: expected a task index below {len(addresses)}, the workers. Received: {index}")
    return Place(index, addresses)


def config_of(addresses: Sequence[str], index: int) -> str:
    """Return the `TF_CONFIG` of one worker."""
    return json.dumps({"cluster": {"worker": list(addresses)}, "task": {"type": "worker", "index": index}})


class Workers:
    """What this process and the others do together; made by `join`.

    Args:
        place: Of this process.
        strategy: TensorFlow's, which connects the processes.
    """

    def __init__(self, place: Place, strategy: "tf.distribute.Strategy") -> None:
        self.place = place
        self.strategy = strategy

    @property
    def is_chief(self) -> bool:
        """Whether this is the worker that writes the model, its state and its run."""
        return self.place.index == 0

    @property
    def share(self) -> Share:
        """The rows of each batch that this worker computes."""
        return Share(self.place.index, len(self.place.addresses))

    def send(self, message: Any) -> None:
        """Send something JSON-able from the chief to the others, which `receive` it."""
        self.send_bytes(json.dumps(message).encode())

    def receive(self) -> Any:
        """Wait for what the chief sends next, and return it."""
        return json.loads(self.receive_bytes())

    def send_bytes(self, content: bytes) -> None:
        """Send bytes from the chief to the others, which `receive_bytes`."""
        self._sum(np.array([len(content)], np.int64))
        self._sum(np.frombuffer(content + bytes(-len(content) % WORD_BYTES), np.int64))

    def receive_bytes(self) -> bytes:
        """Wait for the bytes that the chief sends next, and return them."""
        size = int(self._sum(np.zeros(1, np.int64))[0])
        return self._sum(np.zeros(-(-size // WORD_BYTES), np.int64)).tobytes()[:size]

    def share_variables(self, variables: Sequence[Any]) -> None:
        """Give all workers the chief's values of variables."""
        values = [variable.numpy() for variable in variables]
        if self.is_chief:
            self.send_bytes(b"".join(value.tobytes() for value in values))
            return
        content, start = self.receive_bytes(), 0
        for variable, value in zip(variables, values, strict=True):
            variable.assign(np.frombuffer(content, value.dtype, value.size, start).reshape(value.shape))
            start += value.nbytes

    def _sum(self, numbers: np.ndarray) -> np.ndarray:
        return self._summed(numbers).numpy()

    @cached_property
    def _summed(self) -> Any:
        import tensorflow as tf

        def summed(numbers: tf.Tensor) -> tf.Tensor:
            here = tf.identity(numbers)  # an argument is on no device, which all_reduce refuses
            return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, here)

        specification = [tf.TensorSpec((None,), tf.int64)]
        run = lambda numbers: self.strategy.run(summed, args=(numbers,))  # noqa: E731
        return tf.function(run, input_signature=specification, autograph=False)


def join(place: Place) -> Workers:
    """Connect to the other workers, and wait until all are there.

    To be called before anything is computed: TensorFlow cannot connect later.
    """
    import tensorflow as tf

    from suite.quiet import silent_stderr

    tf.get_logger().setLevel("ERROR")
    gpus = tf.config.list_physical_devices("GPU")
    if len(gpus) > 1:  # a worker computes on one device; workers of one machine share its devices out
        tf.config.set_visible_devices(gpus[place.index % len(gpus)], "GPU")
    with silent_stderr():
        return Workers(place, tf.distribute.MultiWorkerMirroredStrategy())


@contextmanager
def naming_lost_workers(workers: Workers | None) -> Iterator[None]:
    """Turn what TensorFlow raises when another worker has gone into a UserError that names it.

    A worker whose process ends is missed at once, one whose machine falls silent within about ten seconds: by
    TensorFlow's heartbeats.
    """
    if workers is None:
        yield
        return
    import tensorflow as tf

    try:
        yield
    except (
        tf.errors.UnavailableError,
        tf.errors.AbortedError,
        tf.errors.CancelledError,
        tf.errors.InternalError,
    ) as error:
        text = str(error)
        addresses = workers.place.addresses
        lost = [
            f"{number + 1} of {len(addresses)} ({address})"
            for number, address in enumerate(addresses)
            if number != workers.place.index and f"task:{number}" in text
        ]
        if isinstance(error, tf.errors.InternalError) and not lost:
            raise
        raise UserError(f"worker {' and '.join(lost) or 'unknown'} no longer answers, so the training ended") from error
