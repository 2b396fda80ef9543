import numpy as np
import pytest

from suite.vision.augment import vary_picture, vary_time


@pytest.fixture
def clip():
    return np.random.default_rng(1).integers(0, 256, (5, 16, 24, 3), np.uint8)


def draws(function, *arguments, **settings):
    return [function(*arguments, np.random.default_rng(seed), **settings) for seed in range(60)]


def test_without_settings_nothing_changes(clip):
    generator = np.random.default_rng(0)
    assert vary_picture(clip, generator) is clip
    assert vary_time(9, generator).tolist() == list(range(9))


def test_the_generator_decides(clip):
    settings = {"flip": True, "crop": 0.3, "brightness": 0.3}
    one, same, other = (vary_picture(clip, np.random.default_rng(seed), **settings) for seed in (4, 4, 5))
    assert np.array_equal(one, same) and not np.array_equal(one, other)


@pytest.mark.parametrize("settings", [{"flip": True}, {"crop": 0.4}, {"brightness": 0.4}], ids=str)
@pytest.mark.parametrize("channels", [1, 3])
def test_every_frame_changes_alike(settings, channels):
    frame = np.random.default_rng(2).integers(0, 256, (1, 16, 24, channels), np.uint8)
    still, changed = np.repeat(frame, 4, axis=0), 0
    for varied in draws(vary_picture, still, **settings):
        assert varied.shape == still.shape and varied.dtype == np.uint8
        assert (varied == varied[:1]).all()
        changed += not np.array_equal(varied, still)
    assert changed > 15


def test_flip_mirrors_half_of_the_clips(clip):
    flipped = [np.array_equal(varied, clip[:, :, ::-1]) for varied in draws(vary_picture, clip, flip=True)]
    assert 15 < sum(flipped) < 45


def test_a_crop_is_a_stretched_window():
    rows, columns = np.mgrid[0:32, 0:48].astype(np.float32)
    clip = np.stack([rows, columns], axis=-1)[None].astype(np.uint8) * 4
    windows = draws(vary_picture, clip, crop=0.25)
    for varied in windows:
        height, width = np.ptp(varied[0, :, 0, 0]) / 4 + 1, np.ptp(varied[0, 0, :, 1]) / 4 + 1
        assert 24 <= height <= 32 and 36 <= width <= 48
    assert len({int(varied[0, 0, 0, 0]) for varied in windows}) > 3  # standing in different places


def test_brightness_keeps_the_order_of_greys():
    clip = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    for varied in draws(vary_picture, clip, brightness=0.5):
        assert (np.diff(varied.reshape(-1).astype(int)) >= 0).all()


def test_speed_and_dropped_frames():
    lengths = [len(indices) for indices in draws(vary_time, 100, speed=0.2)]
    assert min(lengths) < 90 and max(lengths) > 110 and min(lengths) >= 83 and max(lengths) <= 125
    for indices in draws(vary_time, 100, speed=0.2, frame_drop=0.3):
        assert (np.diff(indices) >= 0).all() and indices.min() >= 0 and indices.max() < 100
    assert np.mean([len(indices) for indices in draws(vary_time, 100, frame_drop=0.3)]) == pytest.approx(70, abs=3)
    assert min(len(indices) for indices in draws(vary_time, 3, frame_drop=0.9)) >= 2
