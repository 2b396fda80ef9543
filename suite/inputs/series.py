"""Input kind `series`: tables of numbers over time, each of their series an input."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from suite.errors import UserError
from suite.inputs.kind import FileContents, Input, InputKind
from suite.inputs.sent import Sent
from suite.inputs.series_host import covariates
from suite.inputs.series_host import raw_arrays as stretch_arrays
from suite.pipeline import spread
from suite.series.frequency import parse_frequency
from suite.series.series import Series, Stretch
from suite.series.times import parse_time
from suite.signature import Arrays

ARRAY = "array"  # the name of a series that came as numbers alone


def read_path(path: Path, settings: Any, encoding: str | None = None) -> Iterator[Input]:
    """Yield the series that a file or folder holds; what cannot be read becomes an input with an error."""
    from suite.data.series_reading import read_source

    try:
        # What is sent as bytes has no ending: it is a csv.
        read, _, _ = read_source(path, settings, None if path.is_dir() or path.suffix else "csv")
    except UserError as error:
        yield Input(str(path), error=str(error))
        return
    yield from (Input(series.name, series) for series in read.series)
    yield from (Input(problem.name, error=f"{problem.name}: {problem.message}") for problem in read.problems)


def raw_arrays(raw_input: Any, settings: Any) -> Arrays:
    """Return what comes before the first value to forecast of a series, a stretch or a path, as `series_host.raw_arrays`."""
    return stretch_arrays(as_stretch(raw_input, settings), settings)


def as_stretch(raw_input: Any, settings: Any, since: str | None = None) -> Stretch:
    """Return a raw input as a stretch whose first row is the first to forecast.

    Args:
        raw_input: A series, to be continued beyond its end; a stretch, as it is; the path of a table of one series; or an
            array `(time,)` or `(time, channels)` of numbers without times.
        since: The time, or the number of the row, of the first row to forecast.

    Raises:
        UserError: for a path that cannot be read or holds several series, or a time outside of the series.
    """
    if isinstance(raw_input, Stretch):
        return raw_input
    series = raw_input if isinstance(raw_input, Series) else _series(raw_input, settings)
    return Stretch(series, len(series) if since is None else _row_since(series, since, settings), len(series))


def as_trained(stretch: Stretch, assets: dict[str, Any]) -> Stretch:
    """Return a stretch as a model takes it: its channels by their names; of one channel, and of an array, the name does not count.

    Args:
        assets: Of the model: `channels`, `frequency`, `covariates`.

    Raises:
        UserError: if the series lacks a channel or covariates, or has another step.
    """
    series, channels = stretch.series, tuple(assets["channels"])
    if series.frequency.code not in (assets["frequency"], "row"):
        raise UserError(
            f"{series.name}: expected a row every {assets['frequency']}, as in training; --set frequency=row at training "
            f"counts rows whatever their times. Received: {series.frequency.code}"
        )
    known = covariates(series, 0, 1, 1)
    if (0 if known is None else known.shape[1]) != len(assets["covariates"]):
        received = "none" if known is None else f"{known.shape[1]}"
        raise UserError(
            f"{series.name}: expected the covariates {', '.join(assets['covariates'])}. Received: {received}"
        )
    places = {channel: place for place, channel in enumerate(series.channels)}
    nameless = len(places) == len(channels) and (len(channels) == 1 or series.name == ARRAY)
    if series.channels == channels or nameless:
        return stretch
    if not set(channels) <= places.keys():
        expected = ", ".join(channels)
        raise UserError(f"{series.name}: expected the channels {expected}. Received: {', '.join(series.channels)}")
    values = series.values[:, [places[channel] for channel in channels]]
    return replace(stretch, series=replace(series, values=values, channels=channels))


def _series(raw_input: Any, settings: Any) -> Series:
    if isinstance(raw_input, str | os.PathLike):
        inputs = list(read_path(Path(raw_input), settings))
        if inputs[0].error is not None:
            raise UserError(inputs[0].error)
        if len(inputs) > 1:
            raise UserError(
                f"{raw_input}: expected one series. Received: {len(inputs)}; `suite.data.series_reading.read_source` gives each"
            )
        return inputs[0].raw
    values = np.asarray(raw_input, np.float32)
    if values.ndim not in (1, 2) or not len(values):
        raise UserError(f"expected numbers (time,) or (time, channels). Received: an array of shape {values.shape}")
    values = values.reshape(len(values), -1)
    frequency = parse_frequency(settings.frequency or "row", settings.season)
    times = frequency.step(np.datetime64(0, "s"), np.arange(len(values)))
    return Series(ARRAY, times, values, tuple(map(str, range(values.shape[1]))), frequency)


def _row_since(series: Series, since: str, settings: Any) -> int:
    """Return the first row at or after a time, or the row of a number."""
    behind = np.datetime64(series.frequency.step(series.times[-1], 1).item(), "s")
    if since.isdecimal() and (series.frequency.unit == "row" or len(since) != 4):
        row = int(since)
    else:
        time = parse_time(since, settings.time_zone, series.frequency)
        row = int(np.searchsorted(series.times, time)) if time <= behind else len(series) + 1
    if not 1 <= row <= len(series):
        first, last = series.frequency.written(series.times[0]), series.frequency.written(behind)
        raise UserError(f"--since: expected a time behind {first} and not behind {last}. Received: {since}")
    return row


def page(contents: FileContents) -> tuple[dict[str, Any], str] | None:
    """Return what the page needs of rows of fixed number; None where the file takes other inputs."""
    values = contents.inputs.get("values")
    if values is None or values["dtype"] != "float32" or len(values["shape"]) != 3:
        return None
    if set(contents.inputs) - {"values", "time"}:
        return None
    _, rows, channels = values["shape"]
    known = {name: contents.front_end.get(name) for name in ("channels", "frequency", "time_zone")}
    fact = f"the last {rows:,} rows of {channels} column{'s' if channels > 1 else ''} of numbers"
    return {"rows": rows, "columns": channels, "calendar": "time" in contents.inputs, **known}, fact


def example_table(settings: Any) -> bytes:
    """Return a csv file: a column of numbers without times, a season of 24 steps."""
    steps = np.arange(240)
    return "\n".join(["y", *(f"{value:.3f}" for value in 10 + 3 * np.sin(2 * np.pi * steps / 24)), ""]).encode()


def several(stretches: Sequence[Stretch], count: int) -> list[Stretch]:
    """Return `count` stretches that begin at rows spread evenly over all of them, as many as there are rows at most."""
    ends = np.cumsum([max(len(stretch), 1) for stretch in stretches])
    total = int(ends[-1]) if len(ends) else 0
    chosen = []
    for number in spread(range(total), count):
        place = int(np.searchsorted(ends, number, side="right"))
        stretch = stretches[place]
        row = stretch.start + number - (int(ends[place - 1]) if place else 0)
        chosen.append(Stretch(stretch.series, max(row, 1), stretch.stop))
    return chosen


SERIES = InputKind(
    "series",
    "id_column",
    read_path,
    page,
    raw_arrays,
    sent=Sent(1, lambda array: array.astype(np.float32), example_table),
    raw_types=(Series, Stretch),
    several=several,
)
