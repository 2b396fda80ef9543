import pytest

from suite.data.parts import part_in_column, part_of

NAMES = {
    "train": [
        "train",
        "Train.tsv",
        "TRAIN.csv.gz",
        "train-clean-100",
        "sst2_train.jsonl",
        "train.pos",
        "eng.train",
        "en_ewt-ud-train.conllu",
    ],
    "dev": ["dev", "valid", "Validation.csv", "val.tsv", "dev-other", "rt.val", "eng.testa", "en-ud-tag.v2.dev.txt"],
    "test": ["test", "test.tsv.gz", "Test.jsonl", "imdb-test.csv", "esp.testb", "testb.conll"],
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


@pytest.mark.parametrize(("value", "found"), [("valid", "dev"), ("Train", "train"), ("test", "test")])
def test_a_split_column_names_a_part(value, found):
    assert part_in_column(value) == found


@pytest.mark.parametrize("value", ["holdout", "", None, 3])
def test_a_split_column_that_names_none_says_what_it_says(value):
    assert part_in_column(value).endswith(f"Received: {value!r}") and "'split'" in part_in_column(value)
