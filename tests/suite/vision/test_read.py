import contextlib
import shutil

import numpy as np
import pytest

import suite.vision.read
from suite.errors import UserError
from suite.vision.read import camera_frames, read_clip, read_frames, video_info
from tests.suite.vision.conftest import set_block_times, set_rotation


@pytest.mark.parametrize(
    ("name", "codec"), [("a.avi", "MJPG"), ("a.avi", "FFV1"), ("a.mkv", "MJPG"), ("a.mp4", "mp4v"), ("a.mov", "mp4v")]
)
def test_every_container_gives_the_frames_and_their_times(write_video, ramp, name, codec):
    path = write_video(name, ramp, codec)
    info = video_info(path)
    assert (info.frames, info.width, info.height) == (12, 40, 24)
    assert info.fps == pytest.approx(10) and info.duration == pytest.approx(1.2)
    clip = read_clip(path)
    assert clip.frames.dtype == np.uint8 and clip.frames.shape == ramp.shape
    assert clip.times == pytest.approx(np.arange(12) / 10)
    assert np.abs(clip.frames.astype(int) - ramp).mean() < 3


def test_colours_are_in_the_order_red_green_blue_or_grey(write_video):
    red = np.zeros((3, 16, 16, 3), np.uint8)
    red[..., 0] = 200
    path = write_video("red.avi", red, "FFV1")
    assert read_clip(path).frames[1, 8, 8] == pytest.approx([200, 0, 0], abs=6)
    grey = read_clip(path, channels=1).frames
    assert grey.shape == (3, 16, 16, 1) and grey[1, 8, 8, 0] == pytest.approx(0.299 * 200, abs=4)


def test_times_of_a_varying_frame_rate_are_kept(write_video, ramp):
    path = write_video("varying.mkv", ramp)
    times = [0, 100, 150, 160, 400, 500, 900, 910, 920, 1000, 1050, 1300]
    set_block_times(path, times)
    assert read_clip(path).times == pytest.approx(np.array(times) / 1000)
    assert [time for time, _ in read_frames(path)] == pytest.approx(np.array(times) / 1000)


def test_a_rotation_flag_turns_the_frames(write_video, ramp):
    path = write_video("phone.mp4", ramp, "mp4v")
    upright = read_clip(path).frames
    turned = path.with_name("turned.mp4")
    shutil.copy(path, turned)
    set_rotation(turned, (0, 1, -1, 0))
    info, frames = video_info(turned), read_clip(turned).frames
    assert (info.width, info.height) == (24, 40)
    assert np.array_equal(frames, np.rot90(upright, -1, axes=(1, 2)))


def test_chosen_frames_alone_are_kept_and_may_come_twice(write_video, ramp):
    path = write_video("a.avi", ramp)
    whole = read_clip(path)
    chosen = np.array([1, 1, 5, 11])
    clip = read_clip(path, choose=lambda times: chosen[: len(times)])
    assert np.array_equal(clip.frames, whole.frames[chosen]) and np.array_equal(clip.times, whole.times[chosen])


def test_frames_are_resized_as_they_come(write_video, ramp):
    path = write_video("a.avi", np.concatenate([ramp] * 4))
    sizes = []

    def halve(frames):
        sizes.append(len(frames))
        return frames[:, ::2, ::2]

    assert read_clip(path, resize=halve).frames.shape == (48, 12, 20, 3)
    assert sum(sizes) == 48 and max(sizes) < 48


def test_a_long_video_comes_frame_by_frame(write_video, ramp):
    path = write_video("a.avi", ramp)
    with contextlib.closing(read_frames(path)) as frames:
        time, frame = next(frames)
    assert time == 0 and frame.shape == (24, 40, 3)
    assert np.array_equal(np.stack([frame for _, frame in read_frames(path)]), read_clip(path).frames)


def test_content_counts_not_the_ending(write_video, ramp):
    path = write_video("a.avi", ramp)
    for name in ("clip.txt", "clip.mp4", "clip_01.avi"):
        shutil.copy(path, path.with_name(name))
        assert video_info(path.with_name(name)).frames == 12


def make_bad(kind, tmp_path, write_video, write_sound, ramp):
    path = tmp_path / "bad.avi"
    if kind == "zero bytes":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("no video " * 100)
    elif kind == "sound":
        write_sound("bad.avi")
    elif kind == "one frame":
        write_video("bad.avi", ramp[:1])
    elif kind == "no frame":
        write_video("bad.avi", ramp[:0])
    elif kind == "picture":
        from suite.vision.opencv import import_cv2

        import_cv2().imwrite(str(tmp_path / "a.png"), ramp[0])
        shutil.copy(tmp_path / "a.png", path)
    elif kind in ("truncated avi", "truncated mp4"):
        whole = write_video(*(("w.avi", ramp) if kind == "truncated avi" else ("w.mp4", ramp, "mp4v")))
        path.write_bytes(whole.read_bytes()[: -whole.stat().st_size // 2])
    elif kind == "sound in mp4":
        whole = write_video("w.mp4", ramp, "mp4v").read_bytes()
        path.write_bytes(whole.replace(b"vide", b"soun").replace(b"mp4v", b"mp4a"))
    elif kind == "folder":
        path.mkdir()
    return path


BAD = {
    "missing": "no such file",
    "folder": "expected a video file. Received: a folder",
    "zero bytes": "the file is empty (zero bytes)",
    "text": "expected a video. Received: a file that cannot be decoded as one, whatever its name (it starts with 'no video",
    "sound": "expected a video. Received: audio without any picture",
    "sound in mp4": "expected a video. Received: audio without any picture",
    "one frame": "expected a video of at least 2 frames. Received: one frame, a still picture",
    "no frame": "expected a video of at least 2 frames. Received: none that can be decoded",
    "picture": "expected a video of at least 2 frames. Received: one frame, a still picture",
    "truncated avi": "the video is cut off or damaged. Received: ",
    "truncated mp4": "the video is cut off: its index (the mp4 box 'moov') is missing",
}


@pytest.mark.parametrize(("kind", "message"), BAD.items(), ids=BAD)
def test_bad_video_is_refused_in_one_sentence(tmp_path, write_video, write_sound, ramp, kind, message, capfd):
    path = make_bad(kind, tmp_path, write_video, write_sound, np.concatenate([ramp] * 2))
    with pytest.raises(UserError) as error:
        read_clip(path)
    assert str(error.value).startswith(f"{path}: ") and message in str(error.value)
    assert capfd.readouterr().err == ""  # FFmpeg's own words are no answer


def test_huge_frames_are_refused_before_they_are_decoded(write_video, monkeypatch):
    path = write_video("huge.avi", np.zeros((2, 64, 128, 3), np.uint8))
    monkeypatch.setattr(suite.vision.read, "MOST_PIXELS", 128 * 64 - 1)
    with pytest.raises(UserError, match=r"huge\.avi: expected frames of at most 8,191 pixels. Received: 128x64"):
        video_info(path)


def test_a_file_that_changes_is_looked_at_again(write_video, ramp):
    assert video_info(write_video("a.avi", ramp)).frames == 12
    assert video_info(write_video("a.avi", ramp[:5])).frames == 5


def test_a_missing_camera_is_named():
    with pytest.raises(UserError, match=r"camera 97: cannot be opened"):
        next(camera_frames(97))
