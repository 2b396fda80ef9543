"""An annotated video shows each frame when and for as long as the video does."""

import av
import numpy as np
import pytest

from suite.decoding.timeline import Segment
from suite.errors import UserError
from suite.vision.timeline import write_annotated
from tests.video_files import bars, decoded, write_video

SEGMENTS = [Segment("run", 0.0, 1.0, 0.9), Segment("jump", 1.0, 2.0, 0.8)]
VARYING = np.array([0, 0.033, 0.05, 0.3, 0.7, 0.71, 0.9, 1.3, 1.77, 1.9])


@pytest.mark.parametrize("ending", [".mp4", ".avi"])
@pytest.mark.parametrize(("times", "rate"), [(VARYING, None), (None, 10), (None, 30), (None, 24)])
def test_frames_keep_their_times(tmp_path, ending, times, rate):
    frames = bars(10, 240, 320)
    path = write_video(tmp_path / "clip.webm", frames, times, rate)
    output = write_annotated(path, tmp_path / f"out{ending}", SEGMENTS)
    expected, _ = decoded(path)
    written, pictures = decoded(output)
    assert written == pytest.approx(expected, abs=1e-3) and pictures.shape == frames.shape
    assert np.abs(pictures[:, 60:].astype(int) - frames[:, 60:]).mean() < 6
    with av.open(str(output)) as container:
        step = (expected[-1] - expected[0]) / 9
        assert container.duration / av.time_base == pytest.approx(expected[-1] + step, abs=0.02)


def test_the_letters_change_with_the_segment(tmp_path):
    path = write_video(tmp_path / "clip.mp4", np.full((20, 240, 320, 3), 90, np.uint8))
    _, pictures = decoded(write_annotated(path, tmp_path / "out.mp4", SEGMENTS))
    inked = [np.abs(picture[:40].astype(int) - 90) > 60 for picture in pictures]
    assert all(letters.any() for letters in inked)
    assert np.mean(inked[0] != inked[9]) < 0.005 < np.mean(inked[9] != inked[10])


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    path = write_video(tmp_path / "clip.mp4", bars(4))
    with pytest.raises(UserError, match=r"--annotate: .*nowhere/out\.mp4 cannot be written"):
        write_annotated(path, tmp_path / "nowhere" / "out.mp4", SEGMENTS)
    assert [file.name for file in tmp_path.iterdir()] == ["clip.mp4"]
