"""Linear recurrences in logarithmic depth."""

from collections.abc import Callable

import tensorflow as tf

# Measured: blocks of 8 steps scan a sequence fastest.
BLOCK = 8
# Where the length is unknown, this many levels of blocks come first: they make it 512 times shorter.
LEVELS = 3


def linear_scan(decay: tf.Tensor, drive: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
    """All `h_t = decay_t h_(t-1) + drive_t`, in O(log time) steps that each work on all times at once.

    A step is the map `h -> a h + b`; two steps one after the other are again such a map, `(a2 a1, a2 b1 + b2)`. Joining
    maps over ever longer spans gives the map from the start to each time (Blelloch 1990). The gradient is the same
    scan run backwards in time: with `g_t` the gradient that reaches `h_t` from outside,

        s_t = g_t + decay_(t+1) s_(t+1),   d drive_t = s_t,   d decay_t = s_t h_(t-1),   d start = decay_1 s_1

    Args:
        decay: `(batch, time, features)`.
        drive: `(batch, time, features)`.
        start: `h_0`, `(batch, features)`.

    Returns:
        `h_t` of all steps, `(batch, time, features)`.
    """

    @tf.custom_gradient
    def run(decay: tf.Tensor, drive: tf.Tensor, start: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        begun = drive[:, :1] + decay[:, :1] * start[:, None]
        states = _scan(decay, tf.concat([begun, drive[:, 1:]], axis=1), reverse=False)

        def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, ...]:
            # Written with differentiable operations only, so that second derivatives exist too.
            later = tf.concat([decay[:, 1:], tf.zeros_like(decay[:, :1])], axis=1)
            total = _scan(later, upstream, reverse=True)
            previous = tf.concat([start[:, None], states[:, :-1]], axis=1)
            return total * previous, total, decay[:, 0] * total[:, 0]

        return states, gradient

    return run(decay, drive, start)


def _scan(decay: tf.Tensor, drive: tf.Tensor, reverse: bool) -> tf.Tensor:
    if not reverse:
        return _scan_blocks(decay, drive)
    return tf.reverse(_scan_blocks(tf.reverse(decay, [1]), tf.reverse(drive, [1])), [1])


def _scan_blocks(decay: tf.Tensor, drive: tf.Tensor, level: int = 0) -> tf.Tensor:
    """Scans within all blocks of time at once, then over the ends of the blocks, then adds what came before each.

    The work is linear in time, the depth `BLOCK` times its logarithm.
    """
    time = drive.shape[1]
    if time is None and level == LEVELS:
        return _scan_doubling(decay, drive)
    if time is not None and time <= BLOCK:
        return tf.stack(_within(tf.unstack(decay, axis=1), tf.unstack(drive, axis=1))[1], axis=1)
    features = drive.shape[2]
    batch, length = tf.shape(drive)[0], tf.shape(drive)[1] if time is None else time
    blocks = -(-length // BLOCK)
    padding = [[0, 0], [0, blocks * BLOCK - length], [0, 0]]

    def cut(value: tf.Tensor) -> list[tf.Tensor]:
        # Steps of one block lie side by side, so that cutting them apart copies whole rows.
        value = tf.reshape(tf.pad(value, padding), (batch, blocks, BLOCK * features))
        return tf.split(value, BLOCK, axis=-1)

    decays, states = _within(cut(decay), cut(drive))
    ends = _scan_blocks(decays[-1], states[-1], level + 1)
    before = tf.pad(ends[:, :-1], [[0, 0], [1, 0], [0, 0]])
    whole = tf.concat([state + decay * before for decay, state in zip(decays, states, strict=True)], axis=-1)
    return tf.reshape(whole, (batch, blocks * BLOCK, features))[:, :length]


def _within(decays: list[tf.Tensor], drives: list[tf.Tensor]) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
    """The joined decays and the states after each of a few steps, one after the other."""
    joined, states = [decays[0]], [drives[0]]
    for decay, drive in zip(decays[1:], drives[1:], strict=True):
        joined.append(decay * joined[-1])
        states.append(decay * states[-1] + drive)
    return joined, states


def _scan_doubling(decay: tf.Tensor, drive: tf.Tensor) -> tf.Tensor:
    """Joins each map with those 1, 2, 4, ... steps before it: needs no length beforehand (Hillis and Steele 1986)."""
    time = tf.shape(drive)[1]
    shape = tf.TensorShape((drive.shape[0], None, drive.shape[2]))

    def join(span: tf.Tensor, decay: tf.Tensor, drive: tf.Tensor) -> tuple[tf.Tensor, ...]:
        padding = [[0, 0], [span, 0], [0, 0]]
        before_decay = tf.pad(decay[:, :-span], padding, constant_values=1)
        before_drive = tf.pad(drive[:, :-span], padding)
        return span * 2, decay * before_decay, decay * before_drive + drive

    _, _, drive = tf.while_loop(
        lambda span, *_: span < time,
        join,
        (tf.constant(1), decay, drive),
        shape_invariants=(tf.TensorShape(()), shape, shape),
    )
    return drive
