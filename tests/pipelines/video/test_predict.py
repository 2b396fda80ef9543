"""A video becomes an action, and a long one a timeline; the predictor is made up, the files are real."""

import cv2
import numpy as np
import pytest

from pipelines.video.config import Settings
from pipelines.video.predict import predict
from suite.decoding.timeline import merge_windows
from suite.errors import UserError
from suite.vision.read import read_frames, video_info
from suite.vision.sampling import at_even_rate
from suite.vision.timeline import sliding_windows


def predict_one(predictor, raw_input, *arguments, **options):
    """Return the answer to one input, or raise what is wrong with it."""
    (answer,) = predict(predictor, [raw_input], *arguments, **options)
    if isinstance(answer, UserError):
        raise answer
    return answer


ASSETS = {"labels": ["dark", "bright"]}
SETTINGS = Settings(height=16, width=16, channels=1, frames=8)
RATE = 10.0


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Four seconds: dark, from 1.6 s on bright, and dark again from 2.8 s on."""
    path = tmp_path_factory.mktemp("film") / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), RATE, (48, 32))
    for index in range(40):
        writer.write(np.full((32, 48, 3), 220 if 16 <= index < 28 else 30, np.uint8))
    writer.release()
    return path


def predictor(inputs, most=SETTINGS.frames):
    """The share of bright frames among those that count."""
    found = []
    for arrays in inputs:
        assert arrays["frames"].dtype == np.uint8 and arrays["frames"].shape[1:] == (16, 16, 1)
        assert len(arrays["frames"]) == arrays["length"] <= most
        bright = (arrays["frames"].max(axis=(1, 2, 3)) > 128).mean()
        found.append({"probabilities": np.array([1 - bright, bright], np.float32)})
    return found


def test_a_clip_is_a_choice_of_frames_of_the_whole_video(film):
    found = predict_one(predictor, film, ASSETS, SETTINGS)
    assert found.label == "dark"
    assert found.scores["bright"] == pytest.approx(12 / 40, abs=0.1)
    assert found.segments is None


def test_a_timeline_says_when(film):
    found = predict_one(predictor, film, ASSETS, SETTINGS, timeline=True)
    assert [segment.label for segment in found.segments] == ["dark", "bright", "dark"]
    assert found.segments[0].start == 0
    assert found.segments[-1].end == pytest.approx(4.0, abs=0.11)
    # Windows of 0.8 s overlap by half, so a border is known to half a window.
    assert found.segments[1].start == pytest.approx(1.6, abs=0.41)
    assert found.segments[1].end == pytest.approx(2.8, abs=0.41)
    for one, following in zip(found.segments, found.segments[1:], strict=False):
        assert one.end == following.start
    assert sum(found.scores.values()) == pytest.approx(1)
    assert all(0.5 <= segment.score <= 1 for segment in found.segments)


@pytest.mark.parametrize("frame_rate", [None, 4, 10, 12.5, 25, 60])
def test_a_timeline_sees_the_frames_that_training_sees(film, frame_rate):
    settings = Settings(height=16, width=16, channels=1, frames=300, frame_rate=frame_rate)
    asked = []

    def keep(inputs):
        asked.extend(arrays["frames"] for arrays in inputs)
        return predictor(inputs[:1], 300)

    answers = [predict_one(keep, film, ASSETS, settings, timeline=timeline) for timeline in (False, True)]
    clip, window = asked
    slots = np.arange(40) if frame_rate is None else np.arange(int(3.9 * frame_rate) + 1) * RATE / frame_rate
    expected = (np.floor(slots + 1e-5) >= 16) & (np.floor(slots + 1e-5) < 28)
    assert np.array_equal(clip.max(axis=(1, 2, 3)) > 128, expected)
    assert np.array_equal(clip, window)
    assert answers[0].scores == pytest.approx(answers[1].scores)
    assert answers[1].segments[-1].end == pytest.approx(4.0)


def test_a_file_named_like_a_camera_is_a_file(film, tmp_path, monkeypatch):
    (tmp_path / "camera:1").write_bytes(film.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert predict_one(predictor, "camera:1", ASSETS, SETTINGS).label == "dark"


def test_a_video_with_its_actions_written_in(film, tmp_path):
    found = predict_one(predictor, film, ASSETS, SETTINGS, annotate=str(tmp_path))
    assert found.annotated == str(tmp_path / "film-actions.mp4")
    info = video_info(found.annotated)
    assert info.frames == 40 and info.fps == pytest.approx(RATE)
    frames = [frame for _, frame in read_frames(found.annotated)]
    # The letters are the only thing that varies within a frame.
    assert all(np.ptp(frame[:40].astype(int)) > 100 for frame in frames)
    assert not np.array_equal(frames[0][:40] > 128, frames[20][:40] > 128)
    with pytest.raises(UserError, match=r"film-actions\.mp4 exists"):
        predict_one(predictor, film, ASSETS, SETTINGS, annotate=str(tmp_path))
    with pytest.raises(UserError, match=r"expected a file ending in \.mp4 or \.avi"):
        predict_one(predictor, film, ASSETS, SETTINGS, annotate=str(tmp_path / "film.gif"))
    assert [path.name for path in tmp_path.iterdir()] == ["film-actions.mp4"]


def test_a_camera_gives_one_clip(monkeypatch):
    def camera(index, channels):
        assert (index, channels) == (2, 1)
        for number in range(1000):
            yield number / 30, np.full((24, 24, 1), 250, np.uint8)

    monkeypatch.setattr("suite.vision.read.camera_frames", camera)
    found = predict_one(predictor, "camera:2", ASSETS, SETTINGS)
    assert found.label == "bright"
    assert predict_one(predictor, "", ASSETS, SETTINGS, camera=2) == found
    with pytest.raises(UserError, match=r"need a video file\. Received: camera:2"):
        predict_one(predictor, "camera:2", ASSETS, SETTINGS, timeline=True)
    with pytest.raises(UserError, match=r"camera as camera:0\. Received: 'camera:front'"):
        predict_one(predictor, "camera:front", ASSETS, SETTINGS)


def numbered(count, rate=10.0):
    return [(index / rate, np.full((1, 1, 1), index, np.uint8)) for index in range(count)]


@pytest.mark.parametrize(
    ("count", "starts"), [(3, [0]), (8, [0]), (9, [0, 1]), (12, [0, 4]), (17, [0, 4, 8, 9]), (20, [0, 4, 8, 12])]
)
def test_windows_cover_every_frame_and_end_with_the_video(count, starts):
    windows = list(sliding_windows(numbered(count), 8, 4))
    assert [int(window.frames[0, 0, 0, 0]) for window in windows] == starts
    assert int(windows[-1].frames[-1, 0, 0, 0]) == count - 1
    assert all(len(window.frames) == min(8, count) for window in windows)
    assert windows[-1].end == pytest.approx(count / 10)


def test_frames_at_an_even_rate():
    assert [round(time, 2) for time, _ in at_even_rate(numbered(10), 5)] == [0, 0.2, 0.4, 0.6, 0.8]
    assert [int(frame[0, 0, 0]) for _, frame in at_even_rate(numbered(10), 30)] == [*np.repeat(range(9), 3), 9]
    assert len(list(at_even_rate(numbered(10), None))) == 10


def test_segments_by_hand():
    spans, answers = [(0, 2), (1, 3), (2, 4)], np.array([[0.9, 0.1], [0.5, 0.5], [0.0, 1.0]])
    mean, segments = merge_windows(spans, answers, ["a", "b"])
    # Seconds: 0-1 0.9; 1-2 0.7; 2-3 0.25; 3-4 0.0 for a.
    assert [(one.label, one.start, one.end) for one in segments] == [("a", 0, 2), ("b", 2, 4)]
    assert [one.score for one in segments] == pytest.approx([0.8, 0.875])
    assert mean == pytest.approx([1.85 / 4, 2.15 / 4])
