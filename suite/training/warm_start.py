"""Begin from the weights of another trained model (`--init`)."""

import re
from collections import Counter
from typing import TYPE_CHECKING

from suite.artifact import Artifact, load_model
from suite.errors import UserError

if TYPE_CHECKING:
    import keras


def copy_weights(source: Artifact, model: "keras.Model") -> tuple[int, list[str]]:
    """Copy every weight that both models have at the same place with the same shape.

    A place is the end of a path (Keras leaves out the beginning for wrapped layers of a loaded model), without the numbers
    that Keras appends to names it has given before, and which of the weights of that name it is.

    Returns:
        How many were copied, and the paths of those of `model` that keep their fresh values (other classes, other sizes).

    Raises:
        UserError: if no weight fits.
    """
    values = {place: variable.numpy() for place, variable in _places(load_model(source).weights)}
    fresh = []
    for place, variable in _places(model.weights):
        value = values.get(place)
        if value is not None and tuple(value.shape) == tuple(variable.shape):
            variable.assign(value)
        else:
            fresh.append(variable.path)
    copied = len(model.weights) - len(fresh)
    if not copied:
        raise UserError(
            f"--init {source.path}: none of its weights fits this model; train with the settings of that model"
        )
    return copied, fresh


def _places(weights) -> list[tuple[tuple[str, int], "keras.Variable"]]:
    seen: Counter[str] = Counter()
    placed = []
    for variable in weights:
        path = "/".join(re.sub(r"_\d+(?=/|$)", "", variable.path).split("/")[-3:])
        placed.append(((path, seen[path]), variable))
        seen[path] += 1
    return placed
