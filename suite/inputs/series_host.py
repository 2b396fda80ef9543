"""How a host brings a series to a file: the last rows before a forecast, the time of the last one, what is known ahead."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from suite.series.series import Series, Stretch
from suite.series.windows import history
from suite.signature import Arrays, Host, RawInput

LONGEST = 4096  # rows before a forecast, and behind it, that raw arrays have at most


@dataclass(frozen=True)
class WindowShape:
    """What a model takes of a series.

    Attributes:
        look_back, horizon: Rows before the first value to forecast, and values to forecast.
        channels: Values of a row.
        covariates: Their number.
        series: Names of the series that the model tells apart; empty where it does not.
        calendar: Whether it is told the time of the last row.
    """

    look_back: int
    horizon: int
    channels: int
    covariates: int = 0
    series: Sequence[str] = ()
    calendar: bool = False


def origin(stretch: Stretch) -> int:
    """Return the first row to forecast: the first of a stretch, of one without history its middle."""
    return stretch.start or max(1, stretch.stop // 2)


def raw_arrays(stretch: Stretch, settings: Any) -> Arrays:
    """Return a stretch as what can be known of it before its first row.

    Returns:
        `values` float32 `(rows, channels)`, NaN where one is missing; `time` int32, the minutes from 1970 to the last of these
        rows by the clock of the setting `time_zone`; `name` of the series; with covariates also `covariates` float32
        `(rows + rows ahead, covariates)`, 0 where they are not known.
    """
    row = origin(stretch)
    return arrays_before(stretch.series, row, settings.look_back or LONGEST, LONGEST, settings)


def arrays_before(series: Series, row: int, rows: int, ahead: int, settings: Any) -> Arrays:
    """Return what `raw_arrays` does of a series before a row: at most so many rows, covariates at most so many steps ahead."""
    first = max(0, row - rows)
    arrays: Arrays = {
        "values": series.values[first:row],
        "time": minutes(series, row - 1, settings.time_zone),
        "name": np.array(series.name),
    }
    known = covariates(series, first, row, row + ahead)
    return arrays if known is None else arrays | {"covariates": known}


def minutes(series: Series, row: int, time_zone: str | None) -> np.int32:
    """Return the minutes from 1970 to a row of a series, by the clock of a zone."""
    seconds = int(series.times[row].astype("datetime64[s]").astype(np.int64))
    if time_zone is not None and not series.frequency.by_day:
        offset = datetime.fromtimestamp(seconds, UTC).astimezone(ZoneInfo(time_zone)).utcoffset()
        seconds += int(offset.total_seconds()) if offset is not None else 0
    return np.int32(np.clip(seconds // 60, -(2**31), 2**31 - 1))


def covariates(series: Series, first: int, row: int, stop: int) -> np.ndarray | None:
    """Return the covariates of rows, float32 `(rows, covariates)`: past ones up to `row`, future ones, static ones; or None.

    Rows end with `stop`, or where the future covariates do; where something is not known there is a 0.
    """
    parts = []
    if series.future is not None:
        stop = min(stop, max(row, len(series.future)))
    if series.past is not None:
        past = np.zeros((stop - first, series.past.shape[1]), np.float32)
        past[: row - first] = series.past[first:row]
        parts.append(past)
    if series.future is not None:
        parts.append(series.future[first:stop])
    if series.static is not None:
        parts.append(np.broadcast_to(series.static, (stop - first, len(series.static))))
    return np.nan_to_num(np.concatenate(parts, axis=1).astype(np.float32, copy=False)) if parts else None


def window(arrays: Arrays, shape: WindowShape) -> Arrays:
    """Return raw arrays as a model of a shape takes them: so many rows, NaN before the beginning of a series."""
    rows = len(arrays["values"])
    fed: Arrays = {"values": history(arrays["values"], rows, shape.look_back)}
    if shape.calendar:
        fed["time"] = arrays["time"]
    if shape.covariates:
        known = arrays["covariates"]
        ahead = np.zeros((shape.horizon, shape.covariates), np.float32)
        of_horizon = known[rows : rows + shape.horizon]
        ahead[: len(of_horizon)] = of_horizon
        fed["covariates"] = np.concatenate([np.nan_to_num(history(known, rows, shape.look_back)), ahead])
    if shape.series:
        name = str(arrays["name"])
        fed["series"] = np.int32(shape.series.index(name) + 1 if name in shape.series else 0)
    return fed


def series_inputs(shape: WindowShape, time_zone: str | None) -> dict[str, RawInput]:
    """Return the inputs of a signature that forecasts."""
    rows = f"the last {shape.look_back} rows, oldest first; NaN where a value is missing and before the beginning"
    inputs = {
        "values": RawInput(
            "float32", (shape.look_back, shape.channels), f"raw values, {rows}", chunk=(1, shape.channels)
        )
    }
    if shape.calendar:
        clock = f"the clock of {time_zone or 'UTC'}"
        meaning = f"minutes from 1970 to the last row by {clock}; the calendar of all steps is computed from it"
        inputs["time"] = RawInput("int32", (), meaning)
    if shape.covariates:
        steps = shape.look_back + shape.horizon
        meaning = (
            f"covariates of the {shape.look_back} rows and of the {shape.horizon} steps behind them, 0 where unknown"
        )
        inputs["covariates"] = RawInput("float32", (steps, shape.covariates), meaning)
    if shape.series:
        inputs["series"] = RawInput("int32", (), "number of the series, counted from 1; 0 is any other")
    return inputs


def series_host(shape: WindowShape) -> Host:
    """Return the host's part of a signature with `series_inputs`."""
    return Host(prepare=lambda arrays, predictor: window(arrays, shape), stream=partial(_stream, shape))


def _stream(shape: WindowShape, runner: Any, arrays: Arrays) -> Arrays:
    """Return the answer after the last row: the stream begins with the rows before the last two, which are fed."""
    rows = arrays["values"]
    present = np.flatnonzero(np.isfinite(rows).any(axis=1))
    first = present[0] if len(present) else len(rows) - 1
    fed = max(first, len(rows) - 2)
    before = np.concatenate([rows[fed:], rows[:fed]])  # as many rows as a window has, the newest of them behind
    runner.prime({"rows": before, "count": fed - first})
    answer: Arrays = {}
    for row in range(fed, len(rows)):
        answer = runner.run(arrays | {"values": rows[row : row + 1]})
    return answer
