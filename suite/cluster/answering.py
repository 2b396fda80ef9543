"""`suite predict --ray`: inputs answered by actors, each of which loads the model once."""

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suite.artifact import Artifact
from suite.cluster.answer_shards import count_errors, encode_rows, open_shards, pack_inputs, unpack_inputs, write_shard
from suite.inputs.kind import Input

if TYPE_CHECKING:
    from suite.runtime.loaded import LoadedModel


@dataclass(frozen=True)
class Model:
    """What an actor loads: a saved model's folder or an exported file, what computes its answers, the task's options."""

    path: str
    runtime: str
    tflite: str | None
    options: Mapping[str, Any]


@dataclass(frozen=True)
class ShardsDone:
    """How far a folder of answers is: inputs answered so far and in all, and how many of those answered failed."""

    answered: int
    inputs: int
    failed: int


class Answerer:
    """An actor's work: a shard's inputs in, the content of its file out."""

    def __init__(self, model: Model, ending: str) -> None:
        self.model = load_in_actor(model)
        self.options, self.ending = dict(model.options), ending

    def __call__(self, shard: dict[str, Any]) -> dict[str, Any]:
        from suite.runtime.loaded import answer_inputs

        answers = list(answer_inputs(self.model, unpack_inputs(shard["inputs"]), self.options))
        return {
            "shard": shard["shard"],
            "content": encode_rows((answer.plain() for answer in answers), self.ending),
            "failed": sum(answer.error is not None for answer in answers),
        }


def load_in_actor(model: Model) -> "LoadedModel":
    """Load a model in an actor, which has one core."""
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    from suite.quiet import import_tensorflow

    if model.runtime == "keras" and model.tflite is None:
        import_tensorflow()
    from suite.runtime.loaded import load

    return load(model.path, model.runtime, model.tflite)


def cores_of(ray: Any) -> int:
    """Return how many cores a cluster has, 1 at least."""
    return max(1, int(ray.cluster_resources().get("CPU", 1)))


def answer_in_shards(
    ray: Any,
    artifact: Artifact,
    model: Model,
    inputs: Sequence[Input],
    folder: Path,
    actors: int,
) -> Iterator[ShardsDone]:
    """Answer inputs into shards of a folder, those that are there left alone; tell after each how far it is.

    Args:
        ray: Connected, as `connect` gives it.
        artifact: What `open_model` read of the model.
        model: The same for the actors, which read it from the path: on several machines a folder that all have.
        inputs: All of them.
        folder: Where the shards go, which this process writes.
        actors: How many, each with a core of its own.

    Raises:
        UserError: as `open_shards`.
    """
    about = {"run": artifact.record.get("run_id")} | asdict(model)
    plan, missing = open_shards(folder, inputs, about, actors)
    waiting = sum(len(range(*plan.slice(shard).indices(plan.inputs))) for shard in missing)
    failed = sum(count_errors(folder / plan.name(shard)) for shard in set(range(plan.shards)).difference(missing))
    reached = ShardsDone(plan.inputs - waiting, plan.inputs, failed)
    yield reached
    if not missing:
        return
    from ray.data import ActorPoolStrategy, DataContext, from_items

    logging.getLogger("ray.data").setLevel(logging.ERROR)  # it would tell how it runs what it was asked to run
    context = DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    items = [{"shard": shard, "inputs": pack_inputs(inputs[plan.slice(shard)])} for shard in missing]
    actor: Any = Answerer  # a class, of which Ray makes one object per actor
    shards = from_items(items, override_num_blocks=len(items)).map(
        actor,
        fn_constructor_args=(model, plan.ending),
        compute=ActorPoolStrategy(size=min(actors, len(missing))),
        num_cpus=1,
    )
    for row in shards.iter_rows():
        write_shard(folder, plan, row["shard"], row["content"])
        rows = plan.slice(row["shard"])
        reached = ShardsDone(reached.answered + rows.stop - rows.start, plan.inputs, reached.failed + row["failed"])
        yield reached
