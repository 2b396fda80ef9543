"""What people get wrong: one clear sentence, exit status 2, nothing lost."""

import gzip
import os
import shutil

import pytest

GOOD = "text\tlabel\n" + "".join(
    f"a {word} film number {n}\t{label}\n" for n in range(12) for word, label in (("good", "pos"), ("bad", "neg"))
)


def write(name, content):
    with open(name, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())


# name, content of data.tsv (None: no file), more arguments, words that the message must have
DATA = [
    ("no such path", None, (), ["data.tsv", "no such file"]),
    ("empty file", "", (), ["data.tsv", "empty"]),
    ("header only", "text\tlabel\n", (), ["data.tsv"]),
    (
        "missing column",
        "review\tlabel\ngood film\tpos\nbad film\tneg\n",
        (),
        ["data.tsv", "'text'", "review", "text_column"],
    ),
    ("missing label", GOOD + "a film without a label\t\n", (), ["data.tsv:26", "label is empty"]),
    ("empty text", GOOD + "\tpos\n", (), ["data.tsv:26", "text is empty"]),
    ("Latin-1", GOOD.encode() + "un film très drôle\tpos\n".encode("latin-1"), (), ["data.tsv:26", "0xe8", "encoding"]),
    ("too few columns", GOOD + "only a text\n", (), ["data.tsv:26", "column"]),
    ("one class", GOOD.replace("neg", "pos"), (), ["data.tsv", "two different labels", "'pos'"]),
    ("binary", b"\x00\x01\x02\xff" * 100, (), ["data.tsv"]),
    ("unknown format", GOOD, ("--format", "xml"), ["--format", "tsv", "'xml'"]),
    ("other format", GOOD, ("--format", "folders"), ["data.tsv", "folder", "--format folders"]),
    ("unknown setting", GOOD, ("--set", "epoch=3"), ["'epoch'", "'epochs'"]),
    ("value not allowed", GOOD, ("--set", "cell=rnn"), ["'cell'", "'lstm'", "'rnn'"]),
    ("value of another type", GOOD, ("--set", "units=big"), ["'units'", "integer", "'big'"]),
    ("not KEY=VALUE", GOOD, ("--set", "units"), ["KEY=VALUE"]),
    ("unknown encoding", GOOD, ("--set", "encoding=utf-99"), ["encoding", "utf-99"]),
    ("no settings file", GOOD, ("--config", "none.yaml"), ["none.yaml", "No such file"]),
    ("groups wanted, none there", GOOD, ("--set", "split_by=group"), ["group", "data.tsv:2"]),
    ("bad group pattern", GOOD, ("--set", "group_pattern=("), ["group_pattern", "regular expression"]),
    ("name with a path", GOOD, ("--name", "../up"), ["--name", "../up"]),
    ("nothing to resume", GOOD, ("--resume", "--name", "new"), ["no unfinished run"]),
    ("no model to begin from", GOOD, ("--init", "nowhere"), ["nowhere", "no such model folder"]),
    ("too many folds", GOOD, ("--folds", "99"), ["--folds", "99"]),
    ("wordpiece too small", GOOD, ("--set", "vocabulary_size=3"), ["'vocabulary_size'", "64"]),
]


@pytest.mark.parametrize(("content", "arguments", "expected"), [row[1:] for row in DATA], ids=[row[0] for row in DATA])
def test_training_refuses(suite, workdir, content, arguments, expected):
    if content is not None:
        write("data.tsv", content)
    done = suite("train", "sentiment", "--data", "data.tsv", "--set", "epochs=1", *arguments)
    assert done.status == 2, done.err
    assert "Traceback" not in done.err and done.out == ""
    assert all(word in done.err for word in expected), done.err
    assert len([line for line in done.err.splitlines() if line.startswith("error:")]) == 1
    left = os.listdir("saved_models/sentiment") if os.path.isdir("saved_models/sentiment") else []
    assert left == [], "nothing half-written stays"


def test_other_data_faults(suite, workdir):
    """Files that are not a plain tsv."""
    write("cut.tsv.gz", gzip.compress(GOOD.encode())[:-20])
    write("broken.jsonl", '{"text": "good", "label": "pos"}\n{"text": \n{"text": "bad", "label": "neg"}\n')
    os.mkdir("empty")
    os.mkdir("split")
    write("split/train.tsv", GOOD)
    write("split/test.tsv", "text\tlabel\nan odd film\tmixed\n")
    for path, expected in (
        ("cut.tsv.gz", ["cut.tsv.gz"]),
        ("broken.jsonl", ["broken.jsonl:2", "JSON"]),
        ("empty", ["empty", "format not recognised"]),
        ("split", ["test.tsv:2", "'mixed'", "nowhere in train"]),
    ):
        done = suite("train", "sentiment", "--data", path)
        assert done.status == 2 and all(word in done.err for word in expected), done.err


def test_data_check_lists_what_is_wrong_and_trains_nothing(suite, workdir):
    write("data.tsv", GOOD + "\tpos\nno label\t\n")
    done = suite("data", "check", "sentiment", "--data", "data.tsv", "--json")
    assert done.status == 2
    assert [problem["name"] for problem in done.json["problems"]] == ["data.tsv:26", "data.tsv:27"]
    assert not os.path.exists("saved_models")


def test_skip_goes_on_without_bad_examples(suite, workdir, tiny):
    write("data.tsv", GOOD + "\tpos\n")
    done = suite(
        "train", "sentiment", "--data", "data.tsv", "--on-bad-example", "skip", *tiny, "--set", "epochs=1", "--json"
    )
    assert done.status == 0, done.err
    assert os.path.isdir(done.json["model_dir"])


def test_a_name_is_never_overwritten(suite, workdir, trained, reviews, tiny):
    def times():
        return {path: path.stat().st_mtime_ns for path in trained.model_dir.rglob("*")}

    before, place = times(), ("--output", trained.model_dir.parents[1], "--name", trained.model_dir.name)
    again = suite("train", "sentiment", "--data", reviews, *tiny, *place)
    assert again.status == 2 and "never overwritten" in again.err
    assert before and times() == before


MODEL = [
    ("no such folder", ("evaluate", "nowhere", "--data", "."), ["nowhere", "no such model folder"]),
    ("not a model", ("predict", ".", "x"), ["not a whole model folder"]),
    ("unknown task", ("train", "poetry", "--data", "."), ["'poetry'", "sentiment"]),
    ("no data", ("train", "sentiment"), ["--data"]),
    ("unknown split", ("evaluate", "MODEL", "--data", ".", "--split", "holdout"), ["--split", "'holdout'"]),
    ("unknown runtime", ("predict", "MODEL", "x", "--runtime", "onnx"), ["'onnx'", "keras"]),
    ("unknown option", ("predict", "MODEL", "x", "--beam", "3"), ["'--beam'", "--explain"]),
    ("no input", ("predict", "MODEL"), ["INPUT"]),
    ("label never learned", ("evaluate", "MODEL", "--data", "other.tsv"), ["other.tsv:2", "'pos'", "negative"]),
    ("unknown command", ("trian",), ["trian"]),
    ("unknown sample format", ("data", "make", "sentiment", "new", "--format", "xml"), ["--format", "'xml'", "tsv"]),
    ("sample over files", ("data", "make", "sentiment", "."), ["new or empty folder"]),
]


@pytest.mark.parametrize(("arguments", "expected"), [row[1:] for row in MODEL], ids=[row[0] for row in MODEL])
def test_a_command_refuses(suite, workdir, trained, arguments, expected):
    write("other.tsv", GOOD)
    done = suite(*(trained.model_dir if word == "MODEL" else word for word in arguments))
    assert done.status == 2, done.err
    assert "Traceback" not in done.err
    assert all(word in done.err for word in expected), done.err


def test_a_full_disk_is_said_before_training(suite, workdir, reviews, tiny, monkeypatch):
    usage = shutil.disk_usage(".")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1_000_000))
    done = suite("train", "sentiment", "--data", reviews, *tiny)
    assert done.status == 2 and "1 MB free" in done.err
    assert os.listdir("saved_models/sentiment") == []
