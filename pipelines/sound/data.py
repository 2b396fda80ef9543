"""Files on disk -> examples (every documented format) -> assets -> batches of samples and classes."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.sound.augmentation import augment, is_augmented, longest, mix, read_noise
from pipelines.sound.config import Settings
from pipelines.sound.formats import FORMATS, NOISE_FOLDER, finders
from pipelines.sound.stretches import SILENCE, UNKNOWN, Stretch, inspect_rows, negatives_in_train, silent_rows
from suite.data.cells import cell_text, label_fault, missing_notes
from suite.data.clip_batches import ClipPart, clip_batches
from suite.data.clips import describe_clips, describe_durations
from suite.data.examples import Example, Examples, Problem
from suite.data.faults import require_examples
from suite.data.formats import choose_format
from suite.data.labels import check_labels, natural_order
from suite.data.manifest import Columns, path_fault, read_manifest
from suite.data.sources import SourceFile
from suite.data.stable_hash import content, stable_share
from suite.inputs import recordings
from suite.pipeline import BatchSource, draw, spread

if TYPE_CHECKING:
    from suite.audio.cache import AudioCache

MOST_MEASURED = 1000  # training clips that feature statistics are taken from
PICTURED = 4


def read(path: Path | str, settings: Settings, format: str | None = None) -> Examples:
    """Return the examples of a data set, and what is wrong with the rest as problems and notes.

    Every file is decoded once, to its end. An example's input is a file's path or a `Stretch` of it, its target the label
    as `keywords` has it, its key the SHA-256 of the file (and the stretch), its facts what the file says (`ClipFacts`).

    Args:
        format: One of `FORMATS`; by default recognised from the files.

    Raises:
        UserError: if the path, a table, its columns or a list is at fault, a class folder is empty, or no clip can be used.
    """
    path = Path(path)
    format, listing = choose_format(path, finders(settings), FORMATS, format)
    rows, problems = (
        _rows_of_tables(listing.sources, settings) if format == "manifest" else _rows_of_files(listing.sources)
    )
    rows = _keywords_alone(rows, settings)
    rows += silent_rows(path, rows, settings)
    items, faults = inspect_rows(rows)
    problems += faults
    require_examples(items, path, problems, "usable clip")
    labels = Counter(example.target for example in items)
    notes = [*listing.notes, *(missing_notes(labels) if format == "manifest" else []), *describe_clips(items)]
    notes += [f"No clip has the label {word!r} of 'keywords'." for word in settings.keywords if word not in labels]
    if settings.silence_fraction and SILENCE not in labels:
        notes.append(f"No clip of {SILENCE} was cut: there is no folder {NOISE_FOLDER} with recordings.")
    return Examples(tuple(items), path, format, listing.reason, problems=tuple(problems), notes=tuple(notes))


def _rows_of_files(sources: Sequence[SourceFile]) -> tuple[list[Example], list[Problem]]:
    return [Example(source.name, source.path, source.label, source.part, source.group) for source in sources], []


def _rows_of_tables(sources: Sequence[SourceFile], settings: Settings) -> tuple[list[Example], list[Problem]]:
    groups = tuple(name for name in ("group", "speaker") if name != settings.label_column)
    columns = Columns("audio_column", "label_column", groups, optional=("start", "end"))
    rows, problems = [], []
    for source in sources:
        cells, faults = read_manifest(source, settings, columns, _row_fault)
        problems += faults
        for row in cells:
            name = row.input.strip()
            file, times = source.path.parent / name, _times(row.facts)
            if isinstance(times, str):
                problems.append(Problem(row.name, times))
                continue
            recording = Stretch(file, *times) if times else file
            rows.append(Example(name, recording, cell_text(row.target), row.part, row.group, facts=row.name))
    return rows, problems


def _row_fault(audio: Any, label: Any) -> str | None:
    return path_fault(audio, "an audio file") or label_fault(label)


def _times(cells: dict[str, Any]) -> tuple[float, float] | str | None:
    """Return start and end in seconds, None where a row names neither, or what is wrong with them."""
    texts = [cell_text(cells.get(name)) for name in ("start", "end")]
    if texts == [None, None]:
        return None
    try:
        start, end = float(texts[0] or 0), float(texts[1]) if texts[1] else np.inf
    except ValueError:
        return f"expected start and end in seconds. Received: {texts[0]!r} and {texts[1]!r}"
    if not 0 <= start < end:
        return f"expected a start from 0 on and an end after it, in seconds. Received: {texts[0]!r} and {texts[1]!r}"
    return start, end


def _keywords_alone(rows: list[Example], settings: Settings) -> list[Example]:
    """Return the rows with every label that is no keyword as `_unknown_`, of which a share is kept, the same every time."""
    if not settings.keywords:
        return rows
    classes = {*settings.keywords, SILENCE}
    rows = [row if row.target in classes else replace(row, target=UNKNOWN) for row in rows]
    share = settings.unknown_fraction
    return [row for row in rows if row.target != UNKNOWN or stable_share("unknown", row.name) < share]


def check_parts(examples: Examples, settings: Settings, assets: dict[str, Any] | None = None) -> Examples:
    """Return the examples whose labels train holds, or the trained model of `assets`, and how much sound each part has.

    What is to be trained has the windows of `negatives` in train too; they are none of the data that its fingerprint tells.
    """
    if assets is None and settings.negatives and examples.part("train"):
        windows, problems = negatives_in_train(settings, {example.name for example in examples.items})
        examples = replace(
            examples,
            items=(*examples.items, *windows),
            problems=(*examples.problems, *problems),
            whole=examples.whole or examples.items,
        )
    checked = check_labels(examples, assets and assets["labels"])
    durations = [describe_durations(checked.items)] if checked.items else []
    return replace(checked, notes=(*checked.notes, *durations))


def prepare(train: Sequence[Example], settings: Settings, inherited: dict | None = None) -> dict[str, Any]:
    """Return the assets, of the training part alone: `labels`, and where they are needed `feature_mean` and `feature_std`, and
    `voice_weights` and `voice_bias` (`statistics.learn_directions`).

    A warm start keeps the statistics that its weights were learned with.
    """
    inherited = inherited or {}
    assets: dict[str, Any] = {"labels": sorted({example.target for example in train}, key=natural_order)}
    source = batches(draw(train, MOST_MEASURED), assets, settings, False)
    if settings.statistics:
        from pipelines.sound.statistics import learn_directions

        assets |= learn_directions(source.dataset(0), settings)
    if settings.normalization in ("global", "running"):
        from suite.audio.front_end import measure_features

        assets |= measure_features(((inputs["samples"], inputs["length"]) for inputs, _ in source.dataset(0)), settings)
        if len(inherited.get("feature_mean", ())) == len(assets["feature_mean"]):
            assets |= {name: inherited[name] for name in ("feature_mean", "feature_std")}
    return assets


def batches(examples: Sequence[Example], assets: dict, settings: Settings, training: bool) -> BatchSource:
    """Return batches of clips of similar length.

    Inputs: `{"samples": float32 (batch, N), "length": int32 (batch,)}`, samples at the model's rate in [-1, 1], padded with
    zeros. Targets: the number of the class, int32 `(batch,)`; where clips are mixed, the share of each class, float32
    `(batch, classes)`. Training clips are changed as the settings say, which depends on seed, epoch and the clips alone.
    """
    import tensorflow as tf

    samples_of, changed = _reader(examples, settings), training and is_augmented(settings)
    classes, mixed = len(assets["labels"]), training and settings.mixup > 0
    lengths = np.array([max(1, round(example.facts.seconds * settings.sample_rate)) for example in examples])
    targets = np.array([assets["labels"].index(example.target) for example in examples], np.int32)
    heard = _hearing(examples, settings) if changed else lambda epoch, index: samples_of(index)
    clips = ClipPart(
        [example.name for example in examples],
        lengths,
        np.array([longest(int(length), settings) for length in lengths]) if changed else lengths,
        heard,
        lambda indices, fitting: targets[indices],
        tf.TensorSpec((None, classes), tf.float32) if mixed else tf.TensorSpec((None,), tf.int32),
        mix=partial(mix, settings=settings, classes=classes) if mixed else None,
    )
    return clip_batches(clips, settings, settings.step_samples, training)


def _reader(examples: Sequence[Example], settings: Settings) -> Callable[[int], np.ndarray]:
    audio = _cache(settings.sample_rate, settings.cache_megabytes)
    return lambda index: _samples(examples[index].input, audio)


def _hearing(examples: Sequence[Example], settings: Settings) -> Callable[[int, int], np.ndarray]:
    samples_of, noises = _reader(examples, settings), read_noise(settings)
    seeds = [int.from_bytes(hashlib.sha256(content(example).encode()).digest()[:8]) for example in examples]
    return lambda epoch, index: augment(samples_of(index), settings, (epoch, seeds[index]), noises)


def _samples(recording: Path | Stretch, audio: "AudioCache") -> np.ndarray:
    if not isinstance(recording, Stretch):
        return audio.get(recording)
    begin, end = (round(second * audio.sample_rate) for second in (recording.start, recording.end))
    return audio.get(recording.path)[begin : max(end, begin + 1)]


@lru_cache(maxsize=2)
def _cache(sample_rate: int, megabytes: int) -> "AudioCache":
    from suite.audio.cache import AudioCache

    return AudioCache(sample_rate, megabytes)


def raw_arrays(raw_input: recordings.Recording | Stretch, settings: Settings) -> dict[str, Any]:
    """Return a recording as what the signature takes: `samples` float32 `(samples,)` and `length` int32 `()`.

    Args:
        raw_input: The path of an audio file, a stretch of one, or samples at the model's rate, as `suite.audio.samples`
            takes them.

    Raises:
        UserError: if the file or array holds no audio that can be used.
    """
    if isinstance(raw_input, Stretch):
        samples = _samples(raw_input, _cache(settings.sample_rate, settings.cache_megabytes))
        return {"samples": samples, "length": np.int32(len(samples))}
    return recordings.raw_arrays(raw_input, settings)


def training_pictures(examples: Sequence[Example], assets: dict, settings: Settings) -> dict[str, Callable[[], Any]]:
    """Return a picture of some training clips as they are and as the first epoch hears them; none where nothing is changed."""
    if not is_augmented(settings) and not settings.time_masks and not settings.frequency_masks:
        return {}
    return {"augmentation": partial(_draw_augmented, spread(examples, PICTURED), settings)}


def _draw_augmented(examples: Sequence[Example], settings: Settings) -> Any:
    from suite.audio.front_end import draw_heard

    samples_of, heard = _reader(examples, settings), _hearing(examples, settings)
    clips = [(example.name, samples_of(row), heard(0, row)) for row, example in enumerate(examples)]
    return draw_heard(clips, settings)
