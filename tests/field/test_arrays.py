"""Arrays as other libraries hand them over: views, byte orders, memory maps, tensors. The oracle is the same array, copied plainly."""

import numpy as np
import pytest
import tensorflow as tf

from suite.errors import UserError
from suite.runtime.loaded import plain as as_dict
from tests.conftest import approximately


@pytest.fixture(scope="module")
def speech(untrained):
    return untrained("speech")


def stereo(dtype="int16"):
    generator = np.random.default_rng(0)
    samples = generator.standard_normal((6000, 2)) * 0.1
    return (samples * 32768).astype(dtype) if dtype == "int16" else samples.astype(dtype)


def test_views_and_byte_orders_of_samples(speech, tmp_path):
    plain = stereo()
    expected = speech.predict(plain)
    np.save(tmp_path / "a.npy", plain)
    frozen = plain.copy()
    frozen.flags.writeable = False
    for array in (
        np.asfortranarray(plain),
        np.ascontiguousarray(plain[::-1])[::-1],
        np.repeat(plain, 2, axis=0)[::2],
        plain.astype(">i2"),
        np.load(tmp_path / "a.npy", mmap_mode="r"),
        frozen,
    ):
        assert speech.predict(array) == expected
    assert np.array_equal(plain, stereo()), "the caller's samples stay as they are"


def test_tensors_of_samples(speech):
    plain = stereo("float32")
    assert speech.predict(tf.constant(plain)) == speech.predict(plain)
    for array, together in zip((plain, plain[:4000]), speech.predict((plain, plain[:4000])), strict=True):
        assert as_dict(together) == approximately(as_dict(speech.predict(array)))


@pytest.mark.parametrize("dtype", ["float16", "float64", ">f4"])
def test_floats_of_any_size(speech, dtype):
    samples = stereo("float32").astype("float16")  # what all of them hold exactly
    assert speech.predict(samples.astype(dtype)) == speech.predict(samples.astype("float32"))


def test_a_little_beyond_full_scale_is_cut_off(speech):
    loud = stereo("float32") / np.abs(stereo("float32").mean(axis=1)).max() * 1.5
    assert speech.predict(loud) == speech.predict(np.clip(loud.mean(axis=1), -1, 1))


def test_frames_and_pictures_that_are_views(untrained):
    generator = np.random.default_rng(0)
    frames = generator.integers(0, 256, (6, 20, 30, 3)).astype(np.uint8)
    video, captioning = untrained("video"), untrained("captioning")
    expected = video.predict(frames[..., ::-1].copy())
    assert video.predict(frames[..., ::-1]) == expected  # BGR to RGB, as OpenCV users write it
    assert video.predict(tf.constant(frames[..., ::-1].copy())) == expected
    assert video.predict(list(frames[None])) == [video.predict(frames)]
    picture = frames[0]
    assert captioning.predict(picture[:, ::-1]) == captioning.predict(picture[:, ::-1].copy())
    assert captioning.predict(picture[..., :1]) == captioning.predict(picture[..., 0])


@pytest.mark.parametrize("raw_input", [[0.1, 0.2], [[0.1], [0.2]], {"samples": 1}, object()])
def test_what_is_neither_path_nor_array_is_refused(speech, raw_input):
    with pytest.raises(UserError, match="expected the path of a file, or an array"):
        speech.predict(raw_input)
