"""Which rows of a batch one of several workers computes: contiguous, every row in exactly one share."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Share:
    """The share of worker number `worker`, from 0, of `workers`."""

    worker: int = 0
    workers: int = 1

    def rows(self, count: int) -> slice:
        """Return the rows of this share of `count` rows; shares differ by one row at most and may be empty."""
        return slice(count * self.worker // self.workers, count * (self.worker + 1) // self.workers)


WHOLE = Share()
