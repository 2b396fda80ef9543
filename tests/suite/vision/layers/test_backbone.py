"""A frozen backbone sees each clip once; whatever changes, what it remembers of others is never used."""

import keras
import numpy as np
import pytest

from suite.vision.layers import Backbone, backbone_network
from suite.vision.layers import backbone as module
from suite.vision.layers.feature_memory import FeatureMemory, clip_key


@pytest.fixture
def memory(monkeypatch):
    memory = FeatureMemory()
    monkeypatch.setattr(module, "MEMORY", memory)
    return memory


def network(seed=0):
    keras.utils.set_random_seed(seed)
    pictures = keras.Input((6, 8, 3))
    return keras.Model(pictures, keras.layers.Conv2D(4, 3, activation="relu")(pictures))


def batch(lengths, seed=0):
    frames = np.zeros((len(lengths), max(lengths), 6, 8, 3), np.uint8)
    for row, length in enumerate(lengths):
        frames[row, :length] = np.random.default_rng(seed + row).integers(0, 256, (length, 6, 8, 3))
    return frames, np.arange(max(lengths))[None] < np.array(lengths)[:, None]


def by_hand(layer, clip):
    maps = layer.network(clip.astype("float32")).numpy()
    change = np.abs(np.diff(maps, axis=0, prepend=maps[:1]))
    return np.concatenate([maps.mean(axis=(1, 2)), change.max(axis=(1, 2))], axis=1)


@pytest.mark.parametrize("trainable", [True, False])
def test_features_by_hand_frozen_or_not(memory, trainable):
    layer = Backbone(network())
    layer.trainable = trainable
    frames, mask = batch([5, 3])
    for _ in range(2):  # the second time from memory
        found = layer(frames, mask).numpy()
        for row, length in enumerate((5, 3)):
            np.testing.assert_allclose(found[row, :length], by_hand(layer, frames[row, :length]), rtol=1e-4, atol=1e-3)
        assert not found[1, 3:].any()
    assert len(memory) == (0 if trainable else 2)


def test_a_clip_is_seen_once_in_whatever_batch(memory):
    layer = Backbone(network())
    layer.trainable = False
    frames, mask = batch([5, 3])
    first = layer(frames, mask).numpy()
    again = layer(frames[1:, :3], mask[1:, :3]).numpy()
    assert np.array_equal(again[0], first[1, :3])
    assert len(memory) == 2
    both = np.stack([frames[0], frames[0, :, :, ::-1]])
    mixed = layer(both, mask[[0, 0]]).numpy()
    assert np.array_equal(mixed[0], first[0])
    np.testing.assert_allclose(mixed[1], by_hand(layer, both[1]), rtol=1e-4, atol=1e-3)
    assert len(memory) == 3


def test_models_with_the_same_weights_share_what_they_saw(memory):
    frames, mask = batch([5, 3])
    answers = []
    for _ in range(2):
        layer = Backbone(network())
        layer.trainable = False
        answers.append(layer(frames, mask).numpy())
    assert len(memory) == 2
    assert np.array_equal(*answers)


def test_other_weights_never_meet_what_is_remembered(memory):
    layer = Backbone(network())
    layer.trainable = False
    frames, mask = batch([4])
    before = layer(frames, mask).numpy()
    kernel = layer.network.layers[1].kernel
    kernel.assign(kernel[::-1])  # the same numbers at other places
    after = layer(frames, mask).numpy()
    assert np.abs(after - before).max() > 1
    np.testing.assert_allclose(after[0], by_hand(layer, frames[0]), rtol=1e-4, atol=1e-3)


def test_memory_lets_the_longest_unused_go():
    memory = FeatureMemory(capacity=100)
    memory.put(b"a", np.zeros(40, np.uint8))
    memory.put(b"b", np.zeros(40, np.uint8))
    assert memory.get(b"a") is not None
    memory.put(b"c", np.zeros(40, np.uint8))
    assert memory.get(b"b") is None and memory.get(b"a") is not None and memory.get(b"c") is not None


def test_keys_tell_clips_apart_by_shape_too():
    flat = np.zeros((2, 3), np.uint8)
    assert clip_key(b"net", flat) == clip_key(b"net", flat.copy())
    assert len({clip_key(b"net", flat), clip_key(b"net", flat.T), clip_key(b"other", flat)}) == 3


def test_preprocessing_is_part_of_the_network(tmp_path):
    keras.utils.set_random_seed(0)
    whole = keras.applications.MobileNet((32, 32, 3), 0.25, include_top=False, weights=None)
    whole.save_weights(tmp_path / "mobilenet.weights.h5")
    cut = backbone_network("mobilenet_0.25", 32, 32, tmp_path / "mobilenet.weights.h5", "conv_pw_2_relu")
    pictures = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype("float32")
    ours = keras.Model(whole.input, whole.get_layer("conv_pw_2_relu").output)
    expected = ours(keras.applications.mobilenet.preprocess_input(pictures.copy()))
    np.testing.assert_allclose(cut(pictures), expected, atol=1e-4)
