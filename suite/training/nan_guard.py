"""Stop a fit whose loss is no longer a number, and name the batch."""

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from suite.errors import UserError

MOST_NAMES = 64


class NanGuard(keras.callbacks.Callback):
    """Raises UserError after the first batch whose loss is NaN or infinite.

    Args:
        epoch: Number of the epoch that is fitted, from 0.
        names: `names(epoch, step)` gives the names of the examples of a batch.
    """

    def __init__(self, epoch: int, names: Callable[[int, int], list[str]]) -> None:
        super().__init__()
        self.epoch = epoch
        self.names = names

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        loss = float((logs or {}).get("loss", 0.0))
        if math.isfinite(loss):
            return
        raise _diverged(f"the loss became {loss}", self.epoch, batch, self.names)


def check_weights(model: keras.Model, epoch: int, steps: int, names: Callable[[int, int], list[str]]) -> None:
    """Raise UserError if a weight is NaN or infinite after an epoch: no loss tells of what its last batch did.

    Args:
        model: The model.
        epoch: Number of the epoch, from 0, and `steps`: its batches.
        names: As of `NanGuard`.
    """
    for variable in model.weights:
        value = keras.ops.convert_to_numpy(variable.value)
        if value.dtype.kind == "f" and not np.isfinite(value).all():
            raise _diverged(f"the weights {variable.path} are no longer numbers", epoch, steps - 1, names)


def _diverged(fault: str, epoch: int, batch: int, names: Callable[[int, int], list[str]]) -> UserError:
    examples = names(epoch, batch)
    more = f" and {len(examples) - MOST_NAMES} more" if len(examples) > MOST_NAMES else ""
    return UserError(
        f"{fault} in epoch {epoch + 1}, batch {batch + 1} (examples {', '.join(examples[:MOST_NAMES])}{more}).\n"
        "Look at these examples, or lower learning_rate or clip_norm."
    )
