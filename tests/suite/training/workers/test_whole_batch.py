"""What a worker draws for its rows is what one process draws for these rows of the whole batch."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from suite.audio.spec_augment import SpecAugment
from suite.data.share import Share
from suite.training.workers.whole_batch import Rows, of_whole_batch

BATCH, TIME, FEATURES = 7, 5, 6
VALUES = np.random.default_rng(0).normal(size=(BATCH, TIME, FEATURES)).astype(np.float32)
LAYERS = {
    "dropout": lambda: keras.layers.Dropout(0.4, seed=1),
    "spatial": lambda: keras.layers.SpatialDropout1D(0.4, seed=1),
    "of tokens": lambda: keras.layers.Dropout(0.4, (None, None, 1), seed=1),
    "of features": lambda: keras.layers.Dropout(0.4, (1, 1, FEATURES), seed=1),
    "noise": lambda: keras.layers.GaussianNoise(0.4, seed=1),
    "two numbers a row": lambda: SpecAugment(2, 3, 2, 3, seed=1),
}


@pytest.mark.parametrize("name", LAYERS)
def test_rows_are_drawn_as_in_the_whole_batch(name: str) -> None:
    whole = keras.Sequential([keras.Input((None, FEATURES)), LAYERS[name]()])
    expected = [whole(VALUES, training=True).numpy() for _ in range(2)]
    model = keras.Sequential([keras.Input((None, FEATURES)), LAYERS[name]()])

    @tf.function(input_signature=[tf.TensorSpec((None, None, FEATURES)), tf.TensorSpec((), tf.int32)], autograph=False)
    def run(values: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
        with of_whole_batch(model, Rows(start, tf.shape(values)[0], tf.constant(BATCH))):
            return model(values, training=True)

    state = model.layers[-1].seed_generator.state
    begun = state.numpy()
    for worker in range(3):
        state.assign(begun)  # as in a process of its own
        rows = Share(worker, 3).rows(BATCH)
        for draw in expected:
            np.testing.assert_array_equal(run(VALUES[rows], rows.start), draw[rows])
    assert (expected[0] != expected[1]).any() and (expected[0] != VALUES).any()


@pytest.mark.parametrize("masked", [False, True])
def test_statistics_are_those_of_keras(masked: bool) -> None:
    # In one process what is summed over the workers is its own sum.
    mask = np.arange(TIME) < np.arange(1, BATCH + 1)[:, np.newaxis] if masked else None
    ours, theirs = (keras.layers.BatchNormalization() for _ in range(2))
    theirs.build(VALUES.shape)
    model = keras.Sequential([keras.Input((None, FEATURES)), ours])
    expected = theirs(VALUES, training=True, mask=mask)
    with of_whole_batch(model, Rows(*map(tf.constant, (0, BATCH, BATCH)))):
        values = ours(VALUES, training=True, mask=mask)
    np.testing.assert_allclose(values, expected, atol=1e-5)
    for mine, other in zip(ours.weights, theirs.weights, strict=True):
        np.testing.assert_allclose(mine.numpy(), other.numpy(), atol=1e-6)
    assert "_moments" not in vars(ours)
