"""Layers that see, against NumPy and SciPy, and padding against none."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.fft import dctn

from suite.recurrent.deployment import Deployment, deploying
from suite.vision.layers import ClipMask, ClipNormalisation, CosineFrequencies, FrameDifferences, FrameWise
from suite.vision.layers.normalisation import MODES

LENGTHS = (5, 2)


@pytest.fixture
def frames():
    """Two clips, 5 and 2 frames long, the second padded."""
    frames = np.random.default_rng(0).integers(0, 256, (2, 5, 6, 8, 3), np.uint8)
    frames[1, 2:] = 0
    return frames


@pytest.fixture
def mask():
    return np.arange(5)[None] < np.array(LENGTHS)[:, None]


def by_hand(clip, mode):
    clip = clip.astype(float)
    if mode == "pixels":
        return clip / 127.5 - 1
    if mode == "frame":
        return np.array([(frame - frame.mean()) / (frame.std() + 1) for frame in clip])
    if mode == "clip":
        return (clip - clip.mean()) / (clip.std() + 1)
    moved = clip - clip.mean(axis=0)
    return moved / (np.sqrt(np.mean(moved**2)) + 1)


def test_mask_marks_the_first_frames(frames, mask):
    assert np.array_equal(ClipMask()(frames, np.array(LENGTHS)), mask)


@pytest.mark.parametrize("mode", MODES)
def test_normalisation_by_hand_whatever_the_padding(frames, mask, mode):
    dirty = frames.copy()
    dirty[1, 2:] = 77
    found = ClipNormalisation(mode)(dirty, mask).numpy()
    for row, length in enumerate(LENGTHS):
        np.testing.assert_allclose(found[row, :length], by_hand(frames[row, :length], mode), atol=1e-4)
    assert not found[1, 2:].any()


def test_what_is_brighter_is_the_same_clip_and_what_stands_still_is_nothing(mask):
    still = np.tile(np.random.default_rng(1).integers(0, 200, (1, 1, 6, 8, 3), np.uint8), (2, 5, 1, 1, 1))
    np.testing.assert_allclose(ClipNormalisation("position")(still, mask), 0, atol=1e-3)
    brighter, darker = (ClipNormalisation("clip")(clip, np.ones((2, 5), bool)) for clip in (still + 50, still))
    np.testing.assert_allclose(brighter, darker, atol=1e-4)


@pytest.mark.parametrize("shape", [(3,), (6, 8, 3)])
def test_differences_by_hand(shape, mask):
    values = np.random.default_rng(0).normal(size=(2, 5, *shape)).astype("float32")
    found = FrameDifferences(scale=2.0)(values, mask).numpy()
    kept = mask.reshape(2, 5, *[1] * len(shape))
    change = 2 * np.diff(values, axis=1, prepend=values[:, :1]) * kept
    np.testing.assert_allclose(found, np.concatenate([values, change], axis=-1), atol=1e-5)


@pytest.mark.parametrize("chunk", [1, 2, 3])
def test_differences_of_a_stream_are_those_of_the_whole(chunk):
    values = np.random.default_rng(0).normal(size=(1, 6, 4)).astype("float32")
    layer = FrameDifferences(name="motion")
    states = {"motion_last": tf.zeros((1, 1, 4)), "motion_begun": tf.zeros((1, 1))}
    found = []
    for start in range(0, 6, chunk):
        piece = tf.constant(values[:, start : start + chunk])
        with deploying(Deployment("loop", fixed=True, streaming=True, states=states)) as traced:
            found.append(layer(piece, np.ones((1, chunk), bool)))
        states = traced.final
    whole = layer(values, np.ones((1, 6), bool))
    np.testing.assert_allclose(np.concatenate(found, axis=1), whole, atol=1e-6)


def test_cosine_frequencies_are_scipys():
    pictures = np.random.default_rng(0).normal(size=(2, 3, 6, 8, 2)).astype("float32")
    found = CosineFrequencies(4, scale=0.5)(pictures).numpy().reshape(2, 3, 2, 4, 4)
    expected = 0.5 * dctn(pictures, axes=(2, 3), norm="ortho")[:, :, :4, :4]
    # The second axis of the transform comes first in what the layer gives.
    np.testing.assert_allclose(found, expected.transpose(0, 1, 4, 3, 2), atol=1e-5)


def test_a_network_over_frames_sees_each_alone_and_no_padding(frames, mask):
    pictures = keras.Input((6, 8, 3))
    maps = keras.layers.BatchNormalization()(keras.layers.Conv2D(4, 3)(pictures))
    network = keras.Model(pictures, keras.layers.Flatten()(maps))
    layer = FrameWise(network)
    values = frames.astype("float32")
    found = layer(values, mask).numpy()
    for row, length in enumerate(LENGTHS):
        np.testing.assert_allclose(found[row, :length], network(values[row, :length]), atol=1e-4)
    assert not found[1, 2:].any()
    # In training the statistics are those of the frames that count.
    layer(values, mask, training=True)
    convolved = network.layers[1](values[mask]).numpy()
    expected = 0.01 * convolved.mean(axis=(0, 1, 2))
    np.testing.assert_allclose(network.layers[2].moving_mean, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("layer", [ClipNormalisation("frame"), FrameDifferences(0.5), CosineFrequencies(3, 0.2)])
def test_config_round_trip(layer):
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()


def test_unknown_values_are_refused():
    with pytest.raises(ValueError, match="Received: mode=video"):
        ClipNormalisation("video")
    with pytest.raises(ValueError, match="Received: 9"):
        CosineFrequencies(9)(np.zeros((1, 1, 8, 8, 1), "float32"))
