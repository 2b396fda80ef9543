"""A page of pictures and captions is whole after each picture and needs nothing else."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from suite.errors import UserError
from suite.vision.caption_page import open_page


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "red.png"
    Image.new("RGB", (640, 400), (255, 0, 0)).save(path)
    return path


def test_pictures_are_added_one_by_one(tmp_path, picture):
    for caption in ("first", "second"):
        open_page(tmp_path / "page.html").add(picture, caption)
    text = (tmp_path / "page.html").read_text()
    assert text.count("<!doctype html>") == 1 and re.findall("<figcaption>(.*)", text) == ["first", "second"]
    (small, _) = re.findall(r"data:image/jpeg;base64,([^\"]+)", text)
    assert Image.open(io.BytesIO(base64.b64decode(small))).size == (320, 200)


def test_what_counted_for_a_word_stays_bright(tmp_path, picture):
    weights = np.array([[0.5, 0.25], [0.25, 0.0]])
    open_page(tmp_path / "page.html").add(
        picture, "a", model_view=np.zeros((8, 8, 3), np.uint8), words=[("a", weights)]
    )
    (veil,) = re.findall(r"data:image/png;base64,([^\"]+)", (tmp_path / "page.html").read_text())
    np.testing.assert_array_equal(
        np.asarray(Image.open(io.BytesIO(base64.b64decode(veil))))[..., 3], [[0, 108], [108, 216]]
    )


def test_captions_are_text_alone(tmp_path, picture):
    page = open_page(tmp_path / "page.html")
    page.add(picture, "<script>", ["a & b"], np.zeros((4, 4, 3), np.uint8), [("<b>", np.eye(2))])
    text = page.path.read_text()
    assert "<script>" not in text and "&lt;script&gt;" in text and "a &amp; b" in text and "<b>" not in text


def test_a_page_that_was_deleted_begins_anew(tmp_path, picture):
    open_page(tmp_path / "page.html").add(picture, "first")
    (tmp_path / "page.html").unlink()
    open_page(tmp_path / "page.html").add(picture, "second")
    text = (tmp_path / "page.html").read_text()
    assert text.startswith("<!doctype html>") and "first" not in text


def test_a_picture_that_cannot_be_read_leaves_no_page(tmp_path):
    (tmp_path / "text.jpg").write_text("no picture")
    with pytest.raises(UserError, match=r"text\.jpg: expected a picture"):
        open_page(tmp_path / "page.html").add(tmp_path / "text.jpg", "a")
    assert not (tmp_path / "page.html").exists()
