"""One picture to a caption, its rivals, its attention and the page."""

import math
import re

import numpy as np
import pytest

from pipelines.captioning import PREDICT_OPTIONS
from pipelines.captioning.predict import predict
from suite.errors import UserError
from suite.runtime.loaded import plain


@pytest.fixture
def caption(colour_predictor, colour_assets, colour_settings):
    def run(picture, **options):
        known = {option.name: option.default for option in PREDICT_OPTIONS}
        (answer,) = predict(colour_predictor, [picture], colour_assets, colour_settings, **known | options)
        if isinstance(answer, UserError):
            raise answer
        return answer

    return run


def test_a_picture_becomes_a_caption_with_its_score(caption, colour_files):
    answer = caption(colour_files["green"])
    assert plain(answer) == {"caption": "a green picture", "score": pytest.approx(4 * math.log(0.9) / 4**0.8, rel=1e-5)}
    assert caption(colour_files["green"], beam_width=1) == answer
    assert answer.lines() == [f"a green picture {answer.score:.3f}"]


def test_the_best_captions_come_in_order(caption, colour_files):
    answer = caption(colour_files["red"], n_best=5)
    scores = [one.score for one in answer.alternatives]
    assert len(scores) == 5 and scores == sorted(scores, reverse=True)
    assert len({one.text for one in answer.alternatives}) == 5
    assert (
        answer.alternatives[0].text == answer.caption == "a red picture"
        and answer.alternatives[0].score == answer.score
    )
    assert len(answer.lines()) == 6


def test_each_word_tells_where_it_looked(caption, colour_files):
    answer = caption(colour_files["blue"], explain=True)
    assert [word.text for word in answer.words] == ["a", "blue", "picture"]
    assert answer.words[1].attention == [[0.1, 0.7], [0.1, 0.1]]
    assert any("row  1, column  2: 0.70 blue" in line for line in answer.lines())


def test_pictures_are_gathered_on_one_page(caption, colour_files, tmp_path):
    page = tmp_path / "page.html"
    for name in ("red", "green"):
        answer = caption(colour_files[name], html=str(page), explain=True, n_best=2)
        assert answer.html == str(page)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>") and text.count("<style>") == 1 and text.count("<figure") == 2
    assert re.findall("<figcaption>(.*)", text) == ["a red picture", "a green picture"]
    assert "http" not in text  # it needs nothing else
    pictures = re.findall(r"data:image/(?:jpeg|png);base64,([^\")]+)", text)
    assert len(pictures) == 2 * (1 + 1 + 3)


def test_a_page_that_was_there_is_not_touched(caption, colour_files, tmp_path):
    page = tmp_path / "page.html"
    page.write_text("mine")
    with pytest.raises(UserError, match="exists and is not overwritten"):
        caption(colour_files["red"], html=str(page))
    assert page.read_text() == "mine"
    with pytest.raises(UserError, match=r"--html: expected a file ending in \.html\. Received: .*page\.pdf"):
        caption(colour_files["red"], html=str(tmp_path / "page.pdf"))
    with pytest.raises(UserError, match="no such folder"):
        caption(colour_files["red"], html=str(tmp_path / "nowhere" / "page.html"))


@pytest.mark.parametrize("options", [{"n_best": 0}, {"beam_width": -1}])
def test_numbers_out_of_range_are_named(caption, colour_files, options):
    with pytest.raises(UserError, match="--n-best and --beam-width: expected positive numbers"):
        caption(colour_files["red"], **options)


def test_without_attention_there_is_nothing_to_explain(colour_predictor, colour_assets, colour_settings, colour_files):
    settings = colour_settings.model_copy(update={"attention": "none"})
    with pytest.raises(UserError, match="--explain: this model was trained without attention"):
        predict(colour_predictor, [colour_files["red"]], colour_assets, settings, explain=True)


@pytest.fixture(scope="module")
def odd_pictures(tmp_path_factory):
    """Green pictures of unusual kinds, and a file that is none."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("odd")
    green = Image.new("RGB", (40, 24), (0, 255, 0))
    green.convert("CMYK").save(folder / "cmyk.jpg")
    half = Image.new("RGBA", (40, 24), (0, 255, 0, 255))
    half.putpixel((0, 0), (255, 0, 0, 0))
    half.save(folder / "alpha.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    green.save(folder / "turned.jpg", exif=exif)
    Image.fromarray((np.arange(24 * 40).reshape(24, 40) * 60).astype(np.uint16)).save(folder / "deep.png")
    (folder / "text.jpg").write_text("this is no picture")
    return folder


@pytest.mark.parametrize("name", ["cmyk.jpg", "alpha.png", "turned.jpg"])
def test_pictures_of_unusual_kinds_are_read_as_they_look(caption, odd_pictures, name):
    assert caption(odd_pictures / name).caption == "a green picture"


def test_a_picture_of_16_bits_is_read(caption, odd_pictures):
    assert caption(odd_pictures / "deep.png").caption.endswith("picture")


def test_a_text_named_jpg_is_named(caption, odd_pictures):
    with pytest.raises(UserError, match=r"text\.jpg: expected a picture .*it starts with 'this is no p'"):
        caption(odd_pictures / "text.jpg")
