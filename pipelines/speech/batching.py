"""Clips of similar length put together, changed as the epoch says and padded, in threads ahead of the training."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import cache, lru_cache, partial

import numpy as np

from pipelines.speech.augmentation import augment, is_augmented, longest
from pipelines.speech.config import Settings
from suite.ahead import ahead, reading_threads
from suite.data.batch_source import generated_batches
from suite.data.bucketing import BatchPlan, Budget, bucket_lengths, plan_batches
from suite.data.examples import Example
from suite.data.padding import pad_rows
from suite.decoding.greedy import frames_needed
from suite.pipeline import BatchSource

STEPS_OF_UNIT = 4  # padded lengths are multiples of so many steps of the model
BUCKETS = 8
AHEAD = 4  # batches that threads make before they are asked for
PREFETCH = 2  # batches of which TensorFlow asks before they are used


def make_batches(
    examples: Sequence[Example], encode: Callable[[str], list[int]], settings: Settings, training: bool
) -> BatchSource:
    """Return the batches of `data.batches`.

    1. Lengths in samples are read from the files' headers; for training, as long as augmentation may make them.
    2. Batches are planned by these lengths, in units of `STEPS_OF_UNIT` steps, so that few shapes occur.
    3. Each batch is decoded (from a cache), augmented and padded in threads. Where augmentation made its clips shorter
       than planned, a shorter bucket's length is taken.
    """
    import tensorflow as tf

    from suite.audio.cache import AudioCache

    audio = AudioCache(settings.sample_rate, settings.cache_megabytes)
    unit = settings.step_samples * STEPS_OF_UNIT
    labels = [np.array(encode(example.target), np.int32) for example in examples]
    needed = [frames_needed(row) for row in labels]
    lengths = _sample_counts(examples, settings)
    augmented = training and is_augmented(settings, settings.epochs - 1)
    planned = np.array([longest(length, settings) for length in lengths]) if augmented else lengths
    units = np.maximum(-(-planned // unit), 1)
    boundaries = bucket_lengths(np.concatenate([units, np.maximum(-(-lengths // unit), 1)]), BUCKETS, 1)
    batch_size: int | Budget = settings.batch_size
    if settings.batch_seconds:
        batch_size = Budget(max(int(settings.batch_seconds * settings.sample_rate / unit), 1))

    @lru_cache(maxsize=2)
    def plan(epoch: int) -> list[BatchPlan]:
        shuffled = training and epoch >= settings.sorted_epochs
        return plan_batches(units, batch_size, settings.seed, epoch, shuffled, boundaries)

    @cache
    def label_width(length: int) -> int:
        return max(1, *(len(row) for row, row_units in zip(labels, units, strict=True) if row_units <= length))

    def make(epoch: int, batch: BatchPlan) -> tuple[dict[str, np.ndarray], np.ndarray]:
        clips = [audio.get(examples[index].input) for index in batch.indices]
        if training and is_augmented(settings, epoch):
            changes = [(settings, epoch, int(index), needed[index]) for index in batch.indices]
            clips = [augment(clip, *change) for clip, change in zip(clips, changes, strict=True)]
        lengths = np.array([len(clip) for clip in clips], np.int32)
        width = _padded_units(-(-int(lengths.max()) // unit), boundaries) * unit
        targets = [np.concatenate([[len(labels[index])], labels[index]]) for index in batch.indices]
        inputs = {"samples": pad_rows(clips, np.float32, width), "length": lengths}
        return inputs, pad_rows(targets, np.int32, 1 + label_width(batch.length))

    inputs = {"samples": tf.TensorSpec((None, None), tf.float32), "length": tf.TensorSpec((None,), tf.int32)}
    return generated_batches(
        plan,
        lambda epoch, planned: ahead(partial(make, epoch), planned, AHEAD),
        (inputs, tf.TensorSpec((None, None), tf.int32)),
        [example.name for example in examples],
        steady_epoch=settings.sorted_epochs,
        prefetch=PREFETCH,
    )


def _sample_counts(examples: Sequence[Example], settings: Settings) -> np.ndarray:
    """Return the samples of each clip at the model's rate, from the files' headers."""
    from suite.audio.read import inspect_audio

    with reading_threads() as pool:
        seconds = list(pool.map(lambda example: inspect_audio(example.input).duration, examples))
    return np.ceil(np.array(seconds) * settings.sample_rate).astype(np.int64)


def _padded_units(units: int, boundaries: list[int]) -> int:
    """Return the length to pad to; a clip longer than its header said may exceed all boundaries."""
    place = bisect_left(boundaries, max(units, 1))
    return boundaries[place] if place < len(boundaries) else units
