"""One series of numbers over time, and the stretch of it that an example is about."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from suite.series.frequency import Frequency


@dataclass(frozen=True)
class Series:
    """One series: of a long table what one `unique_id` has, of a wide one all columns as channels.

    Attributes:
        name: The `unique_id`, or the file's name without its ending.
        times: datetime64[s] `(time,)`, UTC, strictly rising, a step of `frequency` apart; true times that are not regular
            where rows are taken as steps (`frequency: row`), row numbers as seconds where the data has no times. At a
            frequency of days or longer they are dates as the data has them, in no zone.
        values: float32 `(time, channels)`; NaN is missing (with `missing: mask` alone).
        channels: Names of the channels.
        frequency: How far a step is, and after how many a season begins anew.
        past: float32 `(time, past covariates)`, known up to now; None without.
        future: float32 `(time + further rows, future covariates)`, known ahead; None without.
        static: float32 `(static covariates,)`; None without.
        anomalies: bool `(time,)`, which rows the data marks as anomalous; None where it marks none.
    """

    name: str
    times: np.ndarray
    values: np.ndarray
    channels: tuple[str, ...]
    frequency: Frequency
    past: np.ndarray | None = None
    future: np.ndarray | None = None
    static: np.ndarray | None = None
    anomalies: np.ndarray | None = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.times)

    def __str__(self) -> str:
        """Return name, rows and channels, for people."""
        return f"{self.name}: {len(self):,} rows of {', '.join(self.channels)}"

    @cached_property
    def digest(self) -> str:
        """Return a SHA-256 of times, values and all else but the names."""
        hashed = hashlib.sha256(self.frequency.code.encode())
        for array in (self.times, self.values, self.past, self.future, self.static, self.anomalies):
            if array is not None:
                hashed.update(f"{array.dtype.str}{array.shape}".encode())
                hashed.update(np.ascontiguousarray(array).tobytes())
        return hashed.hexdigest()


@dataclass(frozen=True)
class Stretch:
    """The rows of a series whose values an example is to forecast: targets lie in `[start, stop)`, rows before are history."""

    series: Series
    start: int
    stop: int

    def __len__(self) -> int:
        """Return the number of rows that may be targets."""
        return self.stop - self.start

    def __str__(self) -> str:
        """Return the series and the times of the rows, for people."""
        if self.start >= self.stop:
            return f"{self.series.name}, behind its end"
        first, last = (self.series.frequency.written(self.series.times[row]) for row in (self.start, self.stop - 1))
        return f"{self.series.name}, {first} to {last}"

    @property
    def name(self) -> str:
        """Return the series and the rows, as `"H1@0:700"`."""
        return f"{self.series.name}@{self.start}:{self.stop}"

    @property
    def key(self) -> str:
        """Return what stands for the content: of a whole series its digest, of a part of it the rows too."""
        whole = self.start == 0 and self.stop == len(self.series)
        return self.series.digest if whole else f"{self.series.digest}@{self.start}:{self.stop}"
