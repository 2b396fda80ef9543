from pathlib import Path

import pytest

from suite.data.examples import Example, Examples
from suite.data.labels import check_labels
from suite.errors import UserError


def data(rows, named=frozenset()):
    items = [
        Example(f"{part}.tsv:{n}", text, label, part, *(group or [None]), text)
        for n, (text, label, part, *group) in enumerate(rows, 1)
    ]
    return Examples(tuple(items), Path("reviews"), "tsv", "a test", frozenset(named))


BALANCED = [(f"text {n}", label, "train") for n in range(6) for label in ("pos", "neg")]


def test_a_label_seen_in_a_named_test_alone_is_a_problem_with_label_file_and_line():
    examples = check_labels(data([*BALANCED, ("odd", "meh", "test"), ("fine", "pos", "test")], {"train", "test"}))
    (problem,) = examples.problems
    assert problem.name == "test.tsv:13"
    assert problem.message == "the label 'meh' occurs nowhere in train: this test example cannot be scored"
    assert [example.input for example in examples.part("test")] == ["fine"]


def test_a_label_that_drawing_took_from_train_returns_with_its_content():
    rows = [*BALANCED, ("odd", "meh", "dev"), ("odd", "pos", "dev"), ("fine", "pos", "dev")]
    examples = check_labels(data(rows))
    assert examples.problems == ()
    assert [(example.input, example.target) for example in examples.part("train")[12:]] == [
        ("odd", "meh"),
        ("odd", "pos"),
    ]
    assert "The label 'meh' is so rare that all its examples stay in train." in examples.notes


def test_a_drawn_test_part_is_the_same_when_the_trained_model_is_evaluated():
    examples = data([*BALANCED, ("odd", "meh", "test"), ("fine", "pos", "test")])
    assert check_labels(examples).items == check_labels(examples, ["meh", "neg", "pos"]).items


def test_but_not_out_of_its_group():
    rows = [(text, label, part, f"speaker {part}") for text, label, part in [*BALANCED, ("odd", "meh", "dev")]]
    assert [problem.name for problem in check_labels(data(rows)).problems] == ["dev.tsv:13"]


def test_labels_of_a_trained_model_decide_where_they_are_given():
    rows = [("a", "pos", "test"), ("b", "meh", "test"), ("c", "pos", "test")]
    assert check_labels(data(rows)).problems == ()
    examples = check_labels(data(rows), ["pos", "neg"])
    assert examples.sizes["test"] == 2
    assert "'meh' is none of the model's labels (neg, pos)" in examples.problems[0].message


def test_rare_labels_and_spellings_are_noted():
    notes = check_labels(data([*BALANCED, ("a", "Pos", "train"), ("b", "meh", "train"), ("c", "meh", "train")])).notes
    assert notes == (
        "The label 'Pos' has only 1 example in train.",
        "The label 'meh' has only 2 examples in train.",
        "The labels 'pos' and 'Pos' differ in case alone and count as two.",
    )


def test_one_class_or_as_many_as_examples_is_refused():
    with pytest.raises(UserError, match=r"reviews: expected at least two different labels. Received: 'pos' for all 3"):
        check_labels(data([(f"text {n}", "pos", "train") for n in range(3)]))
    with pytest.raises(UserError, match=r"is it the right column. Received: 30 different ones for 30 examples: 'id 0'"):
        check_labels(data([(f"text {n}", f"id {n}", "train") for n in range(30)]))


def test_whole_groups_return_to_train_with_a_label_that_only_they_hold():
    rows = [(text, label, part, "ann") for text, label, part in BALANCED]
    rows += [("odd", "meh", "dev", "bob"), ("fine", "pos", "dev", "bob"), ("good", "pos", "dev", "cat")]
    examples = check_labels(data(rows))
    assert examples.problems == () and [example.group for example in examples.part("dev")] == ["cat"]
    assert "The label 'meh' was only in groups that were drawn; they stay in train." in examples.notes


def test_a_part_that_would_lose_its_last_group_keeps_it_and_says_what_to_do():
    rows = [(text, label, part, f"speaker {part}") for text, label, part in [*BALANCED, ("odd", "meh", "dev")]]
    (problem,) = check_labels(data(rows)).problems
    assert problem.message == (
        "the label 'meh' occurs nowhere in train: this dev example cannot be scored; it was drawn with its group "
        "'speaker dev', --set split_by=content ignores groups"
    )
