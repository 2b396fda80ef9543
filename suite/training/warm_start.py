"""Begin from the weights of another trained model (`--init`)."""

from typing import TYPE_CHECKING

from suite.artifact import Artifact, load_model
from suite.errors import UserError

if TYPE_CHECKING:
    import keras


def copy_weights(source: Artifact, model: "keras.Model") -> tuple[int, list[str]]:
    """Copy every weight that both models have under the same path with the same shape.

    Returns:
        How many were copied, and the paths of those of `model` that keep their fresh values (other classes, other sizes).

    Raises:
        UserError: if no weight fits.
    """
    values = {variable.path: variable.numpy() for variable in load_model(source).weights}
    fresh = []
    for variable in model.weights:
        value = values.get(variable.path)
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
