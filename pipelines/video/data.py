"""Files on disk -> examples (every documented video format) -> batches of decoded clips."""

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.video.config import Settings
from pipelines.video.formats import FORMATS, finders
from suite.data.bucketing import bucket_lengths, plan_batches
from suite.data.cells import cell_text, label_fault, missing_notes
from suite.data.examples import Example, Examples, Problem
from suite.data.formats import choose_format
from suite.data.inspection import inspect_files
from suite.data.labels import check_labels, natural_order
from suite.data.parts import part_in_column
from suite.data.sources import Source
from suite.data.splits import assign_parts
from suite.data.stable_hash import content
from suite.data.tables import read_table
from suite.errors import UserError, naming
from suite.pipeline import BatchSource
from suite.vision.augment import vary_picture, vary_time
from suite.vision.cache import MOST_THREADS, ClipCache
from suite.vision.read import read_clip, video_info
from suite.vision.sampling import at_rate, sample_indices


def read(path: Path | str, settings: Settings, format: str | None = None, assets: dict | None = None) -> Examples:
    """Return the examples of a data set with their parts, and what is wrong with the rest as problems and notes.

    Every video is decoded once to see that it is whole. `Example.input` is its path, `key` a digest of its bytes.

    Args:
        format: One of `FORMATS`; by default recognised from the files.
        assets: Of the trained model that these examples are to evaluate: its labels are those that can be scored.

    Raises:
        UserError: if the path, a table or its columns are at fault, a class folder is empty, no video can be used, or
            there are not two classes to learn.
    """
    path = Path(path)
    format, listing = choose_format(path, finders(settings), FORMATS, format)
    rows, problems = (
        _rows_of_tables(listing.sources, settings) if format == "manifest" else _rows_of_files(listing.sources)
    )
    digests = inspect_files([(row.name, row.input) for row in rows], _digest_of_whole)
    items = [replace(row, key=key) for row, key in zip(rows, digests, strict=True) if not isinstance(key, Problem)]
    problems += [digest for digest in digests if isinstance(digest, Problem)]
    if not items:
        first = f"the first fault: {problems[0].name}: {problems[0].message}" if problems else "the files hold none"
        raise UserError(f"{path}: expected at least one usable video; {first}")
    notes = list(listing.notes)
    if format == "manifest":
        notes += missing_notes(Counter(example.target for example in items))
    examples = Examples(tuple(items), path, format, listing.reason, problems=tuple(problems), notes=tuple(notes))
    return check_parts(assign_parts(examples, settings), assets)


def check_parts(examples: Examples, assets: dict | None = None) -> Examples:
    """Return the examples whose labels train holds, or the trained model of `assets`; as `check_labels`."""
    return check_labels(examples, assets and assets["labels"])


def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(min(os.cpu_count() or 1, MOST_THREADS))


def _rows_of_files(sources: Sequence[Source]) -> tuple[list[Example], list[Problem]]:
    return [Example(source.name, source.path, source.label, source.part, source.group) for source in sources], []


def _rows_of_tables(sources: Sequence[Source], settings: Settings) -> tuple[list[Example], list[Problem]]:
    rows, problems = [], []
    for source in sources:
        columns = (settings.video_column, settings.label_column)
        table = read_table(source.path, settings.encoding, None, source.name, columns)
        problems += table.problems
        if not table.rows and table.problems:
            continue
        video = table.column(settings.video_column, "video_column")
        label = table.column(settings.label_column, "label_column")
        split, group = table.find_column("split"), table.find_column("group")
        for row in table.rows:
            part = source.part if split is None else part_in_column(row.values.get(split))
            if fault := _path_fault(row.values.get(video)) or label_fault(row.values.get(label)):
                problems.append(Problem(row.name, fault))
            elif part not in (None, "train", "dev", "test"):
                problems.append(Problem(row.name, part))
            else:
                name, target = row.values[video].strip(), cell_text(row.values[label])
                scene = source.group if group is None else cell_text(row.values.get(group))
                rows.append(Example(name, source.path.parent / name, target, part, scene))
    return rows, problems


def _path_fault(value: Any) -> str | None:
    """Return what is wrong with a cell that should name a video file."""
    if value is not None and not isinstance(value, str):
        return f"expected a video. Received: {str(value)[:60]!r} ({type(value).__name__})"
    return None if value is not None and value.strip() else "the video is empty"


def _digest_of_whole(path: Path) -> str:
    """Return the digest of a video file that can be decoded to its end."""
    video_info(path)
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def prepare(train: Sequence[Example], settings: Settings, inherited: dict | None = None) -> dict[str, Any]:
    """Return the assets: `labels`, numbers in numeric order. Nothing but the training part is looked at."""
    return {"labels": sorted({example.target for example in train}, key=natural_order)}


def batches(examples: Sequence[Example], assets: dict, settings: Settings, training: bool) -> BatchSource:
    """Return batches of clips of similar length, decoded by threads ahead of the training.

    A batch is `({"frames": uint8 (batch, time, height, width, channels), "length": int32 (batch,)}, class index
    int32 (batch,))`; after `length` frames a clip is padded with zeros.

    Training batches are augmented as the settings say; what becomes of a clip depends on seed, epoch and the clip alone.
    """
    import tensorflow as tf

    whole = training and settings.sampling == "random"
    cache = _cache(settings, whole)
    paths = [Path(example.input) for example in examples]
    with _threads() as pool:
        counts = [len(_stored(info.times, settings, whole)) for info in pool.map(video_info, paths)]
    longest = min(settings.frames, max(counts, default=1))
    boundaries = bucket_lengths([min(count, longest) for count in counts])
    targets = np.array([assets["labels"].index(example.target) for example in examples], np.int32)
    seeds = [int.from_bytes(hashlib.sha256(content(example).encode()).digest()[:8]) for example in examples]

    def generator_of(index: int, epoch: int, purpose: int) -> np.random.Generator:
        return np.random.default_rng([settings.seed, epoch, seeds[index], purpose])

    def taken(index: int, epoch: int) -> np.ndarray:
        """Return which of the stored frames make the clip in this epoch."""
        if not training:
            return np.arange(counts[index])
        generator = generator_of(index, epoch, 0)
        indices = vary_time(counts[index], generator, settings.speed, settings.frame_drop)
        return indices[sample_indices(len(indices), longest, "random", generator)]

    @lru_cache(maxsize=2)
    def plan(epoch: int) -> tuple:
        indices = [taken(index, epoch) for index in range(len(examples))]
        lengths = [len(clip_indices) for clip_indices in indices]
        return indices, plan_batches(lengths, settings.batch_size, settings.seed, epoch, training, boundaries)

    def generate(epoch: int) -> Iterator[tuple[dict[str, np.ndarray], np.ndarray]]:
        indices, planned = plan(epoch)
        clips = cache.ahead(paths[index] for batch in planned for index in batch.indices)
        for batch in planned:
            shape = (len(batch.indices), batch.length, settings.height, settings.width, settings.channels)
            frames = np.zeros(shape, np.uint8)
            for row, index in enumerate(batch.indices):
                clip = next(clips)[indices[index]]
                if training:
                    picture = generator_of(index, epoch, 1)
                    clip = vary_picture(clip, picture, settings.flip, settings.crop, settings.brightness)
                frames[row, : len(clip)] = clip
            lengths = np.array([len(indices[index]) for index in batch.indices], np.int32)
            yield {"frames": frames, "length": lengths}, targets[batch.indices]

    def dataset(epoch: int) -> tf.data.Dataset:
        shape = (None, None, settings.height, settings.width, settings.channels)
        inputs = {"frames": tf.TensorSpec(shape, tf.uint8), "length": tf.TensorSpec((None,), tf.int32)}
        signature = (inputs, tf.TensorSpec((None,), tf.int32))
        generated = tf.data.Dataset.from_generator(partial(generate, epoch), output_signature=signature)
        return generated.apply(tf.data.experimental.assert_cardinality(len(plan(epoch)[1]))).prefetch(4)

    def names(epoch: int, step: int) -> list[str]:
        return [examples[index].name for index in plan(epoch)[1][step].indices]

    return BatchSource(len(plan(0)[1]), dataset, names)


def raw_arrays(
    raw_input: Path | str | np.ndarray, settings: Settings, frame_rate: float | None = None
) -> dict[str, np.ndarray]:
    """Return a video as what the signature takes: `frames` uint8 (time, height, width, channels), `length` int32 ().

    Its frames are chosen as in training but never at random, scaled to fit, with black bars where the shape differs.

    Args:
        raw_input: The path of a video, or its frames, as `suite.vision.arrays` takes them.
        frame_rate: Of an array of frames, in frames per second; that of the settings where None.

    Raises:
        UserError: if the file is missing or cannot be used as a video, or an array is none.
    """
    if isinstance(raw_input, np.ndarray):
        from suite.vision.arrays import as_frames, frame_times
        from suite.vision.resize import resize_array

        frames = as_frames(raw_input, settings.channels)
        times = frame_times(len(frames), frame_rate, settings.frame_rate or 1.0)  # without a rate every frame is taken
        clip = frames[_stored(times, settings, False)]
        return {"frames": resize_array(clip, settings.height, settings.width), "length": np.int32(len(clip))}
    path = Path(raw_input)
    video_info(path)
    frames = _cache(settings, False).get(path)
    return {"frames": frames, "length": np.int32(len(frames))}


def _stored(times: np.ndarray, settings: Settings, whole: bool) -> np.ndarray:
    """Return the frames of a video that are kept in memory: at the frame rate, all of them or the clip of no random."""
    indices = at_rate(times, settings.frame_rate)
    return indices if whole else indices[sample_indices(len(indices), settings.frames, settings.sampling)]


def _cache(settings: Settings, whole: bool) -> ClipCache:
    """Return the clips decoded with these settings, shared by training and evaluation."""
    names = ("height", "width", "channels", "frames", "frame_rate", "sampling", "cache_megabytes")
    return _cache_of(whole, **{name: getattr(settings, name) for name in names})


@lru_cache(maxsize=2)
def _cache_of(whole: bool, **values: Any) -> ClipCache:
    settings = Settings(**values)

    def load(path: Path) -> np.ndarray:
        from suite.vision.resize import resize_array

        resize = partial(resize_array, height=settings.height, width=settings.width)
        with naming(path):
            return read_clip(path, settings.channels, partial(_stored, settings=settings, whole=whole), resize).frames

    return ClipCache(settings.cache_megabytes, load)
