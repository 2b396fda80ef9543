"""Videos as phones, cameras, browsers and editors write them: whole or cut off, turned, of odd pixels, names and times.

The right frames and times are those that the test itself wrote, PyAV's decoding of them, or NumPy's arithmetic.
"""

import os

import numpy as np
import pytest
from PIL import Image

from suite.errors import UserError
from suite.vision.read import read_clip, read_frames, video_info
from suite.vision.times import repair_times
from tests.video_files import bars, cut, decoded, write_video

FRAMES = bars(20)
ONE = 1 << 16  # of a display matrix


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A plain video of two seconds."""
    return write_video(tmp_path_factory.mktemp("whole") / "plain.mp4", FRAMES)


TURNS = {
    "mirrored": ((-ONE, 0, 0, ONE), lambda frames: frames[:, :, ::-1]),
    "upside down": ((-ONE, 0, 0, -ONE), lambda frames: frames[:, ::-1, ::-1]),
    "quarter left": ((0, -ONE, ONE, 0), lambda frames: np.rot90(frames, 1, axes=(1, 2))),
    "quarter right": ((0, ONE, -ONE, 0), lambda frames: np.rot90(frames, -1, axes=(1, 2))),
    "quarter and mirror": ((0, ONE, ONE, 0), lambda frames: frames.transpose(0, 2, 1, 3)),
}


@pytest.mark.parametrize(("matrix", "turn"), TURNS.values(), ids=TURNS)
def test_a_display_matrix_turns_and_mirrors(tmp_path, matrix, turn):
    a, b, c, d = matrix
    path = write_video(tmp_path / "phone.mp4", FRAMES, matrix=(a, b, 0, c, d, 0, 0, 0, 1 << 30))
    _, upright = decoded(path)
    clip, info = read_clip(path), video_info(path)
    assert np.array_equal(clip.frames, turn(upright))
    assert (info.height, info.width) == clip.frames.shape[1:3]


def test_pixel_aspect_ratio_counts_before_the_turn(tmp_path):
    path = write_video(tmp_path / "phone.mp4", FRAMES, aspect="2/1", matrix=(0, ONE, 0, -ONE, 0, 0, 0, 0, 1 << 30))
    assert read_clip(path).frames.shape == (20, 128, 48, 3)


def test_an_impossible_pixel_aspect_ratio_is_ignored(tmp_path):
    assert video_info(write_video(tmp_path / "a.mp4", FRAMES, aspect="1/64")).width == 64


def test_interlaced_frames_are_pictures(tmp_path):
    flags = {"flags": "+ildct+ilme"}
    path = write_video(tmp_path / "dv.mpg", bars(20, 64, 96), rate=25, codec="mpeg2video", codec_options=flags)
    assert np.abs(read_clip(path).frames.astype(int) - bars(20, 64, 96)).mean() < 6


@pytest.mark.parametrize(("codec", "pix_fmt"), [("png", "rgba"), ("qtrle", "argb")])
def test_what_is_transparent_lies_over_white(tmp_path, codec, pix_fmt):
    frames = np.concatenate([FRAMES, np.full((20, 48, 64, 1), 255, np.uint8)], axis=-1)
    frames[:, :10, :, 3], frames[:, 10:20, :, 3] = 0, 128
    clip = read_clip(write_video(tmp_path / "overlay.mov", frames, codec=codec, pix_fmt=pix_fmt))
    white = Image.new("RGBA", (64, 48), "white")
    expected = np.stack([Image.alpha_composite(white, Image.fromarray(frame)).convert("RGB") for frame in frames])
    assert np.abs(clip.frames.astype(int) - expected).max() <= 1


DEPTHS = [("libvpx-vp9", "yuv420p"), ("ffv1", "yuv422p10le"), ("ffv1", "gray")]
CASES = [("libx264", "yuv420p10le", (48, 64)), *((*depth, size) for depth in DEPTHS for size in ((48, 64), (47, 63)))]


@pytest.mark.parametrize(("codec", "pix_fmt", "size"), CASES)
def test_deep_grey_and_odd_sized_frames(tmp_path, codec, pix_fmt, size):
    frames = bars(8, *size)
    clip = read_clip(write_video(tmp_path / "a.mkv", frames, codec=codec, pix_fmt=pix_fmt))
    assert clip.frames.shape == frames.shape
    assert np.abs(clip.frames.astype(int) - frames).mean() < 4


def test_a_gif_keeps_its_times(tmp_path):
    pictures = [Image.fromarray(frame) for frame in bars(5)]
    pictures[0].save(tmp_path / "a.gif", save_all=True, append_images=pictures[1:], duration=[100, 300, 50, 200, 80])
    assert read_clip(tmp_path / "a.gif").times == pytest.approx([0, 0.1, 0.4, 0.45, 0.65])
    assert video_info(tmp_path / "a.gif").duration == pytest.approx(0.73)


NAMES = ["-i.mp4", "file:a.mp4", "http:a.mp4", "clip_%03d.mp4", "concat:a|b.mp4", "ünï код.mp4", "a\udce9.mp4", "a.txt"]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_a_name(tmp_path, monkeypatch, whole, name):
    monkeypatch.chdir(tmp_path)
    try:
        with open(os.fsencode(name), "wb") as file:
            file.write(whole.read_bytes())
    except OSError:
        pytest.skip("this file system does not allow the name")
    assert np.array_equal(read_clip(name).frames, read_clip(whole).frames)


TEXTS = {
    "notes.txt": b"a text\n" * 50,
    "art.ans": b"\x1b[31mred\n" * 50,
    "list.m3u8": b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nplain.mp4\n#EXT-X-ENDLIST\n",
    "list.mp4": b"ffconcat version 1.0\nfile plain.mp4\n",
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_no_video_even_where_it_names_one(tmp_path, whole, name):
    (tmp_path / "plain.mp4").write_bytes(whole.read_bytes())
    (tmp_path / name).write_bytes(TEXTS[name])
    with pytest.raises(UserError, match=r"expected a video. Received: a file that cannot be decoded as one"):
        video_info(tmp_path / name)


@pytest.mark.parametrize("ending", [".mp3", ".m4a"])
def test_the_cover_of_a_song_is_no_video(tmp_path, ending):
    import av

    path = tmp_path / f"song{ending}"
    with av.open(str(path), "w", format={".m4a": "mp4"}.get(ending)) as container:
        sound = container.add_stream("libmp3lame" if ending == ".mp3" else "aac", rate=44100, layout="stereo")
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 48, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        container.mux(cover.encode(av.VideoFrame.from_ndarray(FRAMES[0], format="rgb24")))
        silence = av.AudioFrame.from_ndarray(np.zeros((2, 44100), np.float32), format="fltp", layout="stereo")
        silence.rate, silence.pts = 44100, 0
        resampler = av.AudioResampler(sound.format, "stereo", 44100, sound.codec_context.frame_size or 1152)
        for chunk in resampler.resample(silence):
            container.mux(sound.encode(chunk))
        container.mux(sound.encode(None))
    with pytest.raises(UserError, match=r"expected a video. Received: audio whose only picture is that of its cover"):
        video_info(path)


def test_an_animated_webp_is_named(tmp_path):
    pictures = [Image.fromarray(frame) for frame in bars(5)]
    pictures[0].save(tmp_path / "a.webp", save_all=True, append_images=pictures[1:])
    with pytest.raises(UserError, match=r"Received: an animated WebP picture, which cannot be decoded"):
        video_info(tmp_path / "a.webp")


def test_an_avi_written_to_a_pipe_is_whole(tmp_path):
    path = write_video(tmp_path / "a.avi", FRAMES)
    data = bytearray(path.read_bytes())
    data[4:8] = b"\xff" * 4  # what is not known before the end, as FFmpeg leaves it where it cannot go back
    place = data.index(b"strh") + 40
    data[place : place + 4] = (1 << 30).to_bytes(4, "little")
    path.write_bytes(data)
    assert video_info(path).frames == 20


CUT = {"a.avi": "mjpeg", "a.mp4": "libx264", "a.mkv": "libx264", "a.webm": "libvpx", "a.wmv": "wmv2", "a.flv": "flv"}


@pytest.mark.parametrize("name", CUT)
@pytest.mark.parametrize("share", [0.5, 0.8])
def test_a_file_that_is_cut_off_is_refused(tmp_path, name, share):
    faststart = {"movflags": "faststart"} if name == "a.mp4" else {}
    path = write_video(tmp_path / name, FRAMES, codec=CUT[name], write=faststart)
    assert video_info(path).frames == 20
    with pytest.raises(UserError, match=r"the video is cut off(:| or damaged\. Received:) "):
        video_info(cut(path, share))


def test_a_damaged_frame_costs_that_frame_alone(tmp_path):
    path = write_video(tmp_path / "a.avi", FRAMES)
    data = bytearray(path.read_bytes())
    place = data.index(b"\xff\xd8", data.index(b"00dc"))
    data[place : place + 400] = bytes(400)
    path.write_bytes(data)
    clip = read_clip(path)
    assert len(clip.frames) in (19, 20)
    assert np.abs(clip.frames[-19:].astype(int) - FRAMES[-19:]).mean() < 3


def test_a_video_that_begins_late_begins_at_zero(tmp_path):
    path = write_video(tmp_path / "late.mkv", FRAMES, times=100 + np.arange(20) / 10)
    assert video_info(path).times == pytest.approx(np.arange(20) / 10)
    assert next(iter(read_frames(path)))[0] == 0


def test_frames_that_are_coded_out_of_order_come_in_order(tmp_path):
    path = write_video(tmp_path / "b.mp4", FRAMES, codec_options={"bf": "3", "g": "12"}, max_b_frames=3)
    assert np.abs(read_clip(path).frames.astype(int) - FRAMES).mean() < 2
    assert video_info(path).times == pytest.approx(np.arange(20) / 10)


def test_a_stream_without_times_has_the_announced_rate(tmp_path):
    path = write_video(tmp_path / "raw.h264", FRAMES, rate=20, codec="libx264", format="h264")
    assert video_info(path).times == pytest.approx(np.arange(20) / 20)


STAMPS = {
    "ascending": ([0, 1, 3], [0, 1, 3]),
    "one missing": ([0, np.nan, 2, 3], [0, 1, 2, 3]),
    "the same twice": ([0, 1, 1, 2], [0, 1, 1.5, 2]),
    "none at the end": ([0, 1, 2, np.nan], [0, 1, 2, 3]),
    "none at the start": ([np.nan, 1, 2, 3], [0, 1, 2, 3]),
    "none at all": ([np.nan] * 3, [0, 0.5, 1]),
    "all the same": ([7] * 4, [0, 0.5, 1, 1.5]),
    "begins again": ([0, 1, 2, 0, 1], [0, 1, 2, 3, 4]),
}


@pytest.mark.parametrize(("stamps", "expected"), STAMPS.values(), ids=STAMPS)
def test_times_that_make_no_sense_are_mended(stamps, expected):
    assert repair_times(np.array(stamps, np.float64), 0.5) == pytest.approx(expected)
