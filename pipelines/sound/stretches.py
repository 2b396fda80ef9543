"""Stretches of recordings as examples: rows of tables, silence cut from noise, windows of recordings without the words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pipelines.sound.config import Settings
from pipelines.sound.formats import noise_files, sound_files
from suite.data.clips import ClipFacts, inspect_clips
from suite.data.examples import Example, Problem
from suite.errors import UserError

SILENCE, UNKNOWN = "_silence_", "_unknown_"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a recording, from `start` to `end` in seconds."""

    path: Path
    start: float
    end: float

    def __str__(self) -> str:
        return f"{self.path} {self.start:g}-{self.end:g} s"


def silent_rows(root: Path, rows: Sequence[Example], settings: Settings) -> list[Example]:
    """Return clips of `_silence_`, cut evenly over the recordings of background noise, where they are asked for.

    Where the data names parts, the last tenths of each recording are dev and test.
    """
    files = noise_files(root) if settings.silence_fraction else []
    if any(row.target == SILENCE for row in rows):
        return []
    count = round(settings.silence_fraction * len(rows) / (1 - settings.silence_fraction))
    silent = _cut(files, root, SILENCE, count, settings.window_seconds)
    if not any(row.part for row in rows):
        return [row for row, _ in silent]
    return [replace(row, part="train" if at < 0.8 else "dev" if at < 0.9 else "test") for row, at in silent]


def negatives_in_train(settings: Settings, known: set[str]) -> tuple[list[Example], list[Problem]]:
    """Return windows of the folders `negatives` as clips of `_unknown_` in train, but those whose names are known already.

    Raises:
        UserError: for a folder that is not there, or holds no recording.
    """
    rows = []
    for root in map(Path, settings.negatives):
        files = sound_files(root)
        if not files:
            raise UserError(f"setting 'negatives': expected folders of recordings. Received: {root}")
        cut = _cut(files, root, UNKNOWN, settings.negative_windows // len(settings.negatives), settings.window_seconds)
        rows += [replace(row, part="train") for row, _ in cut if row.name not in known]
    return inspect_rows(rows)


def _cut(files: Sequence[Path], root: Path, label: str, count: int, size: float) -> list[tuple[Example, float]]:
    """Return some `count` windows of `size` seconds, spread over recordings, and where in its recording each is, 0 to 1."""
    from suite.audio.read import inspect_audio

    rows: list[tuple[Example, float]] = []
    files = files[:: max(1, len(files) // max(1, count))]
    for file in files:
        seconds = inspect_audio(file).duration
        windows = min(max(1, -(-count // len(files))), max(1, int(2 * seconds / size)))
        for start in np.linspace(0, max(seconds - size, 0), windows).tolist():
            name = f"{file.relative_to(root).as_posix()} {start:.2f} s"
            row = Example(name, Stretch(file, start, min(start + size, seconds)), label, None, file.stem)
            rows.append((row, start / max(seconds - size, size)))
    return rows


def inspect_rows(rows: Sequence[Example]) -> tuple[list[Example], list[Problem]]:
    """Return the rows whose files can be used, with key and facts, and what is wrong with the others; no file twice."""
    files = list(dict.fromkeys(_file_of(row) for row in rows))
    facts_of = dict(zip(files, inspect_clips([(str(file), file) for file in files]), strict=True))
    items, problems = [], []
    for row in rows:
        file, place = facts_of[_file_of(row)], row.facts or row.name
        if isinstance(file, Problem):
            problems.append(Problem(place, f"{row.name}: {file.message}" if row.facts else file.message))
        elif not isinstance(row.input, Stretch):
            items.append(replace(row, key=file.digest, facts=replace(file, place=place)))
        elif row.input.start >= file.seconds or (row.input.end > file.seconds + 0.1 and np.isfinite(row.input.end)):
            received = f"{row.input.start:g} to {row.input.end:g} s"
            problems.append(Problem(place, f"expected a stretch within the {file.seconds:.2f} s. Received: {received}"))
        else:
            stretch = replace(row.input, end=min(row.input.end, file.seconds))
            facts = ClipFacts(file.digest, stretch.end - stretch.start, file.notes, place)
            key = f"{file.digest} {stretch.start}-{stretch.end}"
            items.append(replace(row, input=stretch, key=key, facts=facts))
    return items, problems


def _file_of(row: Example) -> Path:
    return row.input.path if isinstance(row.input, Stretch) else row.input
