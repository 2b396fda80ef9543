"""A predictor whose inputs are answered by actors, each of which loads the model once: what `suite evaluate --ray` scores with."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from suite.cluster.answering import Model, load_in_actor
from suite.signature import Arrays, Predictor

INPUTS_AT_ONCE = 64  # of one call of an actor: as many as a Keras model answers at once


class PredictorActor:
    """An actor with a model."""

    def __init__(self, model: Model) -> None:
        self.predictor: Any = load_in_actor(model).predictor

    def answer(self, inputs: Sequence[Arrays]) -> list[Arrays]:
        """Return the outputs for inputs."""
        return self.predictor(inputs)


class PoolPredictor:
    """A predictor that has many inputs answered by actors, and does everything else by one that this process has.

    Args:
        predictor: Of this process, of the same model.
        ray: Connected, as `connect` gives it.
        model: What each actor loads.
        count: How many actors, each with a core of its own.
    """

    def __init__(self, predictor: Predictor, ray: Any, model: Model, count: int) -> None:
        from ray.util import ActorPool

        self.predictor = predictor
        actor = ray.remote(PredictorActor).options(num_cpus=1)
        self.pool = ActorPool([actor.remote(model) for _ in range(count)])

    def __call__(self, inputs: Sequence[Arrays]) -> list[Arrays]:
        # Inputs of like sizes go together, as in one process: less padding, and the very batches that it would have.
        order = sorted(range(len(inputs)), key=lambda index: [np.size(array) for array in inputs[index].values()])
        batches = [order[start : start + INPUTS_AT_ONCE] for start in range(0, len(order), INPUTS_AT_ONCE)]
        parts = [[inputs[index] for index in batch] for batch in batches]
        answered = self.pool.map(lambda actor, part: actor.answer.remote(part), parts)
        answers: list[Arrays] = [{}] * len(inputs)
        for batch, outputs in zip(batches, answered, strict=True):
            for index, output in zip(batch, outputs, strict=True):
                answers[index] = output
        return answers

    def __getattr__(self, name: str) -> Any:
        return getattr(self.predictor, name)
