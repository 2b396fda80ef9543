import gzip
import json
import os
from pathlib import Path

import pytest

from pipelines.sentiment.config import Settings
from suite.data.texts import read_texts
from suite.errors import UserError
from tests.reading import reader

read = reader("sentiment")

REVIEWS = [("a fine film", "pos"), ("a dull film", "neg"), ("so moving", "pos"), ("so boring", "neg")]
TSV = "text\tlabel\n" + "".join(f"{text}\t{label}\n" for text, label in REVIEWS)
CSV = TSV.replace("\t", ",")
JSONL = "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in REVIEWS)
BARE = TSV.partition("\n")[2]


def make(root, files):
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return root


GOOD = {
    "tsv": ({"train.tsv": TSV}, "tsv"),
    "headerless tsv": ({"train.tsv": BARE}, "tsv"),
    "csv with CRLF": ({"train.csv": CSV.replace("\n", "\r\n")}, "csv"),
    "jsonl": ({"train.jsonl": JSONL}, "jsonl"),
    "tsv.gz": ({"train.tsv.gz": gzip.compress(TSV.encode())}, "tsv"),
    "csv.gz with a byte order mark": ({"train.csv.gz": gzip.compress(b"\xef\xbb\xbf" + CSV.encode())}, "csv"),
    "folders": ({f"train/{label}/{n}.txt": text for n, (text, label) in enumerate(REVIEWS)}, "folders"),
    "lines": (
        {f"train.{label}": "".join(f"{t}\n" for t, y in REVIEWS if y == label) for label in ("pos", "neg")},
        "lines",
    ),
    "other columns in any order": (
        {"train.tsv": "id\tLabel\tText\n" + "".join(f"7\t{label}\t{text}\n" for text, label in REVIEWS)},
        "tsv",
    ),
    "split column": (
        {"all.csv": "text,label,split\n" + "".join(f"{text},{label},Train\n" for text, label in REVIEWS)},
        "csv",
    ),
}


@pytest.mark.parametrize(("files", "format"), GOOD.values(), ids=GOOD)
def test_every_format_gives_the_same_examples(tmp_path, files, format):
    examples = read(make(tmp_path, files), Settings())
    assert sorted((example.input, example.target) for example in examples.items) == sorted(REVIEWS)
    assert examples.format == format and examples.reason
    assert examples.problems == ()
    assert examples.named_parts == {"train"} and examples.sizes["dev"] == 1
    assert read(tmp_path, Settings(), format).items == examples.items


def test_a_file_alone_names_no_part_so_test_is_drawn_too(tmp_path):
    make(tmp_path, {"reviews.tsv": TSV})
    examples = read(tmp_path / "reviews.tsv", Settings())
    assert examples.named_parts == frozenset() and examples.sizes["test"] == 1
    assert examples.items[0].name == "reviews.tsv:2"


def test_folders_without_parts_and_lines_without_parts(tmp_path):
    make(tmp_path / "a", {f"{label}/{n}.txt": text for n, (text, label) in enumerate(REVIEWS)})
    make(tmp_path / "b", {"rt-polarity.pos": "a fine film\nso moving \n", "rt-polarity.neg": "a dull film\nso boring"})
    folders, lines = read(tmp_path / "a", Settings()), read(tmp_path / "b", Settings())
    assert folders.fingerprint == lines.fingerprint
    part = {example.key: example.part for example in folders.items}
    assert part == {example.key: example.part for example in lines.items}
    assert {example.name for example in lines.items} == {f"rt-polarity.{y}:{n}" for y in ("pos", "neg") for n in (1, 2)}


def test_unsupervised_reviews_are_left_out_with_a_note(tmp_path):
    files = {
        f"{part}/{y}/{n}_9.txt": f"{part} {y} {n}" for part in ("train", "test") for y in ("pos", "neg") for n in (0, 1)
    }
    examples = read(make(tmp_path, {**files, "train/unsup/0_0.txt": "x", "imdb.vocab": "the"}), Settings())
    assert sum(examples.sizes.values()) == 8 and examples.sizes["test"] == 4
    assert "train/unsup: left out, since it holds no labelled examples." in examples.notes


def test_a_folder_of_folders_is_one_set_grouped_by_folder(tmp_path):
    languages = {
        f"{group}/{part}.tsv": TSV.replace("film", group + part) for group in ("fr", "de") for part in ("train", "dev")
    }
    examples = read(make(tmp_path, languages), Settings())
    assert {(example.group, example.part) for example in examples.items} == {
        (group, part) for group in ("fr", "de") for part in ("train", "dev")
    }
    assert examples.items[0].name == "de/dev.tsv:2"


def test_group_and_split_columns(tmp_path):
    rows = ["text\tlabel\tsplit\tgroup", "a\t1\ttrain\tann", "b\t0\ttrain\tbob", "c\t1\tvalid\tann", "d\t0\tTEST\t"]
    examples = read(make(tmp_path, {"all.tsv": "\n".join(rows)}), Settings())
    assert [(example.part, example.group) for example in examples.items] == [
        ("train", "ann"),
        ("train", "bob"),
        ("dev", "ann"),
        ("test", None),
    ]


def test_latin_1_by_setting(tmp_path):
    make(tmp_path, {"train.tsv": TSV.replace("film", "café").encode("latin-1")})
    assert "café" in read(tmp_path, Settings(encoding="latin-1")).items[0].input


def test_two_columns_named_split_are_refused(tmp_path):
    make(tmp_path, {"a.csv": "text,label,split,split\na,1,train,test\nb,0,train,train\n"})
    with pytest.raises(UserError, match=r"a\.csv: expected one column 'split'\. Received: 2"):
        read(tmp_path, Settings())


def test_the_texts_nan_are_texts_and_the_labels_nan_are_missing(tmp_path):
    make(tmp_path, {"a.csv": CSV + "nan,pos\nNaN,neg\nx,nan\ny,NaN\n"})
    examples = read(tmp_path, Settings())
    assert [(example.input, example.target) for example in examples.items[4:]] == [("nan", "pos"), ("NaN", "neg")]
    assert [(problem.name, problem.message[:20]) for problem in examples.problems] == [
        ("a.csv:8", "the label is missing"),
        ("a.csv:9", "the label is missing"),
    ]


PROBLEMS = {
    "empty text": ("a.tsv", TSV + "  \tpos\n", "a.tsv:6", "the text is empty"),
    "empty label": ("a.tsv", TSV + "x\t \n", "a.tsv:6", "the label is empty"),
    "undecodable": (
        "a.tsv",
        TSV.encode() + b"caf\xe9\tpos\n",
        "a.tsv:6",
        "byte 0xe9 is not UTF-8; --set encoding=latin-1",
    ),
    "too few columns": ("a.tsv", TSV + "x\n", "a.tsv:6", "expected 2 columns (text, label). Received: 1"),
    "too many columns": ("a.csv", CSV + "well, well,pos\n", "a.csv:6", "expected 2 columns (text, label). Received: 3"),
    "stray quote": ("a.csv", CSV + '"so" he said,pos\n', "a.csv:6", "quotation mark"),
    "bad JSON": ("a.jsonl", JSONL + "{text: 1}\n", "a.jsonl:5", "not valid JSON"),
    "JSON null text": (
        "a.jsonl",
        JSONL + '{"text": null, "label": "pos"}\n',
        "a.jsonl:5",
        "expected a text. Received: 'None'",
    ),
    "JSON no label": ("a.jsonl", JSONL + '{"text": "x"}\n', "a.jsonl:5", "the label is empty"),
    "JSON list label": ("a.jsonl", JSONL + '{"text": "x", "label": ["pos"]}\n', "a.jsonl:5", "expected a label"),
    "JSON NaN label": (
        "a.jsonl",
        JSONL + '{"text": "x", "label": NaN}\n',
        "a.jsonl:5",
        "expected a label. Received: 'nan'",
    ),
    "JSON half a pair": ("a.jsonl", JSONL + '{"text": "\\ud83d", "label": "pos"}\n', "a.jsonl:5", "surrogate"),
    "JSON half a label": ("a.jsonl", JSONL + '{"text": "x", "label": "\\ud83d"}\n', "a.jsonl:5", "surrogate"),
    "unknown split": (
        "a.csv",
        "text,label,split\na,1,train\nb,0,train\nc,1,holdout\n",
        "a.csv:4",
        "expected train, dev (or valid, val) or test in the column 'split'. Received: 'holdout'",
    ),
    "label in test alone": (
        "a.csv",
        "text,label,split\na,1,train\nb,0,train\nc,7,test\n",
        "a.csv:4",
        "the label '7' occurs nowhere in train: this test example cannot be scored",
    ),
    "blank line of a class": ("x", {"rt.pos": "a\n\nb\n", "rt.neg": "c\n"}, "rt.pos:2", "the text is empty"),
    "empty document": ("x", {"pos/1.txt": "a", "pos/2.txt": "", "neg/1.txt": "b"}, "pos/2.txt", "the file is empty"),
    "undecodable document": ("x", {"pos/1.txt": "a", "neg/1.txt": "b", "neg/2.txt": b"b\n\xe9"}, "neg/2.txt:2", "0xe9"),
    "binary document": ("x", {"pos/1.txt": "a", "neg/1.txt": "b", "neg/2.txt": b"\0\0"}, "neg/2.txt", "binary data"),
}


@pytest.mark.parametrize(("name", "data", "place", "message"), PROBLEMS.values(), ids=PROBLEMS)
def test_a_bad_example_is_a_problem_with_its_place_and_spoils_no_other(tmp_path, name, data, place, message):
    make(tmp_path, data if isinstance(data, dict) else {name: data})
    examples = read(tmp_path, Settings())
    (problem,) = examples.problems
    assert problem.name == place
    assert message in problem.message
    assert len(examples.items) >= 2


REFUSED = {
    "missing path": ({}, "nowhere", {}, ["nowhere", "no such file or folder"]),
    "empty folder": ({}, "", {}, ["an empty folder", "Looked for", ".tsv", "NAME.pos"]),
    "nothing known": ({"notes.md": "x"}, "", {}, ["notes.md", "format not recognised", "--format"]),
    "unknown ending": ({"a.txt": TSV}, "a.txt", {}, ["a.txt", "format not recognised", "--format NAME"]),
    "ambiguous tables": ({"a.tsv": TSV, "b.tsv": TSV}, "", {}, ["a.tsv, b.tsv", "name one of them"]),
    "two formats": (
        {"train.tsv": TSV, "train.csv": CSV},
        "",
        {},
        ["more than one format fits", "csv", "tsv", "--format"],
    ),
    "empty file": ({"train.tsv": ""}, "", {}, ["train.tsv", "the file is empty"]),
    "header alone": ({"train.tsv": "text\tlabel\n"}, "", {}, ["at least one usable example"]),
    "missing column": (
        {"train.csv": "review,label\na,1\n"},
        "",
        {},
        ["train.csv", "'text'", "'review', 'label'", "text_column=NAME"],
    ),
    "column by setting": (
        {"train.csv": CSV},
        "",
        {"label_column": "stars"},
        ["train.csv", "'stars'", "label_column=NAME"],
    ),
    "jsonl without the key": (
        {"a.jsonl": '{"body": "x", "label": 1}\n'},
        "",
        {},
        ["a.jsonl", "'text'", "'body', 'label'"],
    ),
    "bogus gz": ({"train.tsv.gz": TSV}, "", {}, ["train.tsv.gz", "expected gzip data"]),
    "cut off gz": ({"train.tsv.gz": gzip.compress(TSV.encode())[:-9]}, "", {}, ["train.tsv.gz", "cut off"]),
    "binary": ({"train.tsv": b"\x89PNG\r\n\0\0"}, "", {}, ["train.tsv:2", "binary data"]),
    "a folder as file": ({"train.tsv/x.md": "x"}, "train.tsv", {}, ["train.tsv", "format not recognised"]),
    "unclosed quote": ({"train.csv": CSV + '"open,1\nlost,1\n'}, "", {}, ["train.csv:6", "never closed"]),
    "unknown encoding": ({"train.tsv": TSV}, "", {"encoding": "utf-ate"}, ["'encoding'", "'utf-ate'"]),
    "all undecodable": ({"train.tsv": b"\xe9\t\xe9\n" * 3}, "", {}, ["train.tsv:1", "0xe9", "encoding=latin-1"]),
    "one class": ({"train.tsv": TSV.replace("neg", "pos")}, "", {}, ["at least two different labels", "'pos'"]),
    "text as label": (
        {"a.csv": "text,label\n" + "".join(f"a,b {n}\n" for n in range(50))},
        "",
        {},
        ["is it the right column", "50 different"],
    ),
    "class folder without texts": ({"pos/1.txt": "a", "neg/1.pdf": "b"}, "", {}, ["neg", ".txt files"]),
    "groups missing": (
        {"train.tsv": TSV},
        "",
        {"split_by": "group"},
        ["split_by: group", "group_pattern", "train.tsv:2"],
    ),
}


@pytest.mark.parametrize(("files", "path", "settings", "parts"), REFUSED.values(), ids=REFUSED)
def test_bad_data_is_refused_with_file_and_fault(tmp_path, files, path, settings, parts):
    make(tmp_path, files)
    with pytest.raises(UserError) as error:
        read(tmp_path / path, Settings(**settings))
    assert not [part for part in parts if part not in str(error.value)], str(error.value)
    assert len(str(error.value).splitlines()) <= 2


def test_an_unknown_format_lists_the_known_ones(tmp_path):
    with pytest.raises(
        UserError, match=r"--format: expected one of csv, tsv, jsonl, parquet, folders, lines. Received: 'xml'"
    ):
        read(make(tmp_path, {"train.tsv": TSV}), Settings(), "xml")
    assert read(make(tmp_path / "t", {"a.txt": TSV}) / "a.txt", Settings(), "tsv").sizes["train"] == 2


def test_duplicates_across_given_parts_are_noted(tmp_path):
    examples = read(make(tmp_path, {"train.tsv": TSV, "test.tsv": TSV.replace("so", "very")}), Settings(dev_fraction=0))
    assert "2 inputs occur in both train and test, for example train.tsv:2 and test.tsv:2." in examples.notes


def test_texts_to_predict_need_no_labels(tmp_path):
    make(
        tmp_path,
        {
            "a.csv": "id,text\n1,fine\n2,\n3,dull\n",
            "b.tsv": BARE,
            "c.tsv": "fine\ndull\n",
            "d.jsonl": JSONL,
            "e.txt": "one\nreview\n",
            "folder/1.txt": "fine",
            "folder/2.txt": b"\xe9",
            "folder/x.md": "x",
        },
    )
    rows, problems = read_texts(tmp_path / "a.csv", Settings())
    assert rows == [("a.csv:2", "fine"), ("a.csv:4", "dull")]
    assert [(problem.name, problem.message) for problem in problems] == [("a.csv:3", "the text is empty")]
    assert [text for _, text in read_texts(tmp_path / "b.tsv", Settings())[0]] == [text for text, _ in REVIEWS]
    assert read_texts(tmp_path / "c.tsv", Settings())[0] == [("c.tsv:1", "fine"), ("c.tsv:2", "dull")]
    assert len(read_texts(tmp_path / "d.jsonl", Settings())[0]) == 4
    assert read_texts(tmp_path / "e.txt", Settings())[0] == [("e.txt", "one\nreview")]
    rows, problems = read_texts(tmp_path / "folder", Settings())
    assert rows == [("1.txt", "fine")] and [problem.name for problem in problems] == ["2.txt:1"]
    with pytest.raises(UserError, match=r"nowhere: no such file or folder"):
        read_texts(tmp_path / "nowhere", Settings())
    with pytest.raises(UserError, match=r"a\.csv: expected a column 'review'\. Received: 'id', 'text'$"):
        read_texts(tmp_path / "a.csv", Settings(text_column="review"))


@pytest.fixture
def real_data():
    """The folder of the real data sets."""
    if "SUITE_DATA" not in os.environ:
        pytest.skip("SUITE_DATA does not name the folder of the real data sets")
    folder = Path(os.environ["SUITE_DATA"]) / "sentiment"
    if not folder.is_dir():
        pytest.skip(f"{folder} does not exist")
    return folder


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "format", "train_and_dev", "labels"),
    [
        ("mr", "lines", (9_618, None), {"pos", "neg"}),
        ("sst2", "tsv", (6_920, 872), {"0", "1"}),
        ("sst5", "tsv", (8_544, 1_101), {"0", "1", "2", "3", "4"}),
        ("imdb", "tsv", (25_000, None), {"0", "1"}),
        ("umsab", "tsv", (8 * 1_839, 8 * 324), {"negative", "neutral", "positive"}),
    ],
)
def test_real_data_sets_are_read_whole(real_data, name, format, train_and_dev, labels):
    examples = read(real_data / name, Settings(test_fraction=0))
    train, dev = train_and_dev
    assert examples.format == format and examples.problems == ()
    assert {example.target for example in examples.items} == labels
    assert len(examples.items) == train + (dev or 0)
    if dev:
        assert examples.sizes == {"train": train, "dev": dev, "test": 0}
    else:
        assert abs(examples.sizes["dev"] / train - 0.1) < 0.01
