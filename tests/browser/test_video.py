"""The page of a video model answers while a file or the camera plays, at the end as Python does."""

import json

import cv2
import keras
import numpy as np
import pytest

from pipelines.video.config import Settings
from pipelines.video.data import raw_arrays
from pipelines.video.export import signatures
from pipelines.video.model import build
from suite.runtime.deployed import deployed_predictor

pytestmark = pytest.mark.browser
LABELS = ["left", "right", "up", "down"]
FRAMES = 8
DONE = "#result[aria-busy='false']"
CLOSE = 0.02  # two decoders, two conversions of colour


@pytest.fixture(scope="module")
def video(export_page):
    """An untrained model of fixed weights: its page, its settings and a predictor of the exported file."""
    settings = Settings(
        height=32, width=40, frames=FRAMES, compiled_frames=FRAMES, filters=(8, 8), features=16, units=16, frame_rate=10
    )  # fmt: skip
    keras.utils.set_random_seed(1)
    assets = {"labels": LABELS}
    model = build(settings, assets)
    head = model.get_layer("probabilities")
    head.set_weights([4 * weights for weights in head.get_weights()])
    frames = np.random.default_rng(0).integers(0, 256, (FRAMES, 32, 40, 3), np.uint8)
    page, file = export_page("video", model, settings, assets, [{"frames": frames, "length": np.int32(FRAMES)}])
    return page, settings, deployed_predictor(file, "compiled", signatures(assets, settings)[0])


@pytest.fixture
def visit(visit_page, video):
    """`with visit() as page` opens the page."""
    return lambda **options: visit_page(video[0], **options)


@pytest.fixture(scope="module")
def film(tmp_path_factory, missing_part):
    """`film(frames)` writes a video of a moving ball, by default of ten frames a second."""
    folder = tmp_path_factory.mktemp("films")

    def write(frames, rate=10.0):
        path = folder / f"{frames}_{rate}.webm"
        writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*"VP80"), rate, (96, 64))
        if not writer.isOpened():
            missing_part("OpenCV writes no VP8 video here")
        for index in range(frames):
            picture = np.full((64, 96, 3), 40, np.uint8)
            cv2.circle(picture, (10 + 3 * index, 30), 9, (60, 120, 220), -1)
            writer.write(picture)
        writer.release()
        return path

    return write


def probabilities(page):
    return np.array(json.loads(page.get_attribute("#answer", "data-probabilities")))


def play_to_the_end(page, path):
    """Choose a file and return the answer about all of it."""
    page.set_input_files("#file", path)
    page.wait_for_function("() => document.querySelector('#used').textContent.includes('answer is about all')")
    page.wait_for_selector(DONE)
    return probabilities(page)


@pytest.mark.parametrize("frames", [6, 20])
def test_at_the_end_the_page_answers_as_python_does(visit, video, film, frames):
    _, settings, predictor = video
    path = film(frames)
    (expected,) = predictor([raw_arrays(path, settings)])
    with visit() as page:
        found = play_to_the_end(page, path)
        np.testing.assert_allclose(found, expected["probabilities"], rtol=0, atol=CLOSE)
        assert page.get_attribute("#answer", "data-label") == LABELS[int(np.argmax(expected["probabilities"]))]
        assert page.faults == []
        assert all(url.startswith((page.address, f"blob:{page.address}")) for url in page.requests), page.requests


@pytest.mark.parametrize(("frames", "rate"), [(2, 10.0), (6, 10.0), (90, 29.97), (70, 60.0), (3, 0.5)])
def test_how_long_a_frame_is_shown_is_read_from_the_file(visit, film, frames, rate):
    """Not from frames that happened to be seen while it played, of which a slow machine misses some."""
    ask = """async (address) => {
        const { frameSeconds, opened } = await import("./video/read.js");
        return frameSeconds(await opened(address));
    }"""
    with visit() as page:
        page.set_input_files("#file", film(frames, rate))
        page.wait_for_selector("#video[src]")
        seconds = page.evaluate(ask, page.get_attribute("#video", "src"))
    assert round(frames / rate / seconds) == frames
    np.testing.assert_allclose(seconds, 1 / rate, rtol=0, atol=0.5 / frames / rate)


def test_the_frames_asked_for_are_the_frames_given(visit, film):
    """Not the ones before, which the browser may still hold when it says that it has found the next."""
    ask = """async ([address, times]) => {
        const { framesAt, opened } = await import("./video/read.js");
        const frames = await framesAt(await opened(address), times, 0.1, { height: 64, width: 96, channels: 3 });
        return frames.map((frame) => Array.from(frame));
    }"""
    places = [0, 2, 2, 3, 11, 5, 6, 6, 7, 1, 0, 9]
    with visit() as page:
        page.set_input_files("#file", film(12))
        page.wait_for_selector("#video[src]")
        address = page.get_attribute("#video", "src")
        for _ in range(5):
            frames = np.array(page.evaluate(ask, [address, [(place + 0.5) / 10 for place in places]]))
            frames = frames.reshape(len(places), 64, 96, 3)
            ball = frames[..., 0] - frames[..., 2] > 60  # orange on grey
            middle = (ball * np.arange(96)).sum((1, 2)) / ball.sum((1, 2))
            np.testing.assert_array_equal(np.round((middle - 10) / 3), places)


def test_answers_come_while_the_video_plays(visit, film):
    watch = """() => {
        const answer = document.getElementById("answer");
        window.answers = [];
        new MutationObserver(() => window.answers.push(answer.dataset.probabilities))
            .observe(answer, { attributeFilter: ["data-probabilities"] });
    }"""
    with visit() as page:
        page.evaluate(watch)
        play_to_the_end(page, film(40))
        answers = [json.loads(answer) for answer in page.evaluate("window.answers") if answer]
        assert len(answers) >= 5  # of 40 frames: a slow machine leaves some out
        assert np.ptp(answers, axis=0).max() > CLOSE
        np.testing.assert_allclose(np.sum(answers, axis=1), 1, atol=1e-5)


def test_a_video_can_be_played_again(visit, film):
    with visit() as page:
        path = film(12)
        first = play_to_the_end(page, path)
        np.testing.assert_allclose(play_to_the_end(page, path), first, rtol=0, atol=CLOSE)


def test_a_file_without_pictures_is_told_and_the_old_answer_goes(visit, film, tmp_path):
    (tmp_path / "words.mp4").write_text("no video at all")
    with visit() as page:
        play_to_the_end(page, film(6))
        page.set_input_files("#file", tmp_path / "words.mp4")
        page.wait_for_selector("#notice:not([hidden])")
        assert page.inner_text("#notice") == "words.mp4 is no video that this browser can play."
        assert page.inner_text("#label") == "Nothing to classify yet"
        assert page.is_hidden("#video")


def test_the_camera_is_watched(launch, visit):
    camera = launch("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
    with visit(browser=camera, viewport={"width": 360, "height": 640}) as page:
        page.focus("#camera")
        page.keyboard.press("Enter")
        page.wait_for_selector("#answer[data-probabilities]")
        assert page.inner_text("#camera") == "Stop the camera"
        assert page.is_visible("#video")
        assert page.inner_text("#used").startswith("Camera: ")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.keyboard.press("Enter")
        page.wait_for_function("() => document.querySelector('#camera').textContent === 'Use the camera'")
        assert page.is_hidden("#video")
        assert page.faults == []


def test_a_camera_that_is_refused_or_missing_is_told(visit):
    with visit() as page:
        page.click("#camera")
        page.wait_for_selector("#notice:not([hidden])")
        assert "camera" in page.inner_text("#notice")
        assert page.inner_text("#camera") == "Use the camera"
