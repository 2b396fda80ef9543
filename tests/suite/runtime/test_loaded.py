"""`suite.load(MODEL).predict` in Python: files, arrays of what a file holds, and lists of them."""

import av
import numpy as np
import pytest
import soundfile
from PIL import Image

from suite.errors import UserError
from suite.runtime.loaded import plain
from tests.conftest import approximately


@pytest.fixture(scope="module")
def speech(untrained):
    return untrained("speech")


@pytest.fixture(scope="module")
def video(untrained):
    return untrained("video")


@pytest.fixture(scope="module")
def captioning(untrained):
    return untrained("captioning")


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """A second of stereo at 8 kHz, 16 bits: the file and its samples `(samples, 2)`."""
    path = tmp_path_factory.mktemp("sound") / "a.wav"
    generator = np.random.default_rng(0)
    samples = (generator.standard_normal((8000, 2)) * 3000).astype(np.int16)
    soundfile.write(path, samples, 8000)
    return path, samples


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """A video of 20 frames at 10 a second: the file and its frames `(20, 48, 64, 3)` as FFmpeg decodes them."""
    path = tmp_path_factory.mktemp("video") / "a.mkv"
    generator = np.random.default_rng(0)
    with av.open(str(path), "w") as file:
        stream = file.add_stream("ffv1", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "bgr0"
        for number in range(20):
            picture = generator.integers(0, 60, (48, 64, 3)) + 9 * number
            frame = av.VideoFrame.from_ndarray(picture.astype(np.uint8), format="rgb24")
            frame.pts = number
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    with av.open(str(path)) as file:
        return path, np.stack([frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)])


def test_silence_in_memory_is_transcribed(speech):
    assert isinstance(speech.predict(np.zeros(8000, "float32")).text, str)


def test_samples_say_what_their_file_says(speech, recording):
    path, samples = recording
    by_file = speech.predict(path)
    scaled = samples.astype(np.float32) / 32768
    for array in (samples, scaled, scaled.astype(np.float64), scaled.mean(axis=1)):
        assert speech.predict(array).text == by_file.text
    assert speech.predict(samples) == by_file
    assert speech.predict(scaled, sample_rate=8000) == by_file
    for together in speech.predict([path, samples, scaled]):  # sums of a batch are rounded in another order
        assert plain(together) == approximately(plain(by_file))


def test_samples_of_another_rate_go_through_the_one_resampler(speech, tmp_path):
    generator = np.random.default_rng(1)
    samples = (np.cumsum(generator.standard_normal(44100)) * 20).astype(np.int16)
    path = tmp_path / "a.wav"
    soundfile.write(path, samples, 44100)
    assert speech.predict(samples, sample_rate=44100) == speech.predict(path)
    long = np.tile(samples, 25)
    soundfile.write(path, long, 44100)
    words = speech.predict(long, sample_rate=44100).words
    assert words and 20 < words[-1].end <= 25.03  # to a step of the model


def test_frames_are_classified_as_their_file_is(video, clip):
    path, frames = clip
    by_file = video.predict(path)
    assert video.predict(frames).scores == pytest.approx(by_file.scores, abs=1e-6)
    assert video.predict([frames, str(path)])[0].scores == pytest.approx(by_file.scores, abs=1e-6)
    grey = frames[..., 0]
    assert video.predict(grey).scores == pytest.approx(video.predict(np.repeat(grey[..., None], 3, 3)).scores)
    by_file, in_memory = video.predict(path, timeline=True), video.predict(frames, timeline=True, frame_rate=10)
    assert in_memory.scores == pytest.approx(by_file.scores, abs=1e-6)
    assert [(s.label, round(s.start, 3), round(s.end, 3)) for s in in_memory.segments] == [
        (s.label, round(s.start, 3), round(s.end, 3)) for s in by_file.segments
    ]


def test_frames_of_another_rate_are_taken_at_that_of_the_model(untrained, clip):
    path, frames = clip
    model = untrained("video", "frame_rate=5", "channels=1", "sampling=stride")
    by_file = model.predict(path)
    assert model.predict(frames, frame_rate=10).scores == pytest.approx(by_file.scores, abs=2e-3)
    every_second = model.predict(frames[::2])  # at the model's own rate
    assert every_second.scores == pytest.approx(by_file.scores, abs=2e-3)


def test_a_picture_is_described_as_its_file_is(captioning, tmp_path):
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (40, 60, 4)).astype(np.uint8)
    for name, array in (("rgb", pixels[..., :3]), ("grey", pixels[..., 0]), ("alpha", pixels)):
        path = tmp_path / f"{name}.png"
        Image.fromarray(array).save(path)
        by_file, in_memory = captioning.predict(path, n_best=2), captioning.predict(array, n_best=2)
        assert in_memory.caption == by_file.caption
        assert in_memory.score == pytest.approx(by_file.score, abs=1e-3)
    page = tmp_path / "page.html"
    captioning.predict(pixels, html=str(page))
    assert "data:image/jpeg" in page.read_text()


BAD = [
    ("speech", np.zeros(800, "int32"), {}, "float32 from -1 to 1, or int16.*Received: int32"),
    ("speech", np.zeros(800, "uint8"), {}, "Received: uint8"),
    ("speech", np.zeros((2, 800), "float32"), {}, r"Received: shape \(2, 800\)"),
    ("speech", np.zeros((2, 3, 4), "float32"), {}, r"Received: shape \(2, 3, 4\)"),
    ("speech", np.float32(3), {}, r"Received: shape \(\)"),
    ("speech", np.zeros(0, "float32"), {}, "Received: no samples"),
    ("speech", np.array([0, np.nan], "float32"), {}, "Received: nan at 1"),
    ("speech", np.full(800, 20000, "float32"), {}, "a peak of 20,000"),
    ("speech", np.zeros(800, "float32"), {"sample_rate": 0}, "sample_rate.*Received: 0"),
    ("speech", np.zeros(800, "float32"), {"sample_rate": "16k"}, "sample_rate.*'16k'"),
    ("speech", np.zeros(800, "float32"), {"frame_rate": 3}, "unknown option 'frame_rate'.*sample_rate"),
    ("speech", "a.wav", {"sample_rate": 8000}, "sample_rate: goes with an array"),
    ("speech", 3.5, {}, "the path of a file, or an array.*float 3.5"),
    ("speech", None, {}, "Received: NoneType"),
    ("video", np.zeros((4, 24, 32, 3), "float32"), {}, "frames as uint8.*Received: float32"),
    ("video", np.zeros((24, 32), "uint8"), {}, r"Received: shape \(24, 32\)"),
    ("video", np.zeros((4, 3, 24, 32), "uint8"), {}, r"Received: shape \(4, 3, 24, 32\)"),
    ("video", np.zeros((0, 24, 32), "uint8"), {}, "no pixels"),
    ("video", np.zeros((4, 24, 32), "uint8"), {"frame_rate": -1}, "frame_rate.*-1"),
    ("video", np.zeros((4, 24, 32), "uint8"), {"timeline": True}, "timeline.*frame_rate"),
    ("video", np.zeros((4, 24, 32), "uint8"), {"annotate": "x.mp4"}, "annotate needs a video file"),
    ("captioning", np.zeros((24, 32, 3), "float32"), {}, "picture as uint8.*Received: float32"),
    ("captioning", np.zeros((3, 24, 32), "uint8"), {}, r"Received: shape \(3, 24, 32\)"),
    ("captioning", np.zeros((0, 32, 3), "uint8"), {}, "no pixels"),
]


@pytest.mark.parametrize(("task", "raw_input", "options", "message"), BAD)
def test_an_array_that_cannot_be_used_is_refused_in_one_sentence(request, task, raw_input, options, message):
    with pytest.raises(UserError, match=message) as raised:
        request.getfixturevalue(task).predict(raw_input, **options)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("raw_input", [None, 3, b"good", np.zeros(3)])
def test_what_is_no_text_is_refused(untrained, raw_input):
    with pytest.raises(UserError, match="expected a text, or a list of texts"):
        untrained("sentiment").predict(raw_input)
