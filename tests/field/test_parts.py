"""The kind: what was learned from and what is measured on must not mix, in whatever form people's data comes.

Groups (speakers, cameras, sources) are named by columns, folders and file names; the same content comes under other names,
in other formats and in other parts. The oracle is plain set arithmetic over the groups, contents and parts.
"""

import json

import numpy as np
import pytest
import soundfile
from PIL import Image

from suite.data.folds import folds
from suite.data.groups import splits_by_group
from suite.data.reading import read_examples
from suite.data.trained_on import count_trained_on, input_digests
from suite.errors import UserError
from suite.registry import load_pipeline

SPEAKERS = 24


def write_sound(path, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.random.default_rng(seed).normal(0, 0.1, 4000), 8000)


def commonvoice(root):
    rows = ["client_id\tpath\tsentence"]
    for number in range(2 * SPEAKERS):
        write_sound(root / "clips" / f"{number}.wav", number)
        rows.append(f"id{number % SPEAKERS}\t{number}.wav\tone two")
    (root / "validated.tsv").write_text("\n".join(rows) + "\n")
    return "speech"


def digits(root):
    for number in range(2 * SPEAKERS):
        write_sound(root / f"{number % 10}_speaker{number % SPEAKERS}_{number}.wav", number)
    return "speech"


def librispeech(root):
    for number in range(2 * SPEAKERS):
        name = f"{number % SPEAKERS + 100}-1-{number:04d}"
        chapter = root / name.split("-")[0] / "1"
        write_sound(chapter / f"{name}.flac", number)
        with (chapter / f"{name.rpartition('-')[0]}.trans.txt").open("a") as file:
            file.write(f"{name} ONE TWO\n")
    return "speech"


def sources_in_folders(root):
    for source in range(SPEAKERS):
        (root / f"site {source}").mkdir(parents=True)
        rows = [json.dumps({"text": f"text {n} of {source}", "label": "ab"[n % 2]}) for n in range(8)]
        (root / f"site {source}" / "posts.jsonl").write_text("\n".join(rows) + "\n")
    return "sentiment"


def pictures(root):
    root.mkdir(parents=True, exist_ok=True)
    rows = []
    for number in range(2 * SPEAKERS):
        Image.new("RGB", (8, 8), (number, 0, 0)).save(root / f"{number}.png")
        rows.append({"image": f"{number}.png", "captions": ["a dot"], "group": f"camera {number % SPEAKERS}"})
    (root / "pictures.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    return "captioning"


WRITERS = (commonvoice, digits, librispeech, sources_in_folders, pictures)


def read(write, root, **settings):
    pipeline = load_pipeline(write(root))
    return read_examples(pipeline, root, pipeline.Settings(**settings))


def groups_of(examples, part):
    return {example.group for example in examples.part(part)}


@pytest.mark.parametrize("write", WRITERS)
def test_no_group_straddles_parts_or_folds_and_a_note_says_so(write, tmp_path):
    examples = read(write, tmp_path / "data")
    train, dev, test = (groups_of(examples, part) for part in ("train", "dev", "test"))
    assert not (train & dev or train & test or dev & test) and train and dev and test
    assert len(train | dev | test) == SPEAKERS
    counts = f"Split by group ({SPEAKERS} groups): {len(train)} in train, {len(dev)} in dev, {len(test)} in test;"
    assert any(note.startswith(counts) for note in examples.notes)
    pool = [example for example in examples.items if example.part != "test"]
    for fold in folds(examples, 4, splits_by_group(pool, "given")):
        assert not groups_of(fold, "train") & groups_of(fold, "dev")


@pytest.mark.parametrize("write", WRITERS)
def test_told_to_ignore_groups_the_straddling_ones_are_counted(write, tmp_path):
    examples = read(write, tmp_path / "data", split_by="content")
    both = groups_of(examples, "train") & groups_of(examples, "test")
    assert both and any(note.startswith(f"{len(both)} group") and "train and test" in note for note in examples.notes)


@pytest.mark.parametrize(("pattern", "count"), [(r"speaker(\d)", 10), (r"^\d", 10), (r"_(\d)\d*\.wav", 10)])
def test_groups_in_file_names_are_kept_whole_too(pattern, count, tmp_path):
    examples = read(digits, tmp_path / "data", group_pattern=pattern)
    assert len({example.group for example in examples.items}) <= count
    assert not groups_of(examples, "train") & (groups_of(examples, "dev") | groups_of(examples, "test"))


def test_more_folds_than_groups_are_refused_with_the_remedy(tmp_path):
    examples = read(sources_in_folders, tmp_path / "data", dev_fraction=0, test_fraction=0)
    with pytest.raises(UserError, match=rf"expected 2 to {SPEAKERS}, the number of different groups.*split_by=content"):
        folds(examples, SPEAKERS + 1, splits_by_group(examples.items, "given"))
    assert len(folds(examples, SPEAKERS + 1, splits_by_group(examples.items, "content"))) == SPEAKERS + 1


def texts(path, rows, columns=("text", "label")):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".jsonl":
        path.write_text("\n".join(json.dumps(dict(zip(columns, row, strict=True))) for row in rows) + "\n")
    else:
        mark = "\t" if path.suffix == ".tsv" else ","
        path.write_text("\n".join(mark.join(row) for row in [columns, *rows]) + "\n")
    pipeline = load_pipeline("sentiment")
    return read_examples(pipeline, path, pipeline.Settings())


ROWS = [(f"text number {n}", "ab"[n % 2]) for n in range(40)]


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl"])
def test_inputs_trained_on_are_known_in_another_format_order_and_label(ending, tmp_path):
    trained = texts(tmp_path / "old.csv", ROWS).part("train")
    digests = input_digests(trained)
    assert digests.dtype == np.uint64 and len(digests) == len(trained)
    relabelled = [(text, "cd"[n % 2]) for n, (text, _) in enumerate(reversed(ROWS))]
    grown = texts(tmp_path / f"new.{ending}", [*relabelled, ("quite new", "c"), ("also new", "d")])
    known = {example.input for example in trained}
    assert (
        count_trained_on(grown.items, digests) == sum(example.input in known for example in grown.items) == len(known)
    )
    assert count_trained_on([example for example in grown.items if "new" in example.input], digests) == 0


@pytest.mark.parametrize("write", [commonvoice, digits, pictures])
def test_files_trained_on_are_known_under_another_name(write, tmp_path):
    trained = read(write, tmp_path / "data")
    digests = input_digests(trained.part("train"))
    moved = read(write, tmp_path / "copy" / "elsewhere", split_by="content")
    assert count_trained_on(moved.items, digests) == trained.sizes["train"]
    assert count_trained_on(trained.part("test"), digests) == 0


def test_a_thousand_digests_take_eight_kilobytes_and_none_know_nothing():
    examples = texts_of(1000)
    assert input_digests([*examples, *examples]).nbytes == 8 * 1000
    assert count_trained_on(examples, input_digests([])) == 0


def texts_of(count):
    from suite.data.examples import Example

    return [Example(str(n), f"text {n}", "a", "train", None, f"text {n}") for n in range(count)]


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (lambda rows: rows, (True, True, True)),
        (lambda rows: sorted(rows, reverse=True), (True, True, False)),
        (lambda rows: [(text, label, {"train": "test", "test": "train"}[part]) for text, label, part in rows], (True, False, False)),
        (lambda rows: [(text, label, "train") for text, label, part in rows], (True, False, False)),
        (lambda rows: [(text + "!", label, part) for text, label, part in rows], (False, False, False)),
        (lambda rows: [*rows, rows[0]], (False, False, False)),
        (lambda rows: [(text, "ba"["ab".index(label)], part) for text, label, part in rows], (False, False, False)),
    ],
)  # fmt: skip
def test_what_changed_in_a_split_column_an_order_or_a_cell_is_told_apart(change, same, tmp_path):
    rows = [(text, label, "test" if n % 5 == 0 else "train") for n, (text, label) in enumerate(ROWS)]
    before = texts(tmp_path / "a.csv", rows, ("text", "label", "split"))
    after = texts(tmp_path / "b" / "renamed.jsonl", change(rows), ("text", "label", "split"))
    names = ("fingerprint", "parts_fingerprint", "order_fingerprint")
    assert tuple(getattr(before, name) == getattr(after, name) for name in names) == same
