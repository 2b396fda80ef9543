"""The parts of a data set as MLflow knows data sets."""

import json
from dataclasses import replace
from pathlib import Path

from suite.data.examples import Example, Examples
from suite.tracking.data_sets import part_data_sets, to_input

ITEMS = (
    Example("a.tsv:1", "good film", "pos", "train", "anna"),
    Example("a.tsv:2", "bad film", "neg", "train", "ben"),
    Example("a.tsv:3", "a film", "neg", "test"),
)
EXAMPLES = Examples(ITEMS, Path("/data/reviews"), "tsv", "named so")


def test_each_part_with_examples_is_a_data_set_with_counts_and_source():
    train, test = part_data_sets(EXAMPLES)
    assert (train["name"], train["context"], test["context"]) == ("reviews", "train", "test")
    assert json.loads(train["profile"]) == {"num_rows": 2, "format": "tsv", "num_groups": 2}
    assert json.loads(test["profile"]) == {"num_rows": 1, "format": "tsv"}
    assert json.loads(train["source"]) == {"uri": "/data/reviews"} and train["digest"] != test["digest"]


def test_the_digest_is_of_content_and_targets_alone():
    moved = replace(EXAMPLES, items=tuple(reversed(ITEMS)), path=Path("/elsewhere/reviews"))
    assert [row["digest"] for row in part_data_sets(moved)] == [row["digest"] for row in part_data_sets(EXAMPLES)]
    relabeled = EXAMPLES.with_items([replace(ITEMS[0], target="neg"), *ITEMS[1:]])
    assert part_data_sets(relabeled)[0]["digest"] != part_data_sets(EXAMPLES)[0]["digest"]


def test_mlflow_resolves_the_source():
    import mlflow.data

    source = mlflow.data.get_source(to_input(part_data_sets(EXAMPLES)[0]))
    assert source.to_dict() == {"uri": "/data/reviews"}
