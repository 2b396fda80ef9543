"""The sums over all paths of a linear-chain CRF, forwards and backwards, in two ways of holding numbers.

Both directions are the same recursion. With `m_0` the start (or, from the end, the end) vector,

    s_t = e_t m_t / total_t,     m_(t+1) = s_t M

where `e_t` is what the logits of step t say and `M` holds the transitions, transposed from the end. Both run in one loop;
the sequences of the one from the end are turned about, so that padding is always last and no step needs a mask.

Probabilities need one matrix product a step where logarithms need an exponential for each pair of tags, but their range is
limited: `scaled_sums` says whether it was enough, `logarithmic_sums` is for everything else.
"""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from suite.recurrent.kernels.scan import Tensors, flat, scan

# In double precision all below 2e-308 becomes zero. Where no total and no share is less than this, what was lost so is
# less than 1e-27 of any sum: it would have been multiplied by numbers of at most 1, and divided by one of each.
LEAST = 1e-140


class Ring(NamedTuple):
    """A way of holding the numbers that are summed.

    Attributes:
        times: `(numbers, numbers) -> numbers`, the product.
        advance: `((batch, tags), (tags, tags)) -> (batch, tags)`, the sums of products with the transitions.
        total: `(..., tags) -> (..., 1)`, the sum.
        divide: `(numbers, total) -> numbers`.
    """

    times: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
    advance: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
    total: Callable[[tf.Tensor], tf.Tensor]
    divide: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


class Sums(NamedTuple):
    """What the recursions give.

    Attributes:
        log_partition: `(batch,)`, the logarithm of the sum over all paths; 0 where there is no step.
        marginals: `(batch, time, tags)`, the share of each tag at each step; zeros in padding.
        left, right: `(batch, time - 1, tags)`, of which `pair_counts` makes the shares of the transitions.
    """

    log_partition: tf.Tensor
    marginals: tf.Tensor
    left: tf.Tensor
    right: tf.Tensor


def log_sum(logs: tf.Tensor) -> tf.Tensor:
    """Return log sum exp over the last axis, which stays; of finite numbers, in built-in ops of TFLite."""
    highest = tf.reduce_max(logs, -1, keepdims=True)
    return highest + tf.math.log(tf.reduce_sum(tf.exp(logs - highest), -1, keepdims=True))


PROBABILITIES = Ring(
    times=tf.multiply,
    advance=tf.matmul,
    total=lambda values: tf.reduce_sum(values, -1, keepdims=True),
    divide=tf.math.divide_no_nan,
)
LOGARITHMS = Ring(
    times=tf.add,
    # The tags that are come from on the last axis: sums run over contiguous numbers.
    advance=lambda values, transitions: log_sum(values[:, None] + tf.transpose(transitions)[None])[..., 0],
    total=log_sum,
    divide=tf.subtract,
)


def scaled_sums(
    logits: tf.Tensor, mask: tf.Tensor, parameters: Tensors, loop: Callable = scan
) -> tuple[Sums, tf.Tensor]:
    """Sum over probabilities, scaled at each step.

    Args:
        logits: float64 `(batch, time, tags)`, finite in padding too.
        mask: boolean `(batch, time)`, True first.
        parameters: Transitions `(tags, tags)` [from, to], start `(tags,)` and end `(tags,)`, float64.
        loop: `scan` in one of its forms.

    Returns:
        The sums, and whether they are exact in every row, a boolean scalar.
    """
    lengths = tf.reduce_sum(tf.cast(mask, tf.int32), 1)
    # Each factor by its largest, so that no number is greater than 1; the logarithms of these go into the partition.
    highest = tf.reduce_max(logits, -1)
    of_parameters = [tf.reduce_max(values) for values in parameters]
    scaled = tuple(tf.exp(values - scale) for values, scale in zip(parameters, of_parameters, strict=True))
    ahead, behind, onward, total, behind_total = _messages(
        PROBABILITIES, tf.exp(logits - highest[..., None]), lengths, scaled, loop
    )
    # Ahead of a step, at it and behind it: the same at each step but for the scaling, which dividing by it takes out.
    shares = ahead * onward
    joint = tf.reduce_sum(shares, -1, keepdims=True)
    least = tf.minimum(tf.minimum(total, behind_total), joint)[..., 0]
    exact = tf.reduce_all(~mask | (least >= LEAST))
    scales = tf.math.log(tf.where(mask, total[..., 0], 1)) + tf.where(mask, highest, 0)
    log_partition = tf.reduce_sum(scales, 1) + tf.math.log(_at_last(joint[..., 0], lengths))
    log_partition += of_parameters[1] + of_parameters[2] + of_parameters[0] * tf.cast(lengths - 1, logits.dtype)
    real = mask[..., None]
    return Sums(
        tf.where(lengths > 0, log_partition, 0),
        tf.where(real, shares / joint, 0),
        tf.where(real, ahead / joint, 0)[:, :-1],
        tf.where(real, behind, 0)[:, 1:],
    ), exact


def logarithmic_sums(logits: tf.Tensor, mask: tf.Tensor, parameters: Tensors, loop: Callable = scan) -> Sums:
    """Sum over logarithms, of any finite range and any precision; arguments as for `scaled_sums`."""
    lengths = tf.reduce_sum(tf.cast(mask, tf.int32), 1)
    ahead, behind, onward, total, _ = _messages(LOGARITHMS, logits, lengths, parameters, loop)
    shares = ahead + onward
    joint = log_sum(shares)
    log_partition = tf.reduce_sum(tf.where(mask, total[..., 0], 0), 1) + _at_last(joint[..., 0], lengths)
    real = mask[..., None]
    return Sums(
        tf.where(lengths > 0, log_partition, 0), tf.where(real, tf.exp(shares - joint), 0), ahead[:, :-1], behind[:, 1:]
    )


def scaled_pair_counts(left: tf.Tensor, right: tf.Tensor, weights: tf.Tensor, transitions: tf.Tensor) -> tf.Tensor:
    """Return how often each transition is expected, `(tags, tags)`, summed over the batch by `weights` `(batch,)`.

        P(from i at t, to j) = s_t(i) M(i, j) s'_(t+1)(j) / joint_t

    The sum over batch and time is the inner dimension of one product.
    """
    rows = flat(left * weights[:, None, None])
    return tf.matmul(rows, flat(right), transpose_a=True) * tf.exp(transitions - tf.reduce_max(transitions))


def logarithmic_pair_counts(
    left: tf.Tensor, right: tf.Tensor, weights: tf.Tensor, transitions: tf.Tensor, mask: tf.Tensor
) -> tf.Tensor:
    """As `scaled_pair_counts`, of `logarithmic_sums`: the pairs of one step at a time, all normalized together."""
    real = tf.cast(mask[:, 1:], weights.dtype) * weights[:, None]
    size = transitions.shape[0]

    def step(time: tf.Tensor, counts: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        pairs = left[:, time, :, None] + transitions + right[:, time, None, :]
        shares = tf.nn.softmax(tf.reshape(pairs, (-1, size * size)))
        return time + 1, counts + tf.linalg.matvec(shares, real[:, time], transpose_a=True)

    steps = tf.shape(left)[1]
    start = tf.constant(0), tf.zeros(size * size, weights.dtype)
    _, counts = tf.while_loop(lambda time, _: time < steps, step, start)
    return tf.reshape(counts, (size, size))


def _messages(ring: Ring, emissions: tf.Tensor, lengths: tf.Tensor, parameters: Tensors, loop: Callable) -> Tensors:
    """Run both recursions; what stands in padding means nothing.

    Returns:
        `(batch, time, tags)` each: `s_t` from the start; `s_t` from the end; `m_t` from the end, which is what comes after
        a step without its own logits. `(batch, time, 1)` each: `total_t` from the start and from the end.
    """
    transitions, start, end = parameters
    transposed = tf.transpose(transitions)

    def turn(values: tf.Tensor) -> tf.Tensor:
        return tf.reverse_sequence(values, lengths, seq_axis=1)

    def step(slices: list[tf.Tensor], states: Tensors) -> tuple[Tensors, Tensors]:
        ahead, behind = (ring.times(values, before) for values, before in zip(slices, states, strict=True))
        total, behind_total = ring.total(ahead), ring.total(behind)
        ahead, behind = ring.divide(ahead, total), ring.divide(behind, behind_total)
        after = ring.advance(ahead, transitions), ring.advance(behind, transposed)
        return after, (ahead, behind, states[1], total, behind_total)

    tags = emissions.shape[-1]
    states = [vector + tf.zeros_like(emissions[:, 0]) for vector in (start, end)]
    _, outputs = loop(list, step, states, (emissions, turn(emissions)), (tags, tags, tags, 1, 1))
    ahead, behind, onward, total, behind_total = outputs
    return ahead, turn(behind), turn(onward), total, turn(behind_total)


def _at_last(values: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
    """`(batch, time)` at the last step of each row, `(batch,)`; at the first where there is none."""
    return tf.gather(values, tf.maximum(lengths - 1, 0), axis=1, batch_dims=1)
