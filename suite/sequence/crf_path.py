"""The best path of a linear-chain CRF, and the score of a path."""

from collections.abc import Callable

import tensorflow as tf

from suite.recurrent.deployment import current
from suite.recurrent.kernels.scan import Tensors, scan

# What a barred transition has for a score; what has this or less is taken by no best path that can do without.
BARRED = -1e4
# What stands in for it there: no sum of logits makes up for it, and 5,000 of it are still a finite number.
NEVER = -1e30


def best_path(logits: tf.Tensor, mask: tf.Tensor, parameters: Tensors, loop: Callable = scan) -> tf.Tensor:
    """Viterbi's algorithm.

        d_t(j) = logits_t(j) + max_i (d_(t-1)(i) + M(i, j))

    Back pointers are found on the way back, where one row of `M` does, by the very sums of the way there: with `tag_(t+1)`
    known, `tag_t = argmax_i (d_t(i) + M(i, tag_(t+1)))`.

    Args:
        logits: `(batch, time, tags)`, finite in padding too.
        mask: boolean `(batch, time)`, True first.
        parameters: Transitions `(tags, tags)` [from, to], start `(tags,)` and end `(tags,)`.
        loop: `scan` in one of its forms.

    Returns:
        int32 `(batch, time)`; zeros in padding.
    """
    never = tf.constant(NEVER, logits.dtype)
    transitions, start, end = (tf.where(values <= BARRED, never, values) for values in parameters)
    backwards = tf.transpose(transitions)
    zeros = tf.zeros_like(logits[:, 0])

    def step(slices: list[tf.Tensor], states: Tensors) -> tuple[Tensors, Tensors]:
        best = slices[0] + states[0]
        # The best at 0: the numbers of long sequences stay as small, and as exact, as those of short ones.
        best -= tf.reduce_max(best, -1, keepdims=True)
        # The tags that are come from on the last axis: the maximum runs over contiguous numbers.
        return (tf.reduce_max(best[:, None] + backwards[None], -1),), (best,)

    _, (best,) = loop(list, step, (start + zeros,), (logits,), (logits.shape[-1],))

    def step_back(slices: list[tf.Tensor], states: Tensors) -> tuple[Tensors, Tensors]:
        best, real = slices
        tag = tf.argmax(best + states[0], -1, tf.int32)
        # Nothing has ended yet while the steps are padding.
        before = tf.where(real, _row(backwards, tag), end + zeros)
        return (before,), (tf.cast(tag, best.dtype)[:, None],)

    _, (tags,) = loop(list, step_back, (end + zeros,), (best, mask[..., None]), (1,), reverse=True)
    return tf.where(mask, tf.cast(tags[..., 0], tf.int32), 0)


def _row(table: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
    """`(rows, width)` by `(batch,)` to `(batch, width)`."""
    if current() is None:
        return tf.gather(table, index)
    # The converter makes 8 bits of a constant that is gathered from, and NEVER is in their range; of one in sums it does not.
    places = tf.range(table.shape[0]) == index[:, None]
    return tf.reduce_sum(tf.where(places[..., None], table, 0), 1)


def path_score(logits: tf.Tensor, tags: tf.Tensor, mask: tf.Tensor, parameters: Tensors) -> tf.Tensor:
    """Return the sum of logits and transitions along a path, `(batch,)`; 0 where there is no step.

    Args:
        logits, mask, parameters: As for `best_path`.
        tags: int32 `(batch, time)`, from 0 to tags - 1 in padding too.
    """
    transitions, start, end = parameters
    size = transitions.shape[0]
    lengths = tf.reduce_sum(tf.cast(mask, tf.int32), 1)
    last = tf.gather(tags, tf.maximum(lengths - 1, 0), axis=1, batch_dims=1)
    pairs = tf.gather(tf.reshape(transitions, [-1]), tags[:, :-1] * size + tags[:, 1:])
    score = tf.reduce_sum(tf.where(mask, tf.gather(logits, tags, axis=2, batch_dims=2), 0), 1)
    score += tf.reduce_sum(tf.where(mask[:, 1:], pairs, 0), 1)
    score += tf.gather(start, tags[:, 0]) + tf.gather(end, last)
    return tf.where(lengths > 0, score, 0)
