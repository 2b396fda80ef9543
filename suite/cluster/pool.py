"""A predictor whose work is done by actors, each of which loads the model once: what `suite evaluate --ray` scores with."""

import os
from collections.abc import Sequence
from typing import Any

from suite.cluster.answering import Model
from suite.signature import Arrays

AT_ONCE = 64  # inputs of one call


class PredictorActor:
    """A model on some machine; `name` is that of a signature, None for the one that answers."""

    def __init__(self, model: Model) -> None:
        os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")  # an actor has one core
        from suite.quiet import import_tensorflow

        if model.runtime == "keras":
            import_tensorflow()
        from suite.runtime.loaded import load

        self.predictor: Any = load(model.path, model.runtime, model.tflite).predictor

    def answer(self, name: str | None, inputs: Sequence[Arrays]) -> list[Arrays]:
        """Return the outputs for inputs."""
        return self._named(name)(inputs)

    def batch(self, name: str | None, stacked: dict[str, Any]) -> Arrays:
        """Return the outputs for stacked inputs, in one call."""
        outputs = self._named(name).batch(stacked)
        return {output: value.numpy() if hasattr(value, "numpy") else value for output, value in outputs.items()}

    def _named(self, name: str | None) -> Any:
        return self.predictor if name is None else self.predictor.sibling(name)


class PoolPredictor:
    """A predictor, as `suite.pipeline` says, whose inputs are answered by actors, `AT_ONCE` at a time.

    Args:
        ray: Connected, as `connect` gives it.
        actors: Handles of `PredictorActor`.
        name: Of the signature; None for the one that answers.
    """

    def __init__(self, ray: Any, actors: Sequence[Any], name: str | None = None) -> None:
        self.ray = ray
        self.actors = actors
        self.name = name

    def __call__(self, inputs: Sequence[Arrays]) -> list[Arrays]:
        from ray.util import ActorPool

        parts = [inputs[start : start + AT_ONCE] for start in range(0, len(inputs), AT_ONCE)]
        answers = ActorPool(list(self.actors)).map(lambda actor, part: actor.answer.remote(self.name, part), parts)
        return [outputs for part in answers for outputs in part]

    def batch(self, stacked: dict[str, Any]) -> Arrays:
        """Return the answers to inputs of one size, in one call of one actor: a search word by word stays one's work."""
        return self.ray.get(self.actors[0].batch.remote(self.name, stacked))

    def sibling(self, name: str) -> "PoolPredictor":
        """Return the predictor of another signature."""
        return PoolPredictor(self.ray, self.actors, name)


def start_pool(ray: Any, model: Model, count: int) -> PoolPredictor:
    """Return a predictor of `count` actors, each with a core of its own."""
    actor = ray.remote(PredictorActor).options(num_cpus=1)
    return PoolPredictor(ray, [actor.remote(model) for _ in range(count)])
