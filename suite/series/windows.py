"""Windows of series: which there are, and the numbers of some of them. None is copied before it is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from suite.series.series import Stretch


@dataclass(frozen=True, eq=False)
class Windows:
    """The windows of stretches: each has its first target at a row of a stretch, one row after the other.

    Attributes:
        stretches: Whose rows are targets. A stretch shorter than a horizon has one window, whose targets end with it.
        look_back, horizon: Steps before and from the first target.
        first: For each stretch the row of the first target of its first window, int64 `(stretches,)`.
        offsets: The number of the first window of each stretch, and behind it of all, int64 `(stretches + 1,)`.
    """

    stretches: Sequence[Stretch]
    look_back: int
    horizon: int
    first: np.ndarray
    offsets: np.ndarray

    def __len__(self) -> int:
        """Return the number of windows."""
        return int(self.offsets[-1])

    def locate(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return of windows, by their numbers, the stretch and the row of the first target, both int64 `(windows,)`."""
        places = np.searchsorted(self.offsets, numbers, side="right") - 1
        return places, self.first[places] + numbers - self.offsets[places]

    def histories(self, numbers: np.ndarray) -> np.ndarray:
        """Return the values before windows, float32 `(windows, look_back, channels)`; NaN before the beginning of a series."""
        places, rows = self.locate(numbers)
        return np.stack([self.history(place, row) for place, row in zip(places, rows, strict=True)])

    def history(self, place: int, row: int) -> np.ndarray:
        """Return the values before a row of the series of a stretch, float32 `(look_back, channels)`."""
        return history(self.stretches[place].series.values, row, self.look_back)

    def targets(self, numbers: np.ndarray) -> np.ndarray:
        """Return the values of the horizons of windows, float32 `(windows, horizon, channels)`; NaN behind a stretch."""
        places, rows = self.locate(numbers)
        channels = self.stretches[0].series.values.shape[1]
        targets = np.full((len(numbers), self.horizon, channels), np.nan, np.float32)
        for target, place, row in zip(targets, places, rows, strict=True):
            stretch = self.stretches[place]
            values = stretch.series.values[row : min(row + self.horizon, stretch.stop)]
            target[: len(values)] = values
        return targets


def make_windows(stretches: Sequence[Stretch], look_back: int, horizon: int, least_history: int = 1) -> Windows:
    """Return the windows of stretches, of each at least one that has any row before it.

    Args:
        least_history: Rows that a window is to have before its first target, where a stretch begins with its series and has windows
            with so many.
    """
    first, counts = [], []
    for stretch in stretches:
        last = max(stretch.stop - horizon, stretch.start, 1)
        begin = min(max(stretch.start or least_history, 1), last)
        first.append(begin)
        counts.append(last - begin + 1 if last < stretch.stop else 0)
    offsets = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]).astype(np.int64)
    return Windows(stretches, look_back, horizon, np.array(first, np.int64), offsets)


def history(values: np.ndarray, row: int, look_back: int) -> np.ndarray:
    """Return the rows before a row, `(look_back, columns)`: a view, or where there are fewer a copy with NaN before them."""
    before = values[max(0, row - look_back) : row]
    if len(before) == look_back:
        return before
    filled = np.full((look_back, values.shape[1]), np.nan, values.dtype)
    filled[look_back - len(before) :] = before
    return filled
