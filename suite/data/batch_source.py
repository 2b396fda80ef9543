"""Batches that a generator makes, as planned for each epoch."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from suite.data.bucketing import BatchPlan
from suite.pipeline import BatchSource

if TYPE_CHECKING:
    import tensorflow as tf

PREFETCH = 4  # batches


def generated_batches(
    plan: Callable[[int], Sequence[BatchPlan]],
    generate: Callable[[int, Sequence[BatchPlan]], Iterable[Any]],
    signature: Any,
    names: Sequence[str],
    steady_epoch: int = 0,
    prefetch: int = PREFETCH,
) -> BatchSource:
    """Return the batches that are planned for each epoch, made one after another.

    Args:
        plan: The batches of an epoch; the same for the same epoch.
        generate: Gives an epoch's batches, one for each plan of it, as `signature` has them.
        signature: A nest of `tf.TensorSpec`: `(inputs, targets)` or `(inputs, targets, sample_weights)`.
        names: The name of the example of each index in a plan, for messages.
        steady_epoch: An epoch with as many batches as most have.
        prefetch: How many batches are made before they are asked for; 0 makes each one when it is.
    """

    def dataset(epoch: int) -> "tf.data.Dataset":
        import tensorflow as tf

        planned = plan(epoch)
        batches = tf.data.Dataset.from_generator(lambda: generate(epoch, planned), output_signature=signature)
        batches = batches.apply(tf.data.experimental.assert_cardinality(len(planned)))
        return batches.prefetch(prefetch) if prefetch else batches

    def names_in(epoch: int, step: int) -> list[str]:
        return [names[index] for index in plan(epoch)[step].indices]

    return BatchSource(len(plan(steady_epoch)), dataset, names_in)
