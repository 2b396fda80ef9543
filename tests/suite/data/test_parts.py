import pytest

from suite.data.parts import part_of

NAMES = {
    "train": ["train", "Train.tsv", "TRAIN.csv.gz", "train-clean-100", "sst2_train.jsonl", "train.pos"],
    "dev": ["dev", "valid", "Validation.csv", "val.tsv", "dev-other", "rt.val"],
    "test": ["test", "test.tsv.gz", "Test.jsonl", "imdb-test.csv"],
    None: [
        "training_notes.txt",
        "trailing",
        "data.csv",
        "contest.csv",
        "devil",
        "value.tsv",
        "",
        "train_test.csv",
        "a.b",
    ],
}


@pytest.mark.parametrize(("part", "name"), [(part, name) for part, names in NAMES.items() for name in names])
def test_part_of(part, name):
    assert part_of(name) == part
