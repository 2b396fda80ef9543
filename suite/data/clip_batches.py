"""Clips of similar length put together, as one epoch hears them, and padded, in threads ahead of the training."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from suite.ahead import ahead, reading_threads
from suite.data.batch_source import generated_batches
from suite.data.bucketing import BatchPlan, Budget, bucket_lengths, plan_batches
from suite.data.padding import pad_rows
from suite.pipeline import BatchSource

if TYPE_CHECKING:
    import tensorflow as tf

Batch = tuple[dict[str, np.ndarray], np.ndarray]  # inputs and targets

STEPS_OF_UNIT = 4  # padded lengths are multiples of so many steps of the model
BUCKETS = 8
AHEAD = 4  # batches that threads make before they are asked for
PREFETCH = 2  # batches of which TensorFlow asks before they are used


@dataclass(frozen=True, eq=False)
class ClipPart:
    """The clips of one part, and what they stand for.

    Attributes:
        names: Of the examples, for messages.
        lengths: Samples of each clip, int64 `(clips,)`.
        longest: Samples that each may have as it is heard, int64 `(clips,)`; `lengths` where nothing changes them.
        heard: `heard(epoch, index)` gives a clip as it is heard in an epoch, float32 `(samples,)`; called in threads.
        targets: `targets(indices, fitting)` gives the targets of a batch: of which clips, and which of all have no more
            samples than those of the batch are padded to.
        target_spec: What such targets are.
        mix: `mix(epoch, batch)` gives a batch whose clips are mixed with one another; None leaves them apart.
        sorted_epochs: First epochs that go from short clips to long ones.
        most_samples: Of a batch, padding included; None: `batch_size` clips.
    """

    names: Sequence[str]
    lengths: np.ndarray
    longest: np.ndarray
    heard: Callable[[int, int], np.ndarray]
    targets: Callable[[np.ndarray, np.ndarray], np.ndarray]
    target_spec: "tf.TensorSpec"
    sorted_epochs: int = 0
    most_samples: int | None = None
    mix: Callable[[int, Batch], Batch] | None = None


def clip_batches(clips: ClipPart, settings: Any, step_samples: int, training: bool) -> BatchSource:
    """Return batches `({"samples": float32 (batch, N), "length": int32 (batch,)}, targets)`.

    1. Batches are planned by the longest that clips may become, in units of `STEPS_OF_UNIT` steps, so that few shapes
       occur.
    2. Each batch is made and padded in threads. Where its clips became shorter than planned, a shorter bucket's length is
       taken.

    Args:
        clips: Of the part.
        settings: Has `batch_size` and `seed`.
        step_samples: Samples of one step of the model.
        training: Whether clips are shuffled.
    """
    import tensorflow as tf

    unit = step_samples * STEPS_OF_UNIT
    units = np.maximum(-(-clips.longest // unit), 1)
    boundaries = bucket_lengths(np.concatenate([units, np.maximum(-(-clips.lengths // unit), 1)]), BUCKETS, 1)
    batch_size: int | Budget = settings.batch_size
    if clips.most_samples:
        batch_size = Budget(max(clips.most_samples // unit, 1))

    @lru_cache(maxsize=2)
    def plan(epoch: int) -> list[BatchPlan]:
        shuffled = training and epoch >= clips.sorted_epochs
        return plan_batches(units, batch_size, settings.seed, epoch, shuffled, boundaries)

    @cache
    def fitting(length: int) -> np.ndarray:
        return np.flatnonzero(units <= length)

    def make(epoch: int, batch: BatchPlan) -> Batch:
        heard = [clips.heard(epoch, int(index)) for index in batch.indices]
        lengths = np.array([len(clip) for clip in heard], np.int32)
        width = _padded_units(-(-int(lengths.max()) // unit), boundaries) * unit
        inputs = {"samples": pad_rows(heard, np.float32, width), "length": lengths}
        made = inputs, clips.targets(batch.indices, fitting(batch.length))
        return clips.mix(epoch, made) if clips.mix else made

    inputs = {"samples": tf.TensorSpec((None, None), tf.float32), "length": tf.TensorSpec((None,), tf.int32)}
    return generated_batches(
        plan,
        lambda epoch, planned: ahead(partial(make, epoch), planned, AHEAD),
        (inputs, clips.target_spec),
        clips.names,
        steady_epoch=clips.sorted_epochs,
        prefetch=PREFETCH,
    )


def sample_counts(paths: Sequence[Path], sample_rate: int) -> np.ndarray:
    """Return the samples of each file at a rate in Hz, int64 `(files,)`, from the files' headers."""
    from suite.audio.read import inspect_audio

    with reading_threads() as pool:
        seconds = list(pool.map(lambda path: inspect_audio(path).duration, paths))
    return np.ceil(np.array(seconds) * sample_rate).astype(np.int64)


def _padded_units(units: int, boundaries: list[int]) -> int:
    """Return the length to pad to; a clip longer than its header said may exceed all boundaries."""
    place = bisect_left(boundaries, max(units, 1))
    return boundaries[place] if place < len(boundaries) else units
