"""The CTC loss against every alignment written out, Keras' loss, and finite differences."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework.config import disable_op_determinism

from suite.decoding import ctc_kernel
from suite.decoding.ctc_loss import ctc_loss
from suite.decoding.greedy import frames_needed


@pytest.fixture
def batch():
    """Labels, label lengths, logits, logit lengths: 5 utterances of up to 12 frames, 6 symbols."""
    generator = np.random.default_rng(1)
    labels = np.array([[1, 2, 2, 5], [3, 3, 3, 0], [4, 0, 0, 0], [0, 0, 0, 0], [5, 1, 5, 1]], np.int32)
    logits = generator.normal(0, 2, (5, 12, 6)).astype(np.float32)
    return labels, np.array([4, 3, 1, 0, 4], np.int32), logits, np.array([12, 7, 1, 5, 4], np.int32)


def loss_and_gradient(labels, label_length, logits, logit_length):
    logits = tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = ctc_loss(labels, label_length, logits, logit_length)
    return loss.numpy(), tape.gradient(loss, logits).numpy()


def test_equals_the_sum_over_all_alignments(all_alignments, random_log_probs):
    for seed in range(3):
        log_probs = random_log_probs(5, 4, seed)
        totals = {ids: total for ids, total in all_alignments(log_probs).items() if len(ids) <= 5}
        labels = np.zeros((len(totals), 5), np.int32)
        for row, ids in enumerate(totals):
            labels[row, : len(ids)] = ids
        count = len(totals)
        logits = np.repeat(log_probs[None] + 3, count, 0).astype(np.float32)
        losses = ctc_loss(labels, [len(ids) for ids in totals], logits, np.full(count, 5))
        np.testing.assert_allclose(losses, [-total for total in totals.values()], atol=1e-5)


def test_equals_the_loss_of_keras(batch):
    labels, label_length, logits, logit_length = batch
    expected = keras.ops.ctc_loss(labels, logits, label_length, logit_length)
    np.testing.assert_allclose(ctc_loss(*batch), expected, rtol=1e-5)


def test_the_gradient_is_the_slope(batch):
    labels, label_length, logits, logit_length = batch
    _, gradient = loss_and_gradient(*batch)
    generator, step = np.random.default_rng(0), 1e-2
    for _ in range(5):
        direction = generator.normal(size=logits.shape).astype(np.float32)
        ahead = ctc_loss(labels, label_length, logits + step * direction, logit_length)
        behind = ctc_loss(labels, label_length, logits - step * direction, logit_length)
        slope = (ahead - behind) / (2 * step)
        np.testing.assert_allclose((gradient * direction).sum((1, 2)), slope, rtol=2e-2, atol=2e-2)


def test_the_gradient_of_a_weighted_sum_is_weighted(batch):
    _, gradient = loss_and_gradient(*batch)
    logits, weights = tf.constant(batch[2]), tf.constant([1.0, 0.0, -2.0, 3.0, 0.5])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        total = tf.reduce_sum(weights * ctc_loss(batch[0], batch[1], logits, batch[3]))
    np.testing.assert_allclose(tape.gradient(total, logits), gradient * weights[:, None, None], atol=1e-6)


def test_padding_changes_nothing(batch):
    labels, label_length, logits, logit_length = batch
    loss, gradient = loss_and_gradient(*batch)
    longer = np.full((5, 20, 6), 7.0, np.float32)
    for row, length in enumerate(logit_length):
        longer[row, :length] = logits[row, :length]
    wider = np.full((5, 9), 2, np.int32)
    for row, length in enumerate(label_length):
        wider[row, :length] = labels[row, :length]
    padded_loss, padded_gradient = loss_and_gradient(wider, label_length, longer, logit_length)
    np.testing.assert_array_equal(padded_loss, loss)
    for row, length in enumerate(logit_length):
        np.testing.assert_array_equal(padded_gradient[row, :length], gradient[row, :length])
        assert not padded_gradient[row, length:].any()
        alone = [value[row : row + 1] for value in batch]
        alone_loss, alone_gradient = loss_and_gradient(*alone[:2], alone[2][:, :length], alone[3])
        np.testing.assert_allclose(alone_loss, loss[row : row + 1], rtol=1e-6)
        np.testing.assert_allclose(alone_gradient[0], gradient[row, :length], atol=1e-6)


def test_a_target_that_does_not_fit_neither_trains_nor_spoils_the_others(batch):
    labels, label_length, logits, _ = batch
    assert frames_needed([3, 3, 3]) == 5 and frames_needed([]) == 0 and frames_needed(list("letter")) == 7
    loss, gradient = loss_and_gradient(labels, label_length, logits, np.array([12, 4, 1, 5, 4]))
    expected_loss, expected_gradient = loss_and_gradient(*batch)
    assert loss[1] == 0
    assert not gradient[1].any()
    others = [0, 2, 3, 4]
    np.testing.assert_array_equal(loss[others], expected_loss[others])
    np.testing.assert_array_equal(gradient[others], expected_gradient[others])


@pytest.mark.parametrize("ids", [[], [1], [1, 1], [1, 2, 1], [2, 2, 2, 1, 1]])
def test_frames_needed_is_where_an_alignment_first_exists(all_alignments, ids):
    needed = frames_needed(ids)
    uniform = np.full((max(needed, 1), 3), np.log(1 / 3))
    assert tuple(ids) in all_alignments(uniform)
    if needed > 1:
        assert tuple(ids) not in all_alignments(uniform[1:])


@pytest.mark.parametrize("confidence", [0.0, 10.0, 40.0])
def test_sums_of_scaled_probabilities_and_of_logarithms_agree(random_log_probs, confidence):
    """As in a trained model: the target's symbols stand out, each for one frame between blanks."""
    generator = np.random.default_rng(5)
    target = generator.integers(1, 8, 50).astype(np.int32)
    logits = random_log_probs(300, 8, 4, 1.0)
    logits[:, 0] += confidence
    logits[np.sort(generator.choice(300, 50, replace=False)), target] += 2 * confidence
    logs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    likelihood, posteriors = ctc_kernel._scaled(np.exp(logs), target)
    expected_likelihood, expected_posteriors = ctc_kernel._logarithmic(logs, target)
    np.testing.assert_allclose(likelihood, expected_likelihood, rtol=1e-9)
    np.testing.assert_allclose(posteriors, expected_posteriors, atol=1e-9)
    np.testing.assert_allclose(posteriors.sum(-1), 1, atol=1e-9)


def test_sharp_and_long_inputs_stay_exact():
    """Confident models: logits hundreds apart, where products of probabilities leave the range of floats."""
    generator = np.random.default_rng(2)
    logits = generator.normal(0, 100, (2, 300, 8)).astype(np.float32)
    labels = generator.integers(1, 8, (2, 60)).astype(np.int32)
    loss, gradient = loss_and_gradient(labels, [60, 60], logits, [300, 300])
    expected = keras.ops.ctc_loss(labels, logits, np.array([60, 60]), np.array([300, 300]))
    np.testing.assert_allclose(loss, expected, rtol=1e-4)
    np.testing.assert_allclose(gradient.sum(-1), 0, atol=1e-5)
    assert np.isfinite(gradient).all()
    assert np.isnan(ctc_kernel._scaled(tf.nn.softmax(tf.cast(logits[0], tf.float64)).numpy(), labels[0])[0])


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ((0, [[9, 2, 2, 5]] * 5), "labels"),
        ((1, [5, 3, 1, 0, 4]), "label_length"),
        ((3, [13, 7, 1, 5, 4]), "logit_length"),
    ],
)
def test_what_lies_outside_the_arrays_is_refused(batch, wrong, name):
    arguments = list(batch)
    arguments[wrong[0]] = wrong[1]
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match=f"`{name}` must be"):
        ctc_loss(*arguments)


def test_half_precision_logits_are_summed_in_float32(batch):
    labels, label_length, logits, logit_length = batch
    half = tf.cast(logits, tf.bfloat16)
    loss = ctc_loss(labels, label_length, half, logit_length)
    assert loss.dtype == tf.float32
    expected = ctc_loss(labels, label_length, tf.cast(half, tf.float32), logit_length)
    np.testing.assert_array_equal(loss, expected)


@pytest.fixture
def op_determinism():
    tf.config.experimental.enable_op_determinism()
    yield
    disable_op_determinism()  # TensorFlow's own tests do so; it is for a whole process otherwise


def test_a_compiled_step_with_unknown_shapes_under_op_determinism(batch, op_determinism):
    signature = [
        tf.TensorSpec((None, None), tf.int32),
        tf.TensorSpec((None,), tf.int32),
        tf.TensorSpec((None, None, 6), tf.float32),
        tf.TensorSpec((None,), tf.int32),
    ]

    @tf.function(input_signature=signature)
    def step(labels, label_length, logits, logit_length):
        with tf.GradientTape() as tape:
            tape.watch(logits)
            loss = ctc_loss(labels, label_length, logits, logit_length)
        return loss, tape.gradient(loss, logits)

    first, second = step(*batch), step(*batch)
    for left, right, expected in zip(first, second, loss_and_gradient(*batch), strict=True):
        np.testing.assert_array_equal(left, right)
        np.testing.assert_allclose(left, expected, atol=1e-5)
