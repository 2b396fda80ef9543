"""Linear recurrences in few and plain ops: the forms that `linear_scan` takes in an exported file."""

import tensorflow as tf

from suite.recurrent.kernels.scan import scan

# Measured: a loop over single steps takes 4 times as long for 100 steps and 9 times for 500; longer chunks gain little.
CHUNK = 32


def exported_scan(decay: tf.Tensor, drive: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
    """All `h_t = decay_t h_(t-1) + drive_t`, without a loop where the number of steps is static.

    Args:
        decay: `(1, time, features)`.
        drive: `(1, time, features)`.
        start: `h_0`, `(1, features)`.

    Returns:
        `h_t` of all steps, `(1, time, features)`.
    """
    return _chunked_scan(decay, drive, start) if drive.shape[1] is None else doubling_scan(decay, drive, start)


def doubling_scan(decay: tf.Tensor, drive: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
    """`exported_scan` of a static number of steps: `SLICE`, `CONCATENATION`, `MUL`, `ADD`, nine of them per doubling.

    After the doubling of span s, `h_t` holds what the 2s steps up to t make of a state of zeros, and `a_t` the product of
    their decays (Hillis and Steele 1986):

        h_t <- a_t h_(t-s) + h_t,   a_t <- a_t a_(t-s)

    The first s states are those of the whole sequence already, so that no decay is kept for them.
    """
    time = drive.shape[1]
    first = _steps(decay, 0, 1) * start[:, None] + _steps(drive, 0, 1)
    if time == 1:
        return first
    states, decay, span = tf.concat([first, _steps(drive, 1, time)], axis=1), _steps(decay, 1, time), 1
    while span < time:
        joined = decay * _steps(states, 0, time - span) + _steps(states, span, time)
        states = tf.concat([_steps(states, 0, span), joined], axis=1)
        if 2 * span < time:
            later = time - span  # decays that are left: those from step `span` on
            decay = _steps(decay, span, later) * _steps(decay, 0, later - span)
        span *= 2
    return states


def _steps(value: tf.Tensor, begin: int, end: int) -> tf.Tensor:
    """The steps from `begin` to before `end` of `(1, time, features)`: as one `SLICE`."""
    return tf.slice(value, (0, begin, 0), (1, end - begin, value.shape[2]))


def _chunked_scan(decay: tf.Tensor, drive: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
    """`exported_scan` of any number of steps: a loop over chunks, each scanned in doublings.

    In a loop of TFLite each write to what it collects copies all of it: the fewer turns, the less is copied.
    """
    features, time = drive.shape[2], tf.shape(drive)[1]
    chunks = (time + CHUNK - 1) // CHUNK

    def cut(value: tf.Tensor) -> tf.Tensor:
        padded = tf.pad(value, [[0, 0], [0, chunks * CHUNK - time], [0, 0]])
        return tf.reshape(padded, (1, -1, CHUNK * features))

    def step(
        slices: list[tf.Tensor], states: tuple[tf.Tensor, ...]
    ) -> tuple[tuple[tf.Tensor, ...], tuple[tf.Tensor, ...]]:
        chunk_decay, chunk_drive = (tf.reshape(value, (1, CHUNK, features)) for value in slices)
        outputs = doubling_scan(chunk_decay, chunk_drive, states[0])
        return (outputs[:, -1],), (tf.reshape(outputs, (1, CHUNK * features)),)

    _, (outputs,) = scan(list, step, (start,), (cut(decay), cut(drive)), (CHUNK * features,), compiled=False)
    return tf.reshape(outputs, (1, -1, features))[:, :time]
