"""The page's pieces.js and answers/tags.js keep the rules that Python has, run by Node.js."""

import random

import numpy as np
import pytest

from suite.answers.tag_pieces import answer_pieces, join, shifted
from suite.answers.tags import answer
from suite.data.tag_schemes import plain_spans, scheme_tags, tag_spans
from suite.text.pieces import cut_text
from tests.tags_by_rule import JAVASCRIPT, TEXTS, tags_by_rule

SIZE, PLACES, LONGEST = 16, 4, 24
PIECES = """
const { cutText } = await import("./pieces.js");
return data.map(({ data, size }) => cutText(Uint8Array.from(data), size).map(({ begin, piece }) => [begin, Array.from(piece)]));
"""
SPANS = """
const { tagSpans } = await import("./answers/tags.js");
return data.map(({ tags, scheme }) => tagSpans(tags, scheme));
"""
ANSWERS = (
    JAVASCRIPT
    + """
const { question } = await import("./answers/tags.js");
return data.texts.map((text) => {
  const tensors = (bytes) => {
    const padded = new Uint8Array(data.size);
    padded.set(bytes);
    return { text: padded };
  };
  const asked = question({ text, size: data.size, tensors, empty: text === "" }, data.answer), outputs = [];
  while (outputs.length < asked.count) {
    const given = tagsByRule(asked.tensors(outputs.length).text, data.places);
    asked.heard(given, outputs.length);
    outputs.push(given);
  }
  return asked.join(outputs);
});
"""
)


def test_python_and_javascript_cut_alike(node):
    draw, cases = random.Random(1), []
    words = ["a", "über", "🎬.", "语言。", "جميل؟", " ", "\n", "\t ", "\x7f", "\0", "... ", "longer-than-a-piece" * 3]
    for separator in ("", " ", ". ", "\x1f"):
        for _ in range(120):
            data = separator.join(draw.choices(words, k=draw.randint(0, 40))).encode()
            cases.append({"data": list(data), "size": draw.randint(1, 70)})
    for _ in range(150):
        data = draw.choices(b"ab .\n\x1f\xc3\xa9\xff\xe2\x80\xa6", k=draw.randint(0, 90))
        cases.append({"data": data, "size": draw.randint(1, 30)})
    for case, pieces in zip(cases, node(PIECES, cases), strict=True):
        received = [(begin, bytes(piece)) for begin, piece in pieces]
        assert received == cut_text(bytes(case["data"]), case["size"]), case


def test_python_and_javascript_find_the_same_spans(node):
    draw, cases = random.Random(2), []
    for scheme in ("bioes", "iob2", "none"):
        tags = scheme_tags(["PER", "LOC", "B-E"], scheme) if scheme != "none" else ["O", "NOUN", "B-S", "E"]
        cases += [{"tags": draw.choices(tags, k=draw.randint(0, 12)), "scheme": scheme} for _ in range(300)]
    for case, spans in zip(cases, node(SPANS, cases), strict=True):
        expected = plain_spans(case["tags"]) if case["scheme"] == "none" else tag_spans(case["tags"])
        assert [tuple(span) for span in spans] == expected, case


@pytest.mark.parametrize("scheme", ["bioes", "none"])
def test_the_page_gives_the_tokens_and_spans_that_python_gives(node, scheme):
    labels = ["O", "S-A", "B-A", "I-A", "E-A", "S-b-c"] if scheme == "bioes" else ["O", "A", "B", "C", "D", "E"]
    intents = ["ask", "tell"] if scheme == "bioes" else []
    assets = {"labels": labels, "scheme": scheme, "intents": intents}
    known = assets | {"longest": LONGEST}
    request = {"texts": TEXTS, "size": SIZE, "places": PLACES, "answer": known}
    spans = 0
    for text, received in zip(TEXTS, node(ANSWERS, request), strict=True):
        expected = answer(_outputs(text.encode()), text, assets, None)
        for key in ("tokens", "spans"):
            for row, item in zip(received[key], getattr(expected, key), strict=True):
                assert text[row["start"] : row["end"]] == row["text"] == item.text, text
                assert (row["start"], row["end"]) == (item.start, item.end)
                wide = text.encode("utf-16-le")
                assert wide[2 * row["from"] : 2 * row["to"]].decode("utf-16-le") == item.text
        assert [(row["tag"], row["probability"]) for row in received["tokens"]] == [
            (token.tag, pytest.approx(token.probability)) for token in expected.tokens
        ]
        assert [(row["label"], row["score"]) for row in received["spans"]] == [
            (span.label, pytest.approx(span.score)) for span in expected.spans
        ]
        scores = [*(expected.intent_scores or {}).values()]
        np.testing.assert_allclose(received["intents"], scores, atol=1e-6)
        spans += len(expected.spans)
    assert spans > 100


def _outputs(data: bytes) -> dict:
    """What a file of fixed shape gives for a text that is cut as predict cuts it."""
    cut = cut_text(data, LONGEST)
    call = lambda piece: tags_by_rule(piece, PLACES)  # noqa: E731
    answers = [shifted(answer_pieces(call, piece, SIZE, PLACES), begin) for begin, piece in cut]
    return join(answers, [len(piece) for _, piece in cut])
