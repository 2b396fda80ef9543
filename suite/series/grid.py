"""Rows of one series put on a regular grid of steps: what is between steps, doubled, out of order or missing has a name."""

from dataclasses import dataclass

import numpy as np

from suite.series.frequency import Frequency

HOUR = np.timedelta64(3600, "s")


def order_fault(times: np.ndarray, places: list[str] | None = None) -> int | None:
    """Return the first row whose time lies before that of the row above it, or None."""
    falling = np.flatnonzero(np.diff(times) < np.timedelta64(0, "s"))
    return int(falling[0]) + 1 if len(falling) else None


def falls_by_an_hour(times: np.ndarray) -> bool:
    """Return whether times repeat an hour, as clocks do that go back, rather than being out of order."""
    steps = np.diff(times)
    back = steps[steps <= np.timedelta64(0, "s")]
    usual = np.median(steps.astype(np.int64)).astype("timedelta64[s]") if len(steps) else HOUR
    years = 2 + int((times.max() - times.min()) / np.timedelta64(365, "D")) if len(times) else 0
    return 0 < len(back) <= years and bool(np.all(back == usual - HOUR))


def skips_an_hour(times: np.ndarray) -> bool:
    """Return whether all that is missing of rising times is an hour on a Sunday night in spring or autumn, as clocks skip one."""
    steps = np.diff(times)
    usual = np.median(steps.astype(np.int64)).astype("timedelta64[s]")
    wide = np.flatnonzero(steps != usual)
    if usual > HOUR or not len(wide) or not np.all(steps[wide] == usual + HOUR):
        return False
    behind = times[wide + 1]
    sundays = (behind.astype("datetime64[D]").astype(int) + 3) % 7 == 6
    hours = (behind - behind.astype("datetime64[D]")) / HOUR
    months = behind.astype("datetime64[M]").astype(int) % 12 + 1
    return bool(np.all(sundays & (hours <= 4) & np.isin(months, (3, 4, 9, 10))))


@dataclass(frozen=True)
class Grid:
    """Where the rows of a series stand on its regular times.

    Attributes:
        times: Regular ones, datetime64[s] `(time,)`.
        positions: Of each row among them, int64 `(rows,)`, rising.
        between: First row whose time lies between two steps; None where all are on one.
    """

    times: np.ndarray
    positions: np.ndarray
    between: int | None

    @property
    def gaps(self) -> int:
        """Return how many of the regular times have no row."""
        return len(self.times) - len(self.positions)


def lay_grid(times: np.ndarray, frequency: Frequency) -> Grid:
    """Return the regular times from the first to the last of strictly rising ones."""
    positions, on_step = frequency.positions(times, times[0])
    between = np.flatnonzero(~on_step)
    if len(between):
        return Grid(times, np.arange(len(times)), int(between[0]))
    if positions[-1] + 1 == len(times):
        return Grid(times, positions, None)
    return Grid(frequency.step(times[0], np.arange(positions[-1] + 1)), positions, None)


def spread_rows(values: np.ndarray, grid: Grid, missing: float | bool = np.nan) -> np.ndarray:
    """Return values `(rows, ...)` at their places on the grid `(time, ...)`, `missing` in the places without a row."""
    if not grid.gaps:
        return values
    spread = np.full((len(grid.times), *values.shape[1:]), missing, values.dtype)
    spread[grid.positions] = values
    return spread


def fill(values: np.ndarray, how: str) -> np.ndarray:
    """Return values `(time, channels)` with those that are NaN filled.

    Args:
        values: float32; not changed.
        how: `forward`: the value before, of the first ones the next; `interpolate`: on a line between their neighbors, which
            looks ahead; anything else leaves them.
    """
    if how not in ("forward", "interpolate") or not np.isnan(values).any():
        return values
    filled, rows = values.copy(), np.arange(len(values))
    for channel in range(values.shape[1]):
        present = np.flatnonzero(~np.isnan(values[:, channel]))
        if not len(present):
            continue
        if how == "interpolate":
            filled[:, channel] = np.interp(rows, present, values[present, channel])
        else:
            before = np.maximum(np.searchsorted(present, rows, side="right") - 1, 0)
            filled[:, channel] = values[present[before], channel]
    return filled
