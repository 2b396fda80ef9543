"""Answers of tags in characters, and their figures against seqeval and figures worked out by hand."""

import json
import random
import unicodedata
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from seqeval.metrics import accuracy_score, classification_report, f1_score, precision_score, recall_score
from seqeval.scheme import IOB2

from suite.answers.tag_figures import METRICS, evaluate
from suite.answers.tags import TAGS, Tags, answer, page, tag_outputs
from suite.data.examples import Example
from suite.data.tag_schemes import scheme_tags, spans_to_tags
from suite.data.tag_targets import Target, describe_cut_spans, gold_tags
from suite.errors import UserError
from suite.inputs.kind import FileContents
from suite.signature import Arrays
from suite.text.token_tokenizer import join_tokens

ASSETS: dict[str, Any] = {
    "labels": scheme_tags(["LOC", "PER"], "bioes"),
    "scheme": "bioes",
    "intents": [],
    "longest": 1000,
}


def raw_arrays(text: str, settings: Any) -> Arrays:
    return {"text": np.frombuffer(text.encode(), np.uint8)}


def outputs_of(
    text: str, offsets: list[tuple[int, int]], tags: list[str], assets: dict, certainty: list[float] | None = None
) -> Arrays:
    """Return what a model would give for tags of tokens at offsets in characters; two rows of padding follow."""
    sizes = [len(text[:edge].encode()) for pair in offsets for edge in pair]
    return {
        "starts": np.array([*sizes[::2], 0, 0], np.int32),
        "ends": np.array([*sizes[1::2], 0, 0], np.int32),
        "tags": np.array([*(assets["labels"].index(tag) for tag in tags), 0, 0], np.int32),
        "probabilities": np.array([*(certainty or [0.9] * len(tags)), 0, 0], np.float32),
        "count": np.int32(len(tags)),
    }


def token_offsets(text: str) -> list[tuple[int, int]]:
    """Return where tokens that are each ended by U+001F stand."""
    offsets, place = [], 0
    for token in text.split("\x1f")[:-1]:
        offsets.append((place, place + len(token)))
        place += len(token) + 1
    return offsets


def evaluation_of(truth: list[list[str]], predicted: list[list[str]], assets: dict = ASSETS, **further: Any) -> Any:
    examples, outputs = [], []
    for number, (labelled, tags) in enumerate(zip(truth, predicted, strict=True), 1):
        text = join_tokens(f"w{place}" for place in range(len(labelled)))
        examples.append(Example(f"data:{number}", text, Target(tuple(labelled)), "test", None, text))
        outputs.append(outputs_of(text, token_offsets(text)[: len(tags)], tags, assets, further.get("certainty")))
    return evaluate(lambda inputs: outputs[: len(inputs)], examples, raw_arrays, assets, None)


def test_spans_are_the_characters_of_any_text() -> None:
    generator = random.Random(0)
    words = ["naïve", "e\u0301te\u0301", "שלום", "مرحبا", "👩‍👩‍👧", "😀", "東京", "a", "Ω", "क्षि", "\u200fx", "🇩🇪"]
    gaps = [" ", "  ", "\t", "\n", " \u00a0", "\x1f"]
    for _ in range(1000):
        text, offsets = generator.choice(("", " ", "\t")), []
        for word in generator.choices(words, k=generator.randint(1, 8)):
            offsets.append((len(text), len(text) + len(word)))
            text += word + generator.choice(gaps)
        count = len(offsets)
        first = generator.randrange(count)
        behind = generator.randint(first + 1, count)
        tags = list(spans_to_tags([(first, behind, "PER")], count, "bioes"))
        certainty = [generator.random() for _ in tags]
        tagged = answer(outputs_of(text, offsets, tags, ASSETS, certainty), text, ASSETS, None)
        (span,) = tagged.spans
        assert (span.start, span.end) == (offsets[first][0], offsets[behind - 1][1])
        assert span.text == text[span.start : span.end] and span.label == "PER"
        assert span.score == pytest.approx(min(certainty[first:behind]))
        assert [(token.start, token.end, token.tag) for token in tagged.tokens] == [
            (*pair, tag) for pair, tag in zip(offsets, tags, strict=True)
        ]
        assert all(token.text == text[token.start : token.end] for token in tagged.tokens)


@pytest.mark.parametrize(
    ("scheme", "tags", "spans"),
    [
        ("bioes", ["B-PER", "E-PER", "S-LOC"], [("a b", "PER"), ("c", "LOC")]),
        ("iob2", ["B-PER", "I-PER", "B-PER"], [("a b", "PER"), ("c", "PER")]),
        (
            "iob2",
            ["I-PER", "O", "I-LOC"],
            [("a", "PER"), ("c", "LOC")],
        ),  # softmax breaks a scheme: read as CoNLL's script does
        ("none", ["LOC", "O", "PER"], [("a", "LOC"), ("c", "PER")]),
    ],
)
def test_spans_of_every_scheme(scheme: str, tags: list[str], spans: list[tuple[str, str]]) -> None:
    labels = ["O", "LOC", "PER"] if scheme == "none" else scheme_tags(["LOC", "PER"], scheme)
    assets = {"labels": labels, "scheme": scheme, "intents": [], "longest": 1000}
    tagged = answer(outputs_of("a b c", [(0, 1), (2, 3), (4, 5)], tags, assets), "a b c", assets, None)
    assert [(span.text, span.label) for span in tagged.spans] == spans


def tagged_text(**options: Any) -> Tags:
    text = "Zoë\tlives <in>\x1fRome"
    assets = ASSETS | {"intents": ["ask", "tell"]}
    outputs = outputs_of(text, [(0, 3), (4, 9), (10, 14), (15, 19)], ["S-PER", "O", "O", "S-LOC"], assets)
    return answer(outputs | {"intent": np.array([0.25, 0.75], np.float32)}, text, assets, None, **options)


def test_lines_have_spans_in_brackets_and_the_intent() -> None:
    assert tagged_text().lines() == ["tell 0.750", "[Zoë PER] lives <in> [Rome LOC]"]
    bare = answer(outputs_of("a", [(0, 1)], ["O"], ASSETS), "a", ASSETS, None)
    assert bare.lines() == ["0 spans", "a"] and bare.intent is None
    assert json.loads(json.dumps(asdict(tagged_text())))["spans"][1] == {
        "text": "Rome",
        "start": 15,
        "end": 19,
        "label": "LOC",
        "score": pytest.approx(0.9),
    }


@pytest.mark.parametrize(
    ("terminal", "environment", "colored"), [(True, {}, True), (True, {"NO_COLOR": "1"}, False), (False, {}, False)]
)
def test_labels_are_in_color_where_a_terminal_takes_it(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, environment: dict[str, str], colored: bool
) -> None:
    environment = {"TERM": "xterm-256color", **environment}
    console = Console(force_terminal=terminal, _environ=environment, width=80)
    with console.capture() as capture:
        console.print(tagged_text().styled()[1], highlight=False, markup=False)
    assert ("\x1b[36m" in capture.get()) == colored
    assert "PER" in capture.get()


def test_a_page_has_all_texts_with_their_spans(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    tagged = tagged_text(html=str(path))
    tagged_text(html=str(path))
    text = path.read_text(encoding="utf-8")
    assert tagged.html == str(path) and text.startswith("<!doctype html>")
    assert text.count('<p dir="auto">') == 2 and text.count("<mark ") == 4 and text.count("<small>tell</small>") == 2
    assert "lives &lt;in&gt; <mark" in text and "Zoë<sub>PER</sub></mark>" in text
    (tmp_path / "old.html").write_text("mine")
    with pytest.raises(UserError, match=r"old\.html exists and is not overwritten"):
        tagged_text(html=str(tmp_path / "old.html"))


def random_sentences(count: int, letters: str, seed: int) -> list[list[str]]:
    generator = random.Random(seed)
    tags = ["O", *(f"{letter}-{label}" for letter in letters for label in ("LOC", "PER"))]
    return [generator.choices(tags, [3] + [1] * (len(tags) - 1), k=generator.randint(1, 12)) for _ in range(count)]


def lawful_sentences(count: int, seed: int) -> list[list[str]]:
    """Return sentences in IOB2 that break nothing."""
    sentences = random_sentences(count, "BI", seed)
    for tags in sentences:
        for place, tag in enumerate(tags):
            if tag[0] == "I" and (not place or tags[place - 1][1:] != tag[1:]):
                tags[place] = f"B{tag[1:]}"
    return sentences


@pytest.mark.parametrize(("letters", "scheme"), [("BI", "iob2"), ("BIES", "bioes")])
def test_figures_are_those_of_seqeval(letters: str, scheme: str) -> None:
    generator = random.Random(5)
    truth = lawful_sentences(300, 3)
    wild = random_sentences(300, letters, 4)
    predicted = []
    for labelled, random_tags in zip(truth, wild, strict=True):
        good = list(spans_to_tags(_spans(labelled), len(labelled), scheme))
        predicted.append(
            [
                random_tags[place % len(random_tags)] if generator.random() < 0.3 else tag
                for place, tag in enumerate(good)
            ]
        )
    assets = {"labels": scheme_tags(["LOC", "PER"], scheme), "scheme": scheme, "intents": [], "longest": 1000}
    evaluation = evaluation_of(truth, predicted, assets)
    as_iob = [[tag.replace("S-", "B-").replace("E-", "I-") for tag in tags] for tags in predicted]
    gold = truth if scheme == "iob2" else [list(spans_to_tags(_spans(tags), len(tags), scheme)) for tags in truth]
    assert evaluation.metrics == pytest.approx(
        {
            "f1": f1_score(gold, predicted),
            "strict_f1": f1_score(truth, as_iob, mode="strict", scheme=IOB2),
            "precision": precision_score(gold, predicted),
            "recall": recall_score(gold, predicted),
            "accuracy": accuracy_score(truth, as_iob),
            "sentence_accuracy": np.mean([labelled == tags for labelled, tags in zip(truth, as_iob, strict=True)]),
        }
    )
    assert evaluation.metrics["f1"] != evaluation.metrics["strict_f1"]
    report = classification_report(gold, predicted, output_dict=True)
    for label in ("LOC", "PER"):
        figures = evaluation.details["labels"][label]
        assert [figures[name] for name in ("precision", "recall", "f1", "spans")] == pytest.approx(
            [report[label][name] for name in ("precision", "recall", "f1-score", "support")]
        )


def _spans(tags: list[str]) -> list[tuple[int, int, str]]:
    spans: list[list] = []
    for place, tag in enumerate(tags):
        if tag[0] == "B":
            spans.append([place, place + 1, tag[2:]])
        elif tag[0] == "I":
            spans[-1][1] = place + 1
    return [tuple(span) for span in spans]


def test_figures_by_hand() -> None:
    truth = [["B-PER", "I-PER", "O"], ["B-LOC", "I-LOC", "O"], ["O", "B-PER", "B-LOC"], ["O"]]
    predicted = [["I-PER", "I-PER", "O"], ["B-LOC", "I-PER", "O"], ["O", "B-PER", "B-LOC"], ["O"]]
    assets = {"labels": scheme_tags(["LOC", "PER"], "iob2"), "scheme": "iob2", "intents": [], "longest": 1000}
    evaluation = evaluation_of(truth, predicted, assets)
    # As conlleval counts: I at the start begins a span, and I-PER behind B-LOC another one.
    #   PER found 0-2, LOC 0-1, PER 1-2, PER, LOC: 3 of 5 right, of 4 in the data.
    # Strictly: LOC 0-1, PER, LOC found: 2 of 3 right, of 4.
    assert evaluation.metrics == pytest.approx(
        {
            "f1": 2 * 3 / (5 + 4),
            "strict_f1": 2 * 2 / (3 + 4),
            "precision": 3 / 5,
            "recall": 3 / 4,
            "accuracy": 8 / 10,
            "sentence_accuracy": 2 / 4,
        }
    )
    assert evaluation.details["labels"] == {
        "LOC": pytest.approx({"precision": 1 / 2, "recall": 1 / 2, "f1": 1 / 2, "spans": 2}),
        "PER": pytest.approx({"precision": 2 / 3, "recall": 1.0, "f1": 4 / 5, "spans": 2}),
    }


def test_of_plain_labels_f1_is_the_accuracy_and_outside_is_no_label() -> None:
    assets = {"labels": ["O", "DET", "NOUN"], "scheme": "none", "intents": [], "longest": 1000}
    metrics = evaluation_of([["DET", "NOUN", "NOUN", "DET"]], [["DET", "NOUN", "DET", "DET"]], assets).metrics
    assert {metrics[name] for name in ("f1", "strict_f1", "precision", "recall", "accuracy")} == {0.75}
    metrics = evaluation_of([["O", "O", "NOUN"]], [["O", "O", "O"]], assets).metrics
    assert metrics["f1"] == 0 and metrics["accuracy"] == pytest.approx(2 / 3)


def test_tokens_without_an_answer_and_labels_never_learned_are_missed() -> None:
    metrics = evaluation_of([["B-PER", "O", "B-LOC"], ["B-ORG"]], [["S-PER"], ["O"]]).metrics
    assert (
        metrics["recall"] == pytest.approx(1 / 3)
        and metrics["precision"] == 1
        and metrics["accuracy"] == pytest.approx(2 / 4)
    )


def test_a_token_that_was_cut_has_the_tag_of_its_first_piece() -> None:
    text = "é\x1fhttps://example.org/\x1fRome\x1f"
    example = Example("data:1", text, Target(("O", "O", "B-LOC")), "test", None, text)
    offsets = [(0, 1), (2, 9), (9, 22), (23, 27)]
    outputs = outputs_of(text, offsets, ["O", "O", "S-PER", "S-LOC"], ASSETS)
    evaluation = evaluate(lambda inputs: [outputs], [example], raw_arrays, ASSETS, None)
    assert evaluation.metrics["f1"] == evaluation.metrics["accuracy"] == 1


def test_spans_of_characters_are_scored_in_tokens() -> None:
    text = "Zoë lives in New-York !"
    spans = ((0, 3, "PER"), (13, 16, "LOC"), (21, 22, "LOC"))  # "New" of a token "New-York"; a space in no token
    target = Target((), spans, "")
    offsets = [(0, 3), (4, 9), (10, 12), (13, 21), (22, 23)]
    example = Example("data:1", text, target, "test", None, text)
    outputs = outputs_of(text, offsets, ["S-PER", "O", "O", "S-LOC", "O"], ASSETS)
    metrics = evaluate(lambda inputs: [outputs], [example], raw_arrays, ASSETS, None).metrics
    assert (metrics["precision"], metrics["recall"]) == (1, pytest.approx(2 / 3))
    assert metrics["accuracy"] == 1 and metrics["sentence_accuracy"] == 0
    assert describe_cut_spans([example], [offsets]) == [
        "2 spans begin or end within a token, as 'New' in data:1: whole tokens are learned and answered."
    ]
    assert gold_tags(target, offsets, "bioes") == ("S-PER", "O", "O", "S-LOC", "O")
    assert gold_tags(Target((), ((0, 12, "A"), (12, 17, "B")), ""), offsets, "iob2") == (
        "B-A",
        "I-A",
        "I-A",
        "B-B",
        "O",
    )


def test_intents_have_an_accuracy_where_data_and_model_have_them() -> None:
    assets = ASSETS | {"intents": ["ask", "tell"]}
    rows = [("ask", [0.9, 0.1]), ("tell", [0.6, 0.4]), ("sing", [0.1, 0.9])]
    examples = [Example(f"data:{name}", "a\x1f", Target(("O",), (), name), "test", None, name) for name, _ in rows]
    outputs = [outputs_of("a\x1f", [(0, 1)], ["O"], assets) | {"intent": np.array(scores)} for _, scores in rows]
    evaluation = evaluate(lambda inputs: outputs, examples, raw_arrays, assets, None)
    assert evaluation.metrics["intent_accuracy"] == pytest.approx(1 / 3)
    assert (
        evaluation.samples["intent"] == ["ask", "tell", "sing"] and evaluation.samples["predicted_intent"][2] == "tell"
    )
    assert list(evaluation.metrics) == list(METRICS)
    bare = [Example("data", "a\x1f", Target(("O",)), "test", None, "a")]
    assert "intent_accuracy" not in evaluate(lambda inputs: outputs[:1], bare, raw_arrays, assets, None).metrics


def test_the_worst_sentences_come_first() -> None:
    rows = [
        (["B-PER"], ["S-PER"], [0.6]),
        (["O", "O"], ["O", "S-LOC"], [0.99, 0.4]),
        (["O"], ["O"], [0.9]),
        (["B-LOC", "O"], ["S-PER", "O"], [0.8, 0.5]),
    ]
    examples, outputs = [], []
    for number, (truth, predicted, certainty) in enumerate(rows):
        text = join_tokens(f"w{place}" for place in range(len(truth)))
        examples.append(Example(f"data:{number}", text, Target(tuple(truth)), "dev", None, text))
        outputs.append(outputs_of(text, token_offsets(text), predicted, ASSETS, certainty))
    samples = evaluate(lambda inputs: outputs, examples, raw_arrays, ASSETS, None).samples
    assert samples["example"] == ["data:3", "data:1", "data:0", "data:2"]
    assert samples["confidence"] == pytest.approx([0.8, 0.4, 0.6, 0.9])
    assert samples["labelled"][:2] == ["[w0 LOC] w1", "w0 w1"] and samples["predicted"][:2] == [
        "[w0 PER] w1",
        "w0 [w1 LOC]",
    ]


def test_confusions_are_those_of_labels() -> None:
    evaluation = evaluation_of([["B-PER", "I-PER", "O", "B-LOC"]], [["B-PER", "E-PER", "S-LOC", "O"]])
    (axes,) = evaluation.pictures["confusion_matrix"]().axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["PER", "O", "LOC"]
    assert [text.get_text() for text in axes.texts] == ["2", "0", "0", "0", "0", "1", "0", "1", "0"]


def test_the_page_of_a_file_knows_its_tags_and_intents() -> None:
    outputs = {name: {} for name in tag_outputs(["O"], ["ask"])}
    contents = FileContents(
        Path("a.tflite"), "tag", {}, outputs, ["ask"], {"scheme": "bioes", "longest": 90}, ["O", "S-A"]
    )
    entry, read = page(contents)
    known = {"labels": ["O", "S-A"], "scheme": "bioes", "intents": ["ask"], "longest": 90}
    assert entry == known and read == {"tag": tuple(outputs)}
    with pytest.raises(UserError, match="Missing: starts"):
        page(FileContents(Path("a.tflite"), "tag", {}, {"tags": {}}, [], {"scheme": "bioes"}, ["O"]))
    assert TAGS.metrics == METRICS and next(iter(METRICS)) == "f1"


def test_unicode_forms_are_left_as_they_are() -> None:
    text = unicodedata.normalize("NFD", "Zoë")
    tagged = answer(outputs_of(text, [(0, 4)], ["S-PER"], ASSETS), text, ASSETS, None)
    assert tagged.spans[0].text == text and len(text) == 4
