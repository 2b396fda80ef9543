import keras
import numpy as np
import pytest
import tensorflow as tf

from suite.audio.spec_augment import SpecAugment

OPTIONS = {"time_masks": 2, "time_mask_frames": 12, "frequency_masks": 1, "frequency_mask_bins": 6}


def runs(masked):
    """Return how many stretches of True there are."""
    return int(np.diff(np.concatenate([[0], masked.astype(int)])).clip(0).sum())


@pytest.mark.parametrize("jit_compile", [False, True])
def test_masks_are_no_more_and_no_wider_than_asked_for_and_within_the_frames(jit_compile):
    layer = SpecAugment(**OPTIONS, time_mask_fraction=0.2, seed=0)
    frames = np.repeat([100, 40, 5, 1], 50)
    features = np.ones((200, 120, 30), "float32")
    found = tf.function(lambda x, n: layer(x, n, training=True), jit_compile=jit_compile)(features, frames).numpy()
    assert set(np.unique(found)) == {0, 1}
    widths, starts = [], []
    for row, count in zip(found, frames, strict=True):
        in_time, in_frequency = ~row.any(axis=1), ~row.any(axis=0)
        assert not in_time[count:].any() and runs(in_time) <= 2 and runs(in_frequency) <= 1
        assert in_time.sum() <= 2 * min(12, int(0.2 * count)) and in_frequency.sum() <= 6
        assert np.array_equal(row == 0, in_time[:, np.newaxis] | in_frequency)
        widths.append(int(in_frequency.sum()))
        starts += list(np.flatnonzero(in_time & (count == 100)))
    # Every width occurs, and masks reach both ends.
    assert set(widths) == set(range(7)) and min(starts) < 3 and max(starts) > 96


def test_nothing_is_masked_outside_training_and_the_seed_decides():
    features = np.random.default_rng(0).normal(size=(4, 50, 20)).astype("float32")
    one, same, other = (SpecAugment(**OPTIONS, seed=seed) for seed in (1, 1, 2))
    assert one(features) is not None and np.array_equal(one(features), features)
    first = one(features, training=True)
    assert np.array_equal(same(features, training=True), first)
    assert not np.array_equal(one(features, training=True), first)
    assert not np.array_equal(other(features, training=True), first)


def test_it_is_saved_with_its_settings(tmp_path):
    inputs = keras.Input((None, 20))
    model = keras.Model(inputs, SpecAugment(**OPTIONS, seed=3)(inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.layers[-1].get_config() == model.layers[-1].get_config()
    with pytest.raises(ValueError, match="Received: time_masks=-1"):
        SpecAugment(time_masks=-1)
    with pytest.raises(ValueError, match="Received: time_mask_fraction=2"):
        SpecAugment(time_mask_fraction=2)
