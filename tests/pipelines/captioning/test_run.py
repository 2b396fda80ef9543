"""From pictures on disk to captions on the terminal: train, predict, evaluate."""

import re

import numpy as np
import pytest
from PIL import Image

from pipelines.captioning.config import Settings
from tests.pipelines.captioning.conftest import draw_flag

pytestmark = [pytest.mark.slow, pytest.mark.whole]


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """A folder of flags, all "green above blue", as files of unusual kinds, and a text named jpg."""
    folder = tmp_path_factory.mktemp("odd")
    plain = Image.open(draw_flag(folder / "plain.png", "green", "blue", size=64))
    plain.convert("CMYK").save(folder / "cmyk.jpg", quality=95)
    plain.convert("RGBA").save(folder / "alpha.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned to the right
    plain.rotate(90).save(folder / "turned.jpg", exif=exif, quality=95)
    Image.fromarray(np.asarray(plain.convert("L")).astype(np.uint16) * 257).save(folder / "sixteen_bits.png")
    (folder / "text.jpg").write_text("no picture at all")
    return folder


def test_it_learns_what_is_above_what(trained_on_flags):
    assert trained_on_flags.metrics["test"]["exact_match"] > 0.9
    assert trained_on_flags.metrics["test"]["copied"] == 1


def test_epochs_are_scored_by_a_narrower_beam_than_the_model(watched_training):
    _, widths = watched_training
    assert widths == [2] * 8 + [3, 3]  # dev after each epoch; dev and test of the best
    assert Settings(beam_width=3, val_beam_width=5).for_epochs().beam_width == 3


def test_a_folder_becomes_json_lines_and_a_page_and_each_bad_picture_is_named(suite, workdir, trained_on_flags, odd):
    done = suite(
        "predict", trained_on_flags.model_dir, odd, "--json", "--html", "page.html", "--explain", "--n-best", 3
    )
    assert done.status == 2
    answers = {line["input"].rpartition("/")[2]: line for line in done.json_lines}
    assert list(answers) == ["alpha.png", "cmyk.jpg", "plain.png", "sixteen_bits.png", "text.jpg", "turned.jpg"]
    error = answers.pop("text.jpg")["error"]
    assert re.search(r"text\.jpg: expected a picture .*Received: another file.*'no picture a'", error)
    answers.pop("sixteen_bits.png")  # grey: it has some caption
    for name, answer in answers.items():
        assert answer["caption"] == "green above blue", name
        assert answer["score"] == pytest.approx(answers["plain.png"]["score"], abs=0.05), name
        assert [word["text"] for word in answer["words"]] == ["green", "above", "blue"]
        assert np.shape([word["attention"] for word in answer["words"]]) == (3, 4, 4)
        assert answer["alternatives"][0] == {"text": answer["caption"], "score": answer["score"]}
    page = (workdir / "page.html").read_text(encoding="utf-8")
    assert page.count("<figure") == 5 and page.count("<figcaption>green above blue") >= 4


def test_a_picture_that_is_not_there_is_named(suite, workdir, trained_on_flags):
    done = suite("predict", trained_on_flags.model_dir, "nowhere.jpg", "--json")
    assert done.status == 2 and done.json["error"] == "nowhere.jpg: no such file or folder"


def test_an_evaluation_from_the_command_line(suite, workdir, trained_on_flags, flags):
    done = suite("evaluate", trained_on_flags.model_dir, "--data", flags, "--json")
    assert done.status == 0 and done.json["split"] == "test" and done.json["examples"] == 9
    assert done.json["metrics"] == pytest.approx(trained_on_flags.metrics["test"], abs=1e-4)
