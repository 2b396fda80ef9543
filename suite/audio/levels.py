"""How loud a recording is, block by block, and what that says of it."""

from dataclasses import dataclass

import numpy as np

CLIPPED_LEVEL, CLIPPED_SHARE = 0.999, 1e-3
SILENT_LEVEL = 1e-3  # -60 dB of full scale
OFFSET_LEVEL = 0.02


@dataclass
class Levels:
    """Levels of the samples so far, full scale at 1.

    Attributes:
        count: How many samples.
        total: Their sum.
        lowest: Of them.
        highest: Of them.
        clipped: How many are at full scale.
    """

    count: int = 0
    total: float = 0.0
    lowest: float = np.inf
    highest: float = -np.inf
    clipped: int = 0

    def add(self, samples: np.ndarray) -> None:
        """Take more samples, float32 `(samples,)` in [-1, 1]; at least one."""
        self.count += len(samples)
        self.total += float(samples.sum(dtype=np.float64))
        self.lowest, self.highest = min(self.lowest, float(samples.min())), max(self.highest, float(samples.max()))
        self.clipped += int(np.count_nonzero(np.abs(samples) >= CLIPPED_LEVEL))

    def notes(self) -> list[str]:
        """Return a sentence for each fault of samples that can be used but may disappoint: silence, clipping, an offset."""
        if not self.count:
            return ["no samples"]
        offset = self.total / self.count
        if max(self.highest - offset, offset - self.lowest) < SILENT_LEVEL:
            return ["silent: nothing above -60 dB of full scale"]
        notes = []
        if self.clipped > CLIPPED_SHARE * self.count:
            notes.append(f"clipped: more than {CLIPPED_SHARE:.1%} of the samples at full scale")
        if abs(offset) > OFFSET_LEVEL:
            notes.append(f"DC offset: the mean is more than {OFFSET_LEVEL:.0%} of full scale")
        return notes
