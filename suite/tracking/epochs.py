"""What a run tells the store after its epochs besides their figures: a picture now and then, the use of the machine."""

import math
import time
from pathlib import Path

from suite.pipeline import Evaluation
from suite.tracking.machine import Machine
from suite.tracking.outbox import Entry, Outbox
from suite.tracking.pictures import shown_pictures, write_pictures
from suite.training.state import Epoch

PICTURES = 10  # of one run at most, spread over the epochs that it may have
PICTURE_SECONDS = 10.0  # between two pictures, at least
PICTURE_SHARE = 0.03  # of the time since the one before: confusions of two classes take 0.2 s, of 26 some seconds


class EpochExtras:
    """Logs the first picture of what the dev part came to, step by step, and what `machine` sampled.

    Args:
        outbox: Of the run.
        epochs: How many epochs there may be.
        samples: Whether pictures may show inputs.
        machine: None logs nothing of it.
    """

    def __init__(self, outbox: Outbox, epochs: int, samples: bool, machine: Machine | None) -> None:
        self.outbox = outbox
        self.epochs = epochs
        self.every = math.ceil(epochs / PICTURES)
        self.samples = samples
        self.machine = machine
        self.evaluation: Evaluation | None = None
        self.due = time.monotonic() + PICTURE_SECONDS

    def scored(self, evaluation: Evaluation) -> dict[str, float]:
        """Remember the evaluation of the epoch that is ending; return its metrics."""
        self.evaluation = evaluation
        return evaluation.metrics

    def log(self, epoch: Epoch) -> None:
        """Log what belongs to an epoch that has ended."""
        points = self.machine.take() if self.machine is not None else []
        if points:
            self.outbox.add(f"machine-{epoch.number:04d}", Entry(points=points))
        last = epoch.number + 1 == self.epochs  # the picture of the kept weights follows, with the same step
        if last or epoch.number % self.every or time.monotonic() < self.due:
            return
        pictures = shown_pictures(self.evaluation, self.samples) if self.evaluation is not None else {}
        if not pictures:
            return
        name, draw = next(iter(pictures.items()))

        def write(folder: Path) -> None:
            (folder / "val").mkdir()
            write_pictures(folder / "val", {name: draw})

        step, begun = epoch.number + 1, time.monotonic()
        self.outbox.add(f"picture-{epoch.number:04d}", Entry(step=step, write=write, images=(f"val/{name}.png",)))
        ended = time.monotonic()
        self.due = ended + max(PICTURE_SECONDS, (ended - begun) / PICTURE_SHARE)
