import json
from pathlib import Path

from suite.data.examples import Example, Examples, Problem
from suite.data.summary import summarize

TEXTS = [
    ("one two", "pos", "train"),
    ("one two three", "neg", "train"),
    ("one two", "pos", "test"),
    ("one", "pos", "test"),
]


def test_a_summary_holds_what_can_be_counted_by_hand():
    items = tuple(Example(f"{p}:{n}", text, label, p, "ann", text) for n, (text, label, p) in enumerate(TEXTS))
    problems = (Problem("train:9", "the text is empty"),)
    summary = summarize(
        Examples(items, Path("d"), "tsv", "the file d", frozenset({"train", "test"}), problems, ("A note.",))
    )
    assert json.loads(json.dumps(summary)) == summary
    assert summary["path"] == "d" and summary["format"] == "tsv" and summary["reason"] == "the file d"
    assert summary["named_parts"] == ["train", "test"]
    assert summary["sizes"] == {"train": 2, "dev": 0, "test": 2}
    assert summary["labels"] == {"train": {"neg": 1, "pos": 1}, "test": {"pos": 2}}
    assert summary["groups"] == {"ann": {"train": 2, "test": 2}}
    assert summary["lengths"]["train"]["words"] == {"min": 2, "p25": 2, "p50": 2, "p75": 3, "p95": 3, "max": 3}
    assert summary["lengths"]["test"]["characters"]["max"] == 7
    assert summary["duplicates"] == {"train/test": {"contents": 1, "example": ["train:0", "test:2"]}}
    assert summary["problems"] == [{"name": "train:9", "message": "the text is empty"}] and summary["notes"] == [
        "A note."
    ]


def test_files_with_sentences_have_neither_labels_nor_text_lengths():
    items = tuple(
        Example(f"{n}.wav", Path(f"{n}.wav"), f"sentence {n}", "train", None, f"digest {n}") for n in range(10)
    )
    summary = summarize(Examples(items, Path("d"), "manifest", "the file d.csv"))
    assert summary["labels"] == {} and summary["lengths"] == {} and summary["groups"] == {}
