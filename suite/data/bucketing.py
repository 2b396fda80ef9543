"""Batches of examples of similar length, padded to one of a few lengths."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MOST_CANDIDATES = 256


@dataclass(frozen=True)
class Budget:
    """How large a batch is, said in `steps` with padding, in place of a number of examples."""

    steps: int


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """One batch: which examples (`indices`, int64) and the `length` that each is padded to."""

    indices: np.ndarray
    length: int


def bucket_lengths(lengths: Sequence[int] | np.ndarray, count: int = 8, multiple: int = 4) -> list[int]:
    """Return at most `count` ascending lengths, multiples of `multiple`, to pad to with the least padding in all.

    1. Every length is rounded up to a multiple (coarser where that leaves more than 256 candidates).
    2. cost(i, j): padding if the candidates after i up to j are all padded to candidate j.
    3. best(k, j) = min over i of best(k - 1, i) + cost(i, j); the boundaries are traced back from the last candidate.
    """
    lengths = np.asarray(lengths, dtype=np.int64)
    if not len(lengths):
        return []
    multiple *= -(-int(lengths.max()) // (multiple * MOST_CANDIDATES)) or 1
    candidates, counts = np.unique(np.maximum(-(-lengths // multiple), 1) * multiple, return_counts=True)
    below = np.concatenate([[0], np.cumsum(counts)])
    total = np.concatenate([[0], np.cumsum(counts * candidates)])
    ends = np.concatenate([[0], candidates])
    cost = (below[None, :] - below[:, None]) * ends[None, :] - (total[None, :] - total[:, None]).astype(float)
    cost[np.tril_indices(len(ends))] = np.inf
    best, choices = cost[0], []
    for _ in range(min(count, len(candidates)) - 1):
        through = best[:, None] + cost
        choices.append(through.argmin(axis=0))
        best = through.min(axis=0)
    boundaries = [len(candidates)]
    for choice in reversed(choices):
        boundaries.append(int(choice[boundaries[-1]]))
    return [int(ends[index]) for index in reversed(boundaries)]


def plan_batches(
    lengths: Sequence[int] | np.ndarray,
    batch_size: int | Budget,
    seed: int = 0,
    epoch: int = 0,
    training: bool = True,
    boundaries: Sequence[int] | None = None,
) -> list[BatchPlan]:
    """Return the batches of one epoch; every example is in exactly one.

    All batches have `batch_size` examples but the last one formed, and lengths come from `boundaries`, so that the
    number of different shapes is the number of boundaries plus one. With a budget, long examples share a batch with
    fewer others than short ones do: every bucket has its own batch size, and a remainder of a bucket its own shape.

    Training: examples are shuffled within their bucket, what is left over moves up to the next longer bucket, and the
    batches are shuffled. The order depends on (seed, epoch) alone: epoch N of a resumed run has the batches of a run
    that was never interrupted. Otherwise: in order of length, the same every time; `seed` and `epoch` play no part.

    Args:
        lengths: Length of each example, in steps.
        batch_size: Examples of a batch, or most steps of one; an example longer than that is a batch alone.
        boundaries: From `bucket_lengths`, to share shapes between parts; by default of these lengths. Where an
            example is longer than all of them, the longest length, rounded up to a multiple of 4, is added.
    """
    lengths = np.asarray(lengths, dtype=np.int64)
    if not len(lengths):
        return []
    edges = np.asarray(bucket_lengths(lengths) if boundaries is None else sorted(boundaries), dtype=np.int64)
    if not len(edges) or lengths.max() > edges[-1]:
        edges = np.append(edges, -(-lengths.max() // 4) * 4)
    buckets = np.searchsorted(edges, lengths)
    if isinstance(batch_size, Budget):
        sizes = np.maximum(batch_size.steps // edges, 1)
    else:
        sizes = np.full(len(edges), batch_size)
    if not training:
        chunks = _cut_in_order(np.argsort(lengths, kind="stable"), buckets, sizes)
        return [BatchPlan(chunk, int(edges[buckets[chunk[-1]]])) for chunk in chunks]
    generator = np.random.default_rng([seed, epoch])
    plans, leftover = [], np.empty(0, dtype=np.int64)
    for bucket, size in enumerate(sizes):
        waiting = np.concatenate([leftover, generator.permutation(np.flatnonzero(buckets == bucket))])
        whole = len(waiting) - len(waiting) % size
        chunks = [waiting[start : start + size] for start in range(0, whole, size)]
        plans += [BatchPlan(chunk, int(edges[buckets[chunk].max()])) for chunk in chunks]
        leftover = waiting[whole:]
    if len(leftover):
        plans.append(BatchPlan(leftover, int(edges[buckets[leftover].max()])))
    return [plans[index] for index in generator.permutation(len(plans))]


def _cut_in_order(order: np.ndarray, buckets: np.ndarray, sizes: Sequence[int] | np.ndarray) -> list[np.ndarray]:
    """Cut examples in order of length into batches no larger than the size of their longest example's bucket."""
    chunks, start = [], 0
    while start < len(order):
        end = start + 1
        while end < len(order) and end - start < sizes[buckets[order[end]]]:
            end += 1
        chunks.append(order[start:end])
        start = end
    return chunks
