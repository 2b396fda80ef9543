"""Parts are assigned in one place: the same reading under several settings, and what depends on parts checked after it."""

import pytest

from suite.data.reading import read_examples, refuse_problems, with_parts
from suite.errors import UserError
from suite.registry import load_pipeline

RARE = 12


@pytest.fixture
def table(tmp_path):
    """Texts of two labels, and twelve labels that one text each has: some are drawn, and go back to train."""
    rows = [f"text number {n},{'ab'[n % 2]}" for n in range(200)] + [f"odd text {n},rare{n}" for n in range(RARE)]
    (tmp_path / "all.csv").write_text("text,label\n" + "\n".join(rows) + "\n")
    return tmp_path / "all.csv"


def parts(examples):
    return {example.name: example.part for example in examples.items}


def test_a_reader_gives_no_part_that_the_data_does_not_name(table, tmp_path):
    pipeline = load_pipeline("sentiment")
    assert set(parts(pipeline.read(table, pipeline.Settings())).values()) == {None}
    (tmp_path / "named").mkdir()
    table.rename(tmp_path / "named" / "test.csv")
    assert set(parts(pipeline.read(tmp_path / "named", pipeline.Settings())).values()) == {"test"}


def test_one_reading_has_the_parts_of_the_run_again_also_where_labels_went_back_to_train(table):
    pipeline = load_pipeline("sentiment")
    settings = pipeline.Settings(dev_fraction=0.3, test_fraction=0.3)
    run = read_examples(pipeline, table, settings)
    assert any("rare" in note and "train" in note for note in run.notes)
    labels = pipeline.prepare(run.part("train"), settings)["labels"]
    assert len(labels) == 2 + RARE
    undivided = pipeline.read(table, settings)
    elsewhere = with_parts(pipeline, undivided, pipeline.Settings(split_by="time"), {"labels": labels})
    assert parts(elsewhere) != parts(run)
    assert parts(with_parts(pipeline, undivided, settings, {"labels": labels})) == parts(run)


def test_examples_that_cannot_be_used_are_refused_with_the_command_that_lists_them(table):
    pipeline = load_pipeline("sentiment")
    examples = read_examples(pipeline, table, pipeline.Settings(), assets={"labels": ["a", "b"]})
    assert len(examples.problems) == RARE
    with pytest.raises(
        UserError, match=r"all\.csv:202: .*'rare0'.* and 11 more\.\n`suite data check sentiment .*all\.csv`"
    ):
        refuse_problems("sentiment", examples)
