"""Stop a fit whose loss is no longer a number, and name the batch."""

import math
from collections.abc import Callable

import keras

from suite.errors import UserError

MOST_NAMES = 64


class NanGuard(keras.callbacks.Callback):
    """Raises UserError after the first batch whose loss is NaN or infinite.

    Args:
        epoch: Number of the epoch that is fitted, from 0.
        names: `names(epoch, step)` gives the names of the examples of a batch.
    """

    def __init__(self, epoch: int, names: Callable[[int, int], list[str]]):
        super().__init__()
        self.epoch = epoch
        self.names = names

    def on_train_batch_end(self, batch, logs=None):
        loss = float((logs or {}).get("loss", 0.0))
        if math.isfinite(loss):
            return
        names = self.names(self.epoch, batch)
        shown = ", ".join(names[:MOST_NAMES]) + (
            f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
        )
        raise UserError(
            f"the loss became {loss} in epoch {self.epoch + 1}, batch {batch + 1} (examples {shown}).\n"
            "Look at these examples, or lower learning_rate or clip_norm."
        )
