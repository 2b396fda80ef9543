import random
from pathlib import Path

import pytest

from suite.data.examples import Example, Examples
from suite.data.folds import folds
from suite.errors import UserError


def data(count, groups=None, part="train", repeat=1):
    items = [
        Example(f"a:{n}", f"text {n // repeat}", "pos", part, groups and f"g{n % groups}", f"text {n // repeat}")
        for n in range(count)
    ]
    return Examples(tuple(items), Path("a"), "tsv", "a test", frozenset({"train", "test"}))


@pytest.mark.parametrize("k", [2, 5, 10])
def test_every_example_is_dev_once_and_test_never_trains(k):
    examples = data(103)
    test = [Example(f"t:{n}", f"test {n}", "pos", "test", None, f"test {n}") for n in range(7)]
    found = folds(examples.with_items([*examples.items, *test]), k, by_group=False)
    assert len(found) == k
    dev = [example.name for fold in found for example in fold.part("dev")]
    assert sorted(dev) == sorted(example.name for example in examples.items)
    for fold in found:
        assert [example.name for example in fold.part("test")] == [example.name for example in test]
        assert fold.sizes["dev"] in (103 // k, 103 // k + 1) and sum(fold.sizes.values()) == 110
        assert fold.fingerprint == found[0].fingerprint


def test_a_given_dev_part_takes_its_turn():
    examples = data(20).with_items([*data(20).items, Example("d", "d", "pos", "dev", None, "d")])
    assert sum("d" in [example.name for example in fold.part("dev")] for fold in folds(examples, 3, False)) == 1


def test_groups_and_identical_texts_are_in_one_fold():
    for fold in folds(data(120, groups=6), 3, by_group=True):
        assert not {e.group for e in fold.part("dev")} & {e.group for e in fold.part("train")}
        assert fold.sizes["dev"] == 40
    for fold in folds(data(120, repeat=4), 3, by_group=False):
        assert not {e.key for e in fold.part("dev")} & {e.key for e in fold.part("train")}


def test_folds_do_not_depend_on_the_order():
    examples = data(60)
    shuffled = random.Random(0).sample(examples.items, 60)
    for one, other in zip(folds(examples, 4, False), folds(examples.with_items(shuffled), 4, False), strict=True):
        assert {e.key for e in one.part("dev")} == {e.key for e in other.part("dev")}


def test_wrong_numbers_and_missing_groups_are_named():
    for k in (0, 1, 6):
        with pytest.raises(
            UserError, match=rf"--folds: expected 2 to 5, the number of different examples. Received: {k}"
        ):
            folds(data(5), k, by_group=False)
    with pytest.raises(UserError, match=r"expected 2 to 3, the number of different groups. Received: 4"):
        folds(data(12, groups=3), 4, by_group=True)
    with pytest.raises(UserError, match=r"--folds by group needs a group for every example"):
        folds(data(5), 2, by_group=True)
