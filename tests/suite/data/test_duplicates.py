from suite.data.duplicates import describe_duplicates, find_duplicates
from suite.data.examples import Example


def items(*rows):
    return [Example(f"{part}.tsv:{n}", text, label, part, None, text) for n, (text, label, part) in enumerate(rows, 1)]


ROWS = items(
    ("same", "pos", "train"),
    ("same", "pos", "test"),
    ("same", "pos", "test"),
    ("twice", "pos", "train"),
    ("twice", "neg", "train"),
    ("shared", "pos", "train"),
    ("shared", "pos", "test"),
    ("once", "pos", "dev"),
)


def test_duplicates_within_and_across_parts_are_counted_by_content():
    counts = {kind: len(found) for kind, found in find_duplicates(ROWS).items()}
    assert counts == {"train": 1, "dev": 0, "test": 1, "train/dev": 0, "train/test": 2, "dev/test": 0, "targets": 1}


def test_they_are_described_with_a_count_and_an_example():
    assert describe_duplicates(ROWS) == [
        "2 inputs occur in both train and test, for example train.tsv:1 and test.tsv:2.",
        "1 input occurs more than once in train, for example train.tsv:4 and train.tsv:5.",
        "1 input occurs more than once in test, for example test.tsv:2 and test.tsv:3.",
        "1 input occurs with different targets, for example train.tsv:4 ('pos') and train.tsv:5 ('neg').",
    ]
    assert describe_duplicates(ROWS[-3:]) == [
        "1 input occurs in both train and test, for example train.tsv:6 and test.tsv:7."
    ]


def test_examples_without_a_key_are_told_apart_by_name():
    assert describe_duplicates([Example("a.wav", "a.wav", "x", "train"), Example("b.wav", "b.wav", "x", "train")]) == []
