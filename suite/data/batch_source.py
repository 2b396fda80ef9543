"""Batches that a generator makes, as planned for each epoch."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from suite.data.bucketing import BatchPlan
from suite.data.share import WHOLE, Share
from suite.pipeline import BatchSource

if TYPE_CHECKING:
    import tensorflow as tf

PREFETCH = 4  # batches

Generate = Callable[[int, Sequence[BatchPlan]], Iterable[Any]]


def generated_batches(
    plan: Callable[[int], Sequence[BatchPlan]],
    generate: Generate,
    signature: Any,
    names: Sequence[str],
    steady_epoch: int = 0,
    prefetch: int = PREFETCH,
) -> BatchSource:
    """Return the batches that are planned for each epoch, made one after another.

    Args:
        plan: The batches of an epoch; the same for the same epoch.
        generate: Gives an epoch's batches, one for each plan of it, as `signature` has them; a plan with a part of the
            indices gives those rows of the batch (else see `cut_batches`).
        signature: A nest of `tf.TensorSpec`: `(inputs, targets)` or `(inputs, targets, sample_weights)`.
        names: The name of the example of each index in a plan, for messages.
        steady_epoch: An epoch with as many batches as most have.
        prefetch: How many batches are made before they are asked for; 0 makes each one when it is.
    """

    def dataset(epoch: int, share: Share = WHOLE) -> "tf.data.Dataset":
        import tensorflow as tf

        planned = plan(epoch)
        batches = tf.data.Dataset.from_generator(
            lambda: generate(epoch, planned) if share == WHOLE else _shares(generate, epoch, planned, share),
            output_signature=signature,
        )
        batches = batches.apply(tf.data.experimental.assert_cardinality(len(planned)))
        return batches.prefetch(prefetch) if prefetch else batches

    def names_in(epoch: int, step: int) -> list[str]:
        return [names[index] for index in plan(epoch)[step].indices]

    return BatchSource(len(plan(steady_epoch)), dataset, names_in)


def _shares(generate: Generate, epoch: int, planned: Sequence[BatchPlan], share: Share) -> Iterator[Any]:
    """Yield a share of the rows of each batch; nothing else is read, but for one row where the share is empty."""
    rows = [share.rows(len(batch.indices)) for batch in planned]
    parts = [
        replace(batch, indices=batch.indices[part] if part.stop > part.start else batch.indices[:1])
        for batch, part in zip(planned, rows, strict=True)
    ]
    for part, batch in zip(rows, generate(epoch, parts), strict=True):
        yield batch if part.stop > part.start else _without_rows(batch)


def cut_batches(source: BatchSource) -> BatchSource:
    """Return a source for batches that cannot be made in part: the rows of a share are cut from the whole batch."""

    def dataset(epoch: int, share: Share = WHOLE) -> "tf.data.Dataset":
        whole = source.dataset(epoch)
        return whole if share == WHOLE else whole.map(lambda *batch: _share_of(batch, share))

    return replace(source, dataset=dataset)


def _share_of(batch: Any, share: Share) -> Any:
    import tensorflow as tf

    rows = share.rows(tf.shape(tf.nest.flatten(batch)[0])[0])
    return tf.nest.map_structure(lambda tensor: tensor[rows], batch)


def _without_rows(batch: Any) -> Any:
    import tensorflow as tf

    return tf.nest.map_structure(lambda array: array[:0], batch)
