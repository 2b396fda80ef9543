"""A picture as a grid of places, and the memory of what a frozen network saw."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from suite.vision.layers import PictureGrid


def network(seed=0):
    keras.utils.set_random_seed(seed)
    pictures = keras.Input((12, 12, 3))
    maps = keras.layers.Conv2D(5, 3, 2, "same", activation="relu")(keras.layers.Rescaling(1 / 255)(pictures))
    return keras.Model(pictures, keras.layers.BatchNormalization()(maps))


def pictures(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 12, 12, 3)).astype(np.uint8)


def frozen(seed=0, grid=2):
    layer = PictureGrid(network(seed), grid)
    layer.trainable = False
    return layer


@pytest.mark.parametrize("grid", [1, 2, 3, 6])
def test_places_are_means_of_the_maps_row_by_row(grid):
    layer, seen = frozen(0, grid), pictures(3)
    maps = layer.network(seen.astype(np.float32), training=False).numpy()
    size = 6 // grid
    wanted = maps.reshape(3, grid, size, grid, size, 5).mean(axis=(2, 4)).reshape(3, grid * grid, 5)
    for frozen_or_not in (False, True):
        layer.trainable = frozen_or_not
        np.testing.assert_allclose(layer(seen), wanted, atol=1e-5)
        np.testing.assert_allclose(tf.function(layer)(tf.constant(seen)), wanted, atol=1e-5)


def test_each_picture_is_seen_once_whatever_it_is_beside(monkeypatch):
    layer, seen, count = frozen(1), pictures(5, seed=1), []
    kept = PictureGrid._see
    monkeypatch.setattr(PictureGrid, "_see", lambda self, one: count.append(len(one)) or kept(self, one))
    first = layer(seen[:3]).numpy()
    assert count == [1, 1, 1]
    again = layer(seen[[4, 2, 0, 2]]).numpy()
    assert count == [1, 1, 1, 1] and np.array_equal(again[[1, 2, 3]], first[[2, 0, 2]])
    seen[0, 0, 0, 0] ^= 1
    layer(seen[:1])
    assert count == [1] * 5
    layer.network.layers[2].kernel.assign_add(tf.ones_like(layer.network.layers[2].kernel) * 1e-6)
    layer(seen[:1])
    assert count == [1] * 6


def test_gradients_reach_the_network_only_where_it_is_trained():
    layer, seen = frozen(2), tf.constant(pictures(2, seed=2))
    for trained in (False, True):
        layer.trainable = trained
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(layer(seen))
        assert [one is not None for one in tape.gradient(total, layer.network.weights[:1])] == [trained]


def test_batch_normalisation_keeps_its_statistics_and_the_layer_is_saved_whole(tmp_path):
    model = keras.Sequential([keras.Input((12, 12, 3), dtype="uint8"), PictureGrid(network(3), 3)])
    statistics = [weight.numpy() for weight in model.non_trainable_weights]
    model.compile("sgd", "mse")
    model.fit(pictures(4), np.zeros((4, 9, 5)), verbose=0)
    assert all(np.array_equal(*pair) for pair in zip(statistics, model.non_trainable_weights, strict=True))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded(pictures(2)), model(pictures(2)), atol=1e-6)


def test_a_grid_that_does_not_divide_the_maps_is_refused():
    with pytest.raises(ValueError, match=r"`grid` must divide 6 rows and 6 columns of maps. Received: grid=4"):
        PictureGrid(network(), 4)


def test_a_trained_network_sees_a_repeated_picture_once(monkeypatch):
    layer, seen, count = PictureGrid(network(3), 2), pictures(3, seed=3)[[0, 0, 0, 1, 2, 2, 0]], []
    kept = PictureGrid._see
    wanted = kept(layer, seen)
    monkeypatch.setattr(PictureGrid, "_see", lambda self, one: count.append(len(one)) or kept(self, one))
    answers = {}
    for name, see in (("once", layer), ("each", lambda one: kept(layer, one))):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(see(seen) ** 2)
        answers[name] = loss, *tape.gradient(loss, layer.trainable_variables)
    assert count == [4]
    np.testing.assert_allclose(layer(seen), wanted, atol=1e-6)
    for once, each in zip(answers["once"], answers["each"], strict=True):
        np.testing.assert_allclose(once, each, rtol=1e-4, atol=1e-5)
