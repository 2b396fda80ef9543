"""Parts and folds of series by time: training ends before dev begins, and dev before test, in every series."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from suite.data.duplicates import describe_duplicates
from suite.data.examples import Example, Examples
from suite.data.splits import assign_parts as assign_whole
from suite.errors import UserError
from suite.series.series import Series, Stretch
from suite.series.sizes import default_horizon
from suite.series.times import parse_time

LEAST_TRAINING = 2  # horizons that a series must have before its dev part, to have one


class PartSettings(Protocol):
    """The settings by which series are cut; `pipelines/forecasting/config.py` says what each of them means."""

    @property
    def split_by(self) -> str: ...
    @property
    def train_until(self) -> str | None: ...
    @property
    def dev_until(self) -> str | None: ...
    @property
    def dev_fraction(self) -> float: ...
    @property
    def test_fraction(self) -> float: ...
    @property
    def horizon(self) -> int | None: ...
    @property
    def time_zone(self) -> str | None: ...
    @property
    def fold_step(self) -> int | None: ...
    @property
    def fold_refit(self) -> bool: ...


def stretch_example(series: Series, start: int, stop: int, part: str | None = None) -> Example:
    """Return the example of some rows of a series; its group is the series."""
    stretch = Stretch(series, start, stop)
    return Example(stretch.name, stretch, None, part, series.name, stretch.key)


def assign_parts(examples: Examples, settings: Any) -> Examples:
    """Return examples with a part each: with `split_by: time` every series is cut, else whole series are drawn.

    Rows that the data names as test stay so. Of the others dev is the end, and before it, where the data names no test, test is
    the very end: from `train_until` and `dev_until`, else by `dev_fraction` and `test_fraction`, but a horizon at least. A series
    too short for that is training alone, or training and test. A part's targets lie within it, so that the last training window
    begins a horizon before dev; what lies before a part is history that its windows may read.

    Raises:
        UserError: if a border is no time or row, or nothing is left for training.
    """
    if settings.split_by != "time":
        return assign_whole(examples, settings)
    named = frozenset(example.part for example in examples.items if example.part)
    items: list[Example] = []
    uncut = 0
    for example in examples.items:
        stretch: Stretch = example.input
        if example.part not in (None, "train"):
            items.append(example)
            continue
        borders = _borders(stretch, settings, draw_test="test" not in named)
        uncut += len(borders) < 2
        begin = stretch.start
        for part, end in borders:
            if end > begin:
                items.append(stretch_example(stretch.series, begin, end, part))
            begin = max(begin, end)
    if not any(example.part == "train" for example in items) and any(
        example.part in (None, "train") for example in examples.items
    ):
        raise UserError(
            f"{examples.path}: expected rows before dev and test to train on. Received: none; see 'train_until'"
        )
    notes = [*examples.notes, *_describe(items, uncut), *describe_duplicates(examples.items)]
    return replace(
        examples, items=tuple(items), named_parts=named, notes=tuple(notes), whole=examples.whole or examples.items
    )


def _borders(stretch: Stretch, settings: PartSettings, draw_test: bool) -> list[tuple[str, int]]:
    """Return the parts of a stretch in order, each with the row at which it ends."""
    series, end = stretch.series, stretch.stop
    if settings.train_until is not None or settings.dev_until is not None:
        dev_end = _row(series, settings.dev_until, settings, "dev_until")
        dev_end = end if dev_end is None else min(max(dev_end, stretch.start), end)
        train_end = _row(series, settings.train_until, settings, "train_until")
        if train_end is None:
            share = round(settings.dev_fraction * (dev_end - stretch.start))
            train_end = dev_end - (max(share, horizon_of([series], settings)) if settings.dev_fraction else 0)
        train_end = min(max(train_end, stretch.start), end)
        if train_end > dev_end:
            raise UserError(
                f"setting 'train_until': expected a time before 'dev_until'. Received: {settings.train_until} and {settings.dev_until}"
            )
        if settings.dev_until is None and settings.test_fraction and draw_test:
            test = max(round((end - train_end) * _share(settings.test_fraction, settings.dev_fraction)), 0)
            dev_end = end - test
        return [("train", train_end), ("dev", dev_end), ("test", end)]
    rows = len(stretch)
    horizon = horizon_of([series], settings)
    test = max(round(settings.test_fraction * rows), horizon) if draw_test and settings.test_fraction else 0
    dev = max(round(settings.dev_fraction * (rows - test)), horizon) if settings.dev_fraction else 0
    if rows - test - dev < LEAST_TRAINING * horizon:
        dev = 0
    if rows - test < LEAST_TRAINING * horizon:
        test = 0
    cut = [("train", end - test - dev), ("dev", end - test), ("test", end)]
    return [part for part, size in zip(cut, (1, dev, test), strict=True) if size]


def _share(test: float, dev: float) -> float:
    return test / (test + dev)


def horizon_of(series: Sequence[Series], settings: PartSettings) -> int:
    """Return the steps that a forecast of these series has: of the setting, else as is usual for the first one's frequency."""
    rows = int(np.median([len(one) for one in series]))
    return settings.horizon or default_horizon(series[0].frequency, rows)


def _row(series: Series, border: str | None, settings: PartSettings, setting: str) -> int | None:
    """Return the first row at or after a border: a time, or the number of a row."""
    if border is None:
        return None
    if border.isdecimal() and not _is_year(border, series):
        return min(int(border), len(series))
    try:
        time = parse_time(border, settings.time_zone, series.frequency)
    except UserError as error:
        raise UserError(f"setting {setting!r}: {error}") from error
    return int(np.searchsorted(series.times, time))


def _is_year(border: str, series: Series) -> bool:
    """Return whether a number is a year in which, or right behind which, a series has rows: else it numbers a row."""
    if series.frequency.unit == "row" or len(border) != 4:
        return False
    first, last = series.times[[0, -1]].astype("datetime64[Y]").astype(int) + 1970
    return bool(first <= int(border) <= last + 1)


def _describe(items: Sequence[Example], uncut: int) -> list[str]:
    """Return sentences on where parts begin, and how many series are too short to have all of them."""
    notes = []
    if len({example.group for example in items}) == 1:
        spans = []
        for example in items:
            stretch: Stretch = example.input
            times, written = stretch.series.times, stretch.series.frequency.written
            span = f"{written(times[stretch.start])} to {written(times[stretch.stop - 1])}"
            spans.append(f"{example.part} {span} ({len(stretch):,} rows)")
        notes.append(f"Split by time: {', '.join(spans)}.")
    else:
        rows = {
            part: sum(len(example.input) for example in items if example.part == part)
            for part in ("train", "dev", "test")
        }
        counts = ", ".join(f"{part} {count:,} rows" for part, count in rows.items() if count)
        notes.append(f"Split by time within each series: {counts}.")
    if uncut:
        notes.append(f"{uncut:,} series {'is' if uncut == 1 else 'are'} too short for a dev or test part.")
    return notes


def folds(examples: Examples, count: int, settings: Any) -> list[Examples]:
    """Return rolling origins: in fold i each series is trained on up to its i-th origin, and dev is what follows it.

    Of what is not test, the last half is walked through: `count` dev parts end to end, or `fold_step` rows apart. With
    `fold_refit: false` all folds train on what lies before the first origin. Rows behind a fold's dev part are in no part of it.

    Raises:
        UserError: if count is under 2, or no series is long enough.
    """
    if count < 2:
        raise UserError(f"--folds: expected at least 2. Received: {count}")
    cut: list[list[Example]] = [[] for _ in range(count)]
    spans: dict[str, list[Stretch]] = {}
    for example in examples.items:
        if example.part == "test":
            for fold in cut:
                fold.append(example)
        else:
            spans.setdefault(example.group or "", []).append(example.input)
    walked = 0
    for stretches in spans.values():
        series = stretches[0].series
        begin, end = min(stretch.start for stretch in stretches), max(stretch.stop for stretch in stretches)
        horizon = horizon_of([series], settings)
        size = max((end - begin) // 2 // count, horizon) if settings.fold_step is None else horizon
        step = settings.fold_step or size
        origins = [end - size - step * (count - 1 - fold) for fold in range(count)]
        short = origins[0] - begin < LEAST_TRAINING * horizon
        walked += not short
        for number, fold in enumerate(cut):
            if short:
                fold += [stretch_example(series, begin, origins[0], "train")] if origins[0] > begin else []
                continue
            fold.append(stretch_example(series, begin, origins[number if settings.fold_refit else 0], "train"))
            fold.append(stretch_example(series, origins[number], origins[number] + size, "dev"))
    if not walked:
        longest = max((example.input.series for example in examples.items), key=len)
        raise UserError(
            f"--folds: expected series long enough for {count} origins. Received: {len(longest):,} rows at most; use fewer folds "
            "or a smaller horizon"
        )
    return [replace(examples, items=tuple(fold), named_parts=examples.named_parts & {"test"}) for fold in cut]
