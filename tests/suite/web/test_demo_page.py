"""The page that the demo ends with: one file, whole, with what the runs and the exports say."""

import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from suite.artifact import read_artifact
from suite.export.report import merge_report
from suite.web import demo_page
from suite.web.demo_page import describe, inline_picture, write_demo_page

ENTRY = {
    "file": "interpreter.tflite",
    "bytes": 123 * 1024,
    "latency_ms": {"1": 0.456},
    "peak_memory_bytes": 7_800_000,
    "parity": {"max_difference": 1.25e-7},
    "metrics": {"tflite": {"accuracy": 0.8125}},
    "flex": [],
    "custom": [],
}


def png(seed: int, size: int = 64) -> bytes:
    target = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (size, size, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(target, "PNG")
    return target.getvalue()


class Elements(HTMLParser):
    """What a browser would fetch or follow."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        assert tag not in ("script", "link", "iframe")
        self.sources += [values["src"]] if "src" in values else []
        self.links += [values["href"]] if "href" in values else []


@pytest.fixture
def model(trained, tmp_path):
    import shutil

    shutil.copytree(trained.model_dir, tmp_path / "models" / "sentiment" / "demo")
    (tmp_path / "models" / "sentiment" / "demo" / "tflite").mkdir()
    merge_report(tmp_path / "models" / "sentiment" / "demo", [ENTRY])
    return read_artifact(tmp_path / "models" / "sentiment" / "demo")


def test_the_page_holds_everything_and_fetches_nothing(model, tmp_path, trained):
    page = tmp_path / "models" / "demo.html"
    example = "a <b>film</b> & more", "positive 0.900\nnot 'quoted'", "positive"
    item = describe(model, page, example, {"learning curves": png(0), "test: confusion": png(1)}, None)
    write_demo_page(page, [item], ["python: 3.11"])
    text = page.read_text(encoding="utf-8")
    elements = Elements(text)
    assert len(elements.sources) == 2 and all(
        source.startswith("data:image/png;base64,") for source in elements.sources
    )
    files = [link for link in elements.links if not link.startswith("#")]
    assert files and all(not link.startswith(("/", "http")) for link in files)
    assert (page.parent / "sentiment/demo/README.md").is_file() and "sentiment/demo/README.md" in files
    assert "a &lt;b&gt;film&lt;/b&gt; &amp; more" in text and "<b>film" not in text
    cells = re.sub(r"<[^>]+>", " ", text).split()
    for figure in (
        f"{trained.metrics['test']['accuracy']:.4f}",
        "123",
        "0.46",
        "7.8",
        "1.2e-07",
        "0.8125",
        "240",
        "60",
    ):
        assert figure in cells, figure
    assert f"suite ui {model.task}" in text and model.record["run_id"] in text


def test_a_run_in_a_server_is_a_link(model, tmp_path):
    address = "http://127.0.0.1:5000/#/experiments/1/runs/2"
    write_demo_page(tmp_path / "demo.html", [describe(model, tmp_path / "demo.html", ("a", "b", "c"), {}, address)], [])
    assert address in Elements((tmp_path / "demo.html").read_text(encoding="utf-8")).links


def test_pictures_beyond_the_size_of_a_page_are_left_out(model, tmp_path, monkeypatch):
    monkeypatch.setattr(demo_page, "MOST_BYTES", 2 * len(inline_picture(png(0))) + 100)
    page = tmp_path / "demo.html"
    pictures = {str(number): png(0) for number in range(5)}
    write_demo_page(page, [describe(model, page, ("a", "b", "c"), pictures, None)], [])
    assert len(Elements(page.read_text(encoding="utf-8")).sources) == 2


def test_a_picture_of_few_colors_stays_as_it_is():
    pixels = np.zeros((20, 30, 3), np.uint8)
    pixels[5:, :10] = (200, 30, 30)
    target = io.BytesIO()
    Image.fromarray(pixels).save(target, "PNG")
    import base64

    packed = base64.b64decode(inline_picture(target.getvalue()).partition(",")[2])
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(packed)).convert("RGB")), pixels)
