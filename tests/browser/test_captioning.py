"""The page of a captioning model searches for the sentence that Python finds, and shows where the model looked."""

import keras
import numpy as np
import pytest
from PIL import Image

from pipelines.captioning.config import Settings
from pipelines.captioning.export import signatures
from pipelines.captioning.model import build
from pipelines.captioning.predict import predict
from suite.runtime.deployed import deployed_predictor
from suite.sequence.vocabulary import END, RESERVED

pytestmark = pytest.mark.browser
WORDS = [*RESERVED, "a", "café", "dog", "in", "snow", "the", "two", "runs"]
DONE = "#result[aria-busy='false']"


@pytest.fixture(scope="module")
def captioning(export_page):
    """An untrained model of fixed weights: its page, and `caption(path, beam_width)` by the exported file in Python."""
    settings = Settings(
        height=32, width=48, grid=2, filters=(8, 8, 8), units=16, embedding_size=12, attention_units=8, max_words=6,
        beam_width=3, compiled_beams=4, no_repeat_ngram=2,
    )  # fmt: skip
    assets = {"words": WORDS, "training_captions": []}
    keras.utils.set_random_seed(1)
    model = build(settings, assets)
    random = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(weight + 0.5 * random.standard_normal(weight.shape))
    bias = model.get_layer("words").bias
    bias.assign(bias - 2 * np.eye(len(WORDS))[END])  # captions do not end at once
    pictures = random.integers(0, 256, (2, 32, 48, 3), np.uint8)
    page, file = export_page("captioning", model, settings, assets, [{"picture": picture} for picture in pictures])
    held = signatures(assets, settings)
    predictor = deployed_predictor(file, "compiled", held[0], signatures=held)
    return page, lambda path, beam_width=0: predict(predictor, [path], assets, settings, beam_width=beam_width)[0]


@pytest.fixture
def visit(visit_page, captioning):
    """`with visit() as page` opens the page."""
    return lambda **options: visit_page(captioning[0], **options)


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    """`picture(name, mode, size)` writes a picture."""
    folder = tmp_path_factory.mktemp("pictures")

    def write(name, mode="RGB", size=(70, 50)):
        pixels = np.random.default_rng(len(name)).integers(0, 256, (5, 7, len(mode)), np.uint8)
        Image.fromarray(pixels, mode).resize(size, Image.Resampling.NEAREST).save(folder / name)
        return folder / name

    return write


def choose(page, path):
    """Choose a file and wait for the answer about it."""
    page.set_input_files("#file", path)
    page.wait_for_selector("#answer[data-text]")
    page.wait_for_selector(DONE)


def test_the_page_says_what_python_says(visit, captioning, picture):
    _, caption = captioning
    paths = [picture("scene.png"), picture("transparent.png", "RGBA")]
    paths += [picture("tall.png", size=(30, 90)), picture("ready.png", size=(48, 32))]
    with visit() as page:
        for path in paths:
            choose(page, path)
            expected = caption(path)
            assert page.get_attribute("#answer", "data-text") == expected.caption
            assert page.inner_text("#words") == expected.caption
            assert float(page.get_attribute("#answer", "data-score")) == pytest.approx(expected.score, abs=1e-4)
            assert page.get_attribute("#answer", "data-greedy") == caption(path, 1).caption
        assert len({caption(path).caption for path in paths}) > 1
        assert page.faults == []
        assert all(url.startswith(page.address) for url in page.requests), page.requests


def test_a_word_shows_where_the_model_looked(visit, picture):
    with visit(viewport={"width": 360, "height": 640}) as page:
        choose(page, picture("scene.png"))
        assert page.is_hidden("#looked")
        page.hover(".word >> nth=0")
        assert page.is_visible("#looked")
        page.focus(".word >> nth=1")
        word = page.inner_text(".word >> nth=1")
        assert page.get_attribute("#looked", "aria-label") == f"Where the model looked for “{word}”"
        shades = page.evaluate(
            """() => {
                const { data } = document.getElementById("looked").getContext("2d").getImageData(0, 0, 48, 32);
                return [Math.min(...data), Math.max(...data), data.length];
            }"""
        )
        assert shades[1] > shades[0]
        assert shades[2] == 48 * 32 * 4
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_file_that_is_no_picture_is_told_and_the_old_answer_goes(visit, picture, tmp_path):
    (tmp_path / "words.jpg").write_text("no picture at all")
    with visit() as page:
        choose(page, picture("scene.png"))
        page.set_input_files("#file", tmp_path / "words.jpg")
        page.wait_for_selector("#notice:not([hidden])")
        assert page.inner_text("#notice") == "words.jpg is no picture that this browser can read."
        assert page.inner_text("#words") == "The sentence appears here."
        assert page.is_hidden("#picture")
