"""`suite demo`: from sample data to a page, on one task."""

import re

import pytest

pytestmark = pytest.mark.slow


def test_the_demo_ends_with_a_page_of_what_it_did(suite, workdir):
    done = suite("demo", "sentiment")
    assert done.status == 0 and "the page of this machine: saved_models/demo.html" in done.err
    page = (workdir / "saved_models" / "demo.html").read_text(encoding="utf-8")
    assert len(page) < 3_000_000 and "learning curves" in page and "test: confusion" in page
    assert all(source.startswith("data:image/png;base64,") for source in re.findall(r'src="([^"]+)"', page))
    for link in re.findall(r'href="([^"#][^"]*)"', page):
        assert (workdir / "saved_models" / link).is_file(), link
