"""The CTC loss, of true lengths, by the kernel that is fast on a CPU."""

import numpy as np
import tensorflow as tf


def ctc_loss(labels, label_length, logits, logit_length):
    """Return the negative log-likelihood of each target, summed over all of its alignments.

    Frames past `logit_length` and labels past `label_length` change neither the loss nor any gradient. A target that
    does not fit its frames (`frames_needed`) has no alignment: its loss is 0 and it has no gradient, so that one such
    example does not destroy a training; readers of data name such examples beforehand.

    Source: Graves et al. 2006, "Connectionist Temporal Classification", equations 6-15.

    Args:
        labels: Integers `(batch, labels)`, symbols 1 to symbols - 1; what lies past the length is not looked at.
        label_length: Integers `(batch,)`: labels that count; may be 0.
        logits: Floats `(batch, frames, symbols)` before the softmax (log-probabilities do as well); symbol 0 is the
            blank. Half precision is computed in float32.
        logit_length: Integers `(batch,)`: frames that count.

    Returns:
        float32 `(batch,)`, nats.
    """
    labels = tf.cast(labels, tf.int32)
    label_length = tf.cast(label_length, tf.int32)
    # The kernel wants time first, the blank last, and sparse labels; `tf.nn.ctc_loss` with dense ones takes a kernel ten
    # times slower, and offers no way round the error of a target that does not fit.
    time_major = tf.transpose(tf.roll(tf.cast(logits, tf.float32), -1, axis=-1), (1, 0, 2))
    indices = tf.where(tf.sequence_mask(label_length, tf.shape(labels)[1]))
    return tf.raw_ops.CTCLoss(
        inputs=time_major,
        labels_indices=indices,
        labels_values=tf.gather_nd(labels, indices) - 1,
        sequence_length=tf.cast(logit_length, tf.int32),
        ignore_longer_outputs_than_inputs=True,
    ).loss


def frames_needed(labels) -> int:
    """Return the least number of frames that an alignment of these labels takes.

    One for each label, and a blank between two equal neighbours.

    Args:
        labels: Symbol ids of one target, without padding.
    """
    labels = np.asarray(labels)
    return len(labels) + int(np.count_nonzero(labels[1:] == labels[:-1]))
