"""Files on disk -> examples (every documented video format) -> batches of decoded clips."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.video.config import Settings
from pipelines.video.formats import FORMATS, finders
from suite.ahead import reading_threads
from suite.data.batch_source import generated_batches
from suite.data.bucketing import BatchPlan, bucket_lengths, plan_batches
from suite.data.cells import cell_text, label_fault, missing_notes
from suite.data.examples import Example, Examples, Problem
from suite.data.faults import require_examples
from suite.data.formats import choose_format
from suite.data.inspection import inspect_files
from suite.data.labels import natural_order
from suite.data.manifest import Columns, read_manifest
from suite.data.sources import SourceFile
from suite.data.stable_hash import content
from suite.errors import naming
from suite.memory_cache import FileCache
from suite.pipeline import BatchSource
from suite.vision.augment import vary_picture, vary_time
from suite.vision.read import read_clip, video_info
from suite.vision.sampling import at_rate, sample_indices


def read(path: Path | str, settings: Settings, format: str | None = None) -> Examples:
    """Return the examples of a data set, and what is wrong with the rest as problems and notes.

    Every video is decoded once to see that it is whole. `Example.input` is its path, `key` a digest of its bytes.

    Args:
        format: One of `FORMATS`; by default recognised from the files.

    Raises:
        UserError: if the path, a table or its columns are at fault, a class folder is empty, or no video can be used.
    """
    path = Path(path)
    format, listing = choose_format(path, finders(settings), FORMATS, format)
    rows, problems = (
        _rows_of_tables(listing.sources, settings) if format == "manifest" else _rows_of_files(listing.sources)
    )
    digests = inspect_files([(row.name, row.input) for row in rows], _digest_of_whole)
    items = [replace(row, key=key) for row, key in zip(rows, digests, strict=True) if not isinstance(key, Problem)]
    problems += [digest for digest in digests if isinstance(digest, Problem)]
    require_examples(items, path, problems, "usable video")
    notes = list(listing.notes)
    if format == "manifest":
        notes += missing_notes(Counter(example.target for example in items))
    return Examples(tuple(items), path, format, listing.reason, problems=tuple(problems), notes=tuple(notes))


def _rows_of_files(sources: Sequence[SourceFile]) -> tuple[list[Example], list[Problem]]:
    return [Example(source.name, source.path, source.label, source.part, source.group) for source in sources], []


def _rows_of_tables(sources: Sequence[SourceFile], settings: Settings) -> tuple[list[Example], list[Problem]]:
    examples, problems = [], []
    for source in sources:
        rows, faults = read_manifest(source, settings, Columns("video_column", "label_column"), _row_fault)
        problems += faults
        for row in rows:
            name = row.input.strip()
            examples.append(Example(name, source.path.parent / name, cell_text(row.target), row.part, row.group))
    return examples, problems


def _row_fault(video: Any, label: Any) -> str | None:
    """Return what is wrong with the cells of a row, else None."""
    return _path_fault(video) or label_fault(label)


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
    with reading_threads() as pool:
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
    def clip_indices(epoch: int) -> list[np.ndarray]:
        return [taken(index, epoch) for index in range(len(examples))]

    @lru_cache(maxsize=2)
    def plan(epoch: int) -> list[BatchPlan]:
        lengths = [len(indices) for indices in clip_indices(epoch)]
        return plan_batches(lengths, settings.batch_size, settings.seed, epoch, training, boundaries)

    def generate(epoch: int, planned: Sequence[BatchPlan]) -> Iterator[tuple[dict[str, np.ndarray], np.ndarray]]:
        indices = clip_indices(epoch)
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

    shape = (None, None, settings.height, settings.width, settings.channels)
    inputs = {"frames": tf.TensorSpec(shape, tf.uint8), "length": tf.TensorSpec((None,), tf.int32)}
    signature = (inputs, tf.TensorSpec((None,), tf.int32))
    return generated_batches(plan, generate, signature, [example.name for example in examples])


def raw_arrays(
    raw_input: Path | str | np.ndarray, settings: Settings, frame_rate: float | None = None
) -> dict[str, Any]:
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


def _cache(settings: Settings, whole: bool) -> FileCache:
    """Return the clips decoded with these settings, shared by training and evaluation."""
    names = ("height", "width", "channels", "frames", "frame_rate", "sampling", "cache_megabytes")
    return _cache_of(whole, **{name: getattr(settings, name) for name in names})


@lru_cache(maxsize=2)
def _cache_of(whole: bool, **values: Any) -> FileCache:
    settings = Settings(**values)

    def load(path: Path) -> np.ndarray:
        from suite.vision.resize import resize_array

        resize = partial(resize_array, height=settings.height, width=settings.width)
        with naming(path):
            return read_clip(path, settings.channels, partial(_stored, settings=settings, whole=whole), resize).frames

    return FileCache(settings.cache_megabytes, load)
