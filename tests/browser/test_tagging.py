"""The page of a tagging model gives the tokens, spans and intent that Python gives from the same file, and marks the spans."""

import json

import numpy as np
import pytest

from suite.config import load_settings
from suite.registry import load_pipeline
from suite.runtime.deployed import deployed_predictor
from suite.text.hashing import ADDRESSES
from tests.conftest import LEARNED, SMALLEST, approximately
from tests.tags_by_rule import TEXTS

pytestmark = pytest.mark.browser
DONE = "#result[aria-busy='false']"
SIZE = 32
MANY = {name: list(range(0, ADDRESSES, 9)) for name in ("words", "affixes")}  # rows, so many that tokens differ
LONG = "Anna née Müller flew to Zürich, 日本 and 😀! " * 12


@pytest.fixture(scope="module")
def make(export_page):
    """`make(assets, decoder)` exports an untrained model: its page, and `tag(text)` by the exported file in Python."""
    import keras

    pipeline = load_pipeline("tagging")

    def export(assets, decoder):
        changes = (f"compiled_bytes={SIZE}", f"decoder={decoder}")
        settings = load_settings(pipeline.Settings, None, (*SMALLEST["tagging"], *changes))
        keras.utils.set_random_seed(3)
        model = pipeline.build(settings, assets)
        random = np.random.default_rng(0)
        for weight in model.trainable_weights:  # tags that differ from token to token
            weight.assign(weight + 0.7 * random.standard_normal(weight.shape))
        inputs = [pipeline.raw_arrays(text, settings) for text in ("Anna flies", "a\x1fb\x1f")]
        page, file = export_page("tagging", model, settings, assets, inputs)
        signatures = pipeline.signatures(assets, settings)
        predictor = deployed_predictor(file, "compiled", signatures[0], signatures=signatures)
        known = pipeline.host_assets(assets, settings)
        return page, lambda text: pipeline.predict(predictor, [text], known, settings)[0]

    return export


@pytest.fixture(scope="module")
def tagging(make):
    """A model of spans and intents."""
    return make(LEARNED["tagging"] | MANY, "crf")


@pytest.fixture
def visit(visit_page, tagging):
    """`with visit() as page` opens the page."""
    return lambda **options: visit_page(tagging[0], **options)


def shown(page, text):
    """Type a text and return what the page says of it to programs."""
    page.fill("#text", text)
    page.wait_for_selector(DONE)
    data = page.evaluate("({ ...document.getElementById('answer').dataset })")
    return {name: json.loads(data[name]) for name in ("tokens", "spans", "intentScores")} | {"intent": data["intent"]}


def test_the_browser_answers_as_python_does(visit, tagging):
    spans = 0
    with visit() as page:
        for text in (*TEXTS, LONG):
            expected, received = tagging[1](text), shown(page, text)
            for key, rows in (("tokens", expected.tokens), ("spans", expected.spans)):
                assert received[key] == [approximately(vars(row)) for row in rows], text
                assert all(text[row["start"] : row["end"]] == row["text"] for row in received[key])
            assert received["intentScores"] == approximately(expected.intent_scores)
            assert received["intent"] == expected.intent
            spans += len(expected.spans)
        assert page.faults == []
    assert spans > 50


def test_spans_are_marked_where_they_stand(visit, tagging):
    with visit() as page:
        for text in ("👩‍👩‍👧‍👦 e\u0301te\u0301\tשלום עולם, Anna & <b>Zoë</b>!", LONG, "New York\x1fis\x1fbig\x1f"):
            shown(page, text)
            expected = tagging[1](text)
            marks = page.evaluate(
                "[...document.querySelectorAll('#words mark')].map((mark) => "
                "[mark.firstChild.textContent, mark.lastChild.textContent, mark.title])"
            )
            assert marks == [
                [span.text.replace("\x1f", " "), span.label, f"{span.label} {100 * span.score:.1f} %"]
                for span in expected.spans
            ]
            plain = page.evaluate(
                "(() => { const copy = document.getElementById('words').cloneNode(true);"
                "copy.querySelectorAll('sub').forEach((label) => label.remove()); return copy.textContent; })()"
            )
            assert plain == text.replace("\x1f", " ")
            assert page.inner_text("#label") == expected.intent
        shown(page, "")
        assert page.inner_text("#label") == "Nothing to tag yet" and page.inner_text("#words") == ""
        assert page.faults == []


def test_of_plain_labels_without_intents_each_is_a_span(make, visit_page):
    plain = {"labels": ["O", "NOUN", "VERB", "$"], "scheme": "none", "intents": []}
    folder, tag = make(LEARNED["tagging"] | MANY | plain, "softmax")
    with visit_page(folder) as page:
        for text in ("Anna flies to  Rome 😀 !", LONG):
            page.fill("#text", text)
            page.wait_for_selector(DONE)
            expected = tag(text)
            assert json.loads(page.get_attribute("#answer", "data-spans")) == [
                approximately(vars(span)) for span in expected.spans
            ]
            assert page.inner_text("#label") == expected.lines()[0]
            assert page.get_attribute("#answer", "data-intent") is None
        assert len(expected.spans) > 10 and page.faults == []
