import pytest

from suite.data.formats import choose_format
from suite.data.sources import find_class_files, find_class_folders, find_tables
from suite.errors import UserError


def make(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x\n")
    return root


def placed(found, *attributes):
    return [tuple(getattr(source, attribute) for attribute in ("name", *attributes)) for source in found.sources]


def test_tables_of_a_folder_by_part(tmp_path):
    found = find_tables(
        make(tmp_path, "train.tsv", "valid.tsv.gz", "test.tsv", "words.tsv", "README.md", ".train.tsv"), "tsv"
    )
    assert placed(found, "part") == [("test.tsv", "test"), ("train.tsv", "train"), ("valid.tsv.gz", "dev")]
    assert found.notes == [f"words.tsv in {tmp_path.name}: not read, since the name is no part (train, dev, test)."]
    assert "train.tsv" in found.reason


def test_one_file_alone(tmp_path):
    make(tmp_path, "train.tsv", "reviews.tsv")
    assert placed(find_tables(tmp_path / "reviews.tsv", "tsv"), "part") == [("reviews.tsv", None)]
    assert placed(find_tables(tmp_path / "train.tsv", "tsv"), "part") == [("train.tsv", "train")]
    assert find_tables(tmp_path / "reviews.tsv", "csv") is None
    assert find_tables(tmp_path / "reviews.tsv", "csv", forced=True)


def test_folders_of_tables_are_groups_or_parts(tmp_path):
    make(tmp_path, "g/one/train.tsv", "g/one/dev.tsv", "g/two/train.tsv", "p/train/a.tsv", "p/test/a.tsv", "s/x/a.tsv")
    found = find_tables(tmp_path / "g", "tsv")
    assert placed(found, "part", "group") == [
        ("one/dev.tsv", "dev", "one"),
        ("one/train.tsv", "train", "one"),
        ("two/train.tsv", "train", "two"),
    ]
    assert found.notes == ["The folder 'two' has no dev part, which other folders have."]
    found = find_tables(tmp_path / "p", "tsv")
    assert placed(found, "part", "group") == [("test/a.tsv", "test", None), ("train/a.tsv", "train", None)]
    assert placed(find_tables(tmp_path / "s", "tsv"), "group") == [("x/a.tsv", None)]


def test_ambiguous_tables_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"Received: a.tsv, b.tsv; name one of them"):
        find_tables(make(tmp_path / "one", "a.tsv", "b.tsv"), "tsv")
    with pytest.raises(UserError, match=r"train.tsv and train.tsv.gz are the same part twice"):
        find_tables(make(tmp_path / "two", "train.tsv", "train.tsv.gz"), "tsv")


def test_class_folders(tmp_path):
    make(
        tmp_path,
        "train/pos/1.txt",
        "train/neg/2.txt",
        "train/unsup/3.txt",
        "train/urls.txt",
        "test/pos/4.txt",
        "more/a/5.txt",
    )
    found = find_class_folders(tmp_path, (".txt",), ("unsup",))
    assert placed(found, "part", "label") == [
        ("test/pos/4.txt", "test", "pos"),
        ("train/neg/2.txt", "train", "neg"),
        ("train/pos/1.txt", "train", "pos"),
    ]
    assert any("unsup" in note for note in found.notes) and any(
        note.startswith("more: not read") for note in found.notes
    )
    found = find_class_folders(tmp_path / "train", (".txt",), ("unsup",))
    assert placed(found, "part", "label") == [("neg/2.txt", None, "neg"), ("pos/1.txt", None, "pos")]


def test_an_empty_class_folder_is_named(tmp_path):
    make(tmp_path, "pos/1.txt", "neg/1.doc")
    with pytest.raises(UserError, match=r"neg: expected .txt files in the folder of a class. Received: none"):
        find_class_folders(tmp_path, (".txt",))


def test_class_files(tmp_path):
    make(tmp_path, "rt.pos", "rt.neg", "rt.txt", "alone.pos", "README.md")
    assert placed(find_class_files(tmp_path, ("pos", "neg")), "label") == [("rt.neg", "neg"), ("rt.pos", "pos")]
    make(tmp_path / "x", "train.joy", "train.anger", "valid.joy", "valid.anger", "README.md")
    assert find_class_files(tmp_path / "x", ("pos", "neg")) is None
    found = find_class_files(tmp_path / "x", ("pos", "neg"), forced=True)
    assert placed(found, "part", "label")[:2] == [("train.anger", "train", "anger"), ("train.joy", "train", "joy")]
    make(tmp_path / "y", "train/rt.pos", "train/rt.neg", "test/rt.pos", "test/rt.neg")
    assert placed(find_class_files(tmp_path / "y", ("pos", "neg")), "part")[0] == ("test/rt.neg", "test")


FINDERS = {
    "tsv": lambda root, forced: find_tables(root, "tsv", forced),
    "folders": lambda root, forced: find_class_folders(root, (".txt",)),
}
WANTED = {"tsv": "a .tsv file", "folders": "a folder per class"}


def test_the_format_is_chosen_with_a_reason(tmp_path):
    make(tmp_path, "train.tsv")
    assert choose_format(tmp_path, FINDERS, WANTED)[1].reason == "the file train.tsv"
    assert choose_format(tmp_path, FINDERS, WANTED, "tsv")[1].reason == "--format tsv: the file train.tsv"


def test_a_fault_under_one_format_does_not_hide_another(tmp_path):
    make(tmp_path, "one/train.tsv", "two/train.tsv", "one/README.txt")
    assert choose_format(tmp_path, FINDERS, WANTED)[0] == "tsv"


def test_what_is_no_format_says_what_was_looked_for(tmp_path):
    with pytest.raises(UserError) as error:
        choose_format(make(tmp_path, "notes.md"), FINDERS, WANTED)
    for part in (str(tmp_path), "notes.md", "a .tsv file; a folder per class", "tsv, folders"):
        assert part in str(error.value)
    with pytest.raises(UserError, match=r"Received: an empty folder"):
        (tmp_path / "empty").mkdir()
        choose_format(tmp_path / "empty", FINDERS, WANTED)
    with pytest.raises(UserError, match=r"more than one format fits: tsv .*; folders"):
        choose_format(make(tmp_path / "both", "a.tsv", "pos/1.txt"), FINDERS, WANTED)
    with pytest.raises(UserError, match=r"--format: expected one of tsv, folders. Received: 'xml'"):
        choose_format(tmp_path, FINDERS, WANTED, "xml")
    with pytest.raises(UserError, match=r"expected a folder per class, for --format folders. Received: notes.md"):
        choose_format(make(tmp_path / "plain", "notes.md"), FINDERS, WANTED, "folders")
    with pytest.raises(UserError, match=r"nowhere: no such file or folder"):
        choose_format(tmp_path / "nowhere", FINDERS, WANTED)
