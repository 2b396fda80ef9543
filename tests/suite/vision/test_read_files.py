"""Videos that other programs write: edit lists, sound longer than the picture, names, pixels that are not square."""

import numpy as np
import pytest

from suite.errors import UserError
from suite.vision.read import read_clip, read_frames, video_info
from tests.video_files import bars, copy_from, cut, decoded, write_video

FRAMES = bars(20)


def test_a_copy_from_a_moment_on_begins_there(tmp_path):
    whole = write_video(tmp_path / "in.mp4", FRAMES, codec_options={"g": "6"})
    copy = copy_from(whole, tmp_path / "copy.mp4", 0.7)
    times, frames = decoded(whole)
    clip, info = read_clip(copy), video_info(copy)
    assert np.array_equal(clip.frames, frames[times >= 0.7 - 1e-6])
    assert clip.times == pytest.approx(times[times >= 0.7 - 1e-6] - 0.7) and info.duration == pytest.approx(1.3)


@pytest.mark.parametrize("name", ["a.webm", "a.mkv", "a.wmv", "a.flv"])
def test_sound_may_be_longer_than_the_picture_but_the_file_must_be_whole(tmp_path, name):
    path = write_video(tmp_path / name, FRAMES, codec={"a.flv": "flv"}.get(name), sound_seconds=5)
    assert video_info(path).frames == 20 and video_info(path).duration == pytest.approx(2)
    for share in (0.2, 0.7):
        with pytest.raises(UserError, match=r"-cut\..+: the video is cut off or damaged. Received: "):
            video_info(cut(path, share))


def test_a_relative_name_may_have_a_colon(tmp_path, monkeypatch):
    write_video(tmp_path / "10:30:15.mp4", FRAMES)
    monkeypatch.chdir(tmp_path)
    assert video_info("10:30:15.mp4").frames == 20
    assert len(list(read_frames("10:30:15.mp4"))) == 20


@pytest.mark.parametrize(("aspect", "width"), [("2/1", 128), ("16/15", 68), ("1/2", 32)])
def test_pixels_that_are_not_square_are_made_so(tmp_path, aspect, width):
    path = write_video(tmp_path / "a.mp4", FRAMES, aspect=aspect)
    clip, info = read_clip(path), video_info(path)
    assert (info.width, info.height) == (width, 48) and clip.frames.shape == (20, 48, width, 3)
    left = np.argmax(clip.frames[:, 4, :, 0] > 130, axis=1)  # where the bar begins
    assert left == pytest.approx(np.argmax(FRAMES[:, 4, :, 0] > 130, axis=1) * width / 64, abs=1.5)
