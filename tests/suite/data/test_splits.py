import hashlib
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from suite.config import TrainingSettings
from suite.data.examples import Example, Examples
from suite.data.splits import assign_parts
from suite.data.stable_hash import stable_share
from suite.errors import UserError


def data(rows, **more):
    """Examples from (text, label, part, group) rows, shorter ones filled with None."""
    items = []
    for number, row in enumerate(rows, 1):
        text, label, part, group = (*row, None, None, None)[:4]
        items.append(Example(f"data.tsv:{number}", text, label or "pos", part, group, text))
    return Examples(tuple(items), Path("data.tsv"), "tsv", "a test", **more)


def texts(count, **same):
    return [(f"text {number}", *same.values()) for number in range(count)]


def split(rows, **settings):
    return assign_parts(data(rows), TrainingSettings(**settings))


def parts(examples):
    return {example.key: example.part for example in examples.items}


def test_the_hash_is_sha256_of_the_content_everywhere():
    assert stable_share("dev", "été") == int(hashlib.sha256(b"dev\0\xc3\xa9t\xc3\xa9").hexdigest()[:12], 16) / 2**48
    assert [round(stable_share("dev", text), 6) for text in ("a", "b", "\ud800")] == [0.819858, 0.115744, 0.977194]


def test_data_without_parts_gives_about_a_tenth_to_test_and_of_the_rest_to_dev():
    examples = split(texts(10_000))
    sizes = examples.sizes
    assert 900 < sizes["test"] < 1100 and 800 < sizes["dev"] < 1000 and sum(sizes.values()) == 10_000
    assert examples.named_parts == frozenset()


@pytest.mark.parametrize("fraction", [0.05, 0.25, 0.5])
def test_the_share_is_the_fraction(fraction):
    sizes = split(texts(5_000), dev_fraction=fraction, test_fraction=0).sizes
    assert abs(sizes["dev"] / 5_000 - fraction) < 0.02 and sizes["test"] == 0


def test_named_parts_are_never_moved_and_only_dev_is_drawn():
    rows = [(f"a {n}", "pos", "train") for n in range(300)] + [(f"b {n}", "pos", "test") for n in range(20)]
    examples = split(rows)
    assert examples.named_parts == {"train", "test"}
    assert all(part == "test" for key, part in parts(examples).items() if key.startswith("b"))
    assert 0 < examples.sizes["dev"] < 60
    assert split([(f"a {n}", "pos", "train") for n in range(300)]).sizes["test"] == 0


def test_data_with_train_and_dev_is_left_alone():
    examples = split([("a", "pos", "train"), ("b", "neg", "dev"), ("c", "pos", "train")], test_fraction=0.5)
    assert examples.sizes == {"train": 2, "dev": 1, "test": 0}


def test_a_test_part_alone_stays_so():
    assert split([("a", "pos", "test"), ("b", "neg", "test")]).sizes == {"train": 0, "dev": 0, "test": 2}


def test_the_same_content_is_in_the_same_part_whatever_order_path_and_company():
    rows = texts(2_000)
    first = parts(split(rows))
    random.Random(1).shuffle(rows)
    assert parts(split(rows)) == first
    fewer = parts(split(rows[:700]))
    assert fewer == {key: first[key] for key in fewer}
    renamed = data(rows)
    renamed = renamed.with_items(replace(example, name=f"other/{example.name}") for example in renamed.items)
    assert parts(assign_parts(renamed, TrainingSettings(seed=5))) == first


def test_identical_texts_never_straddle_drawn_parts():
    examples = split([(f"text {number % 400}", "pos") for number in range(2_000)])
    by_text = {}
    for example in examples.items:
        by_text.setdefault(example.key, set()).add(example.part)
    assert all(len(found) == 1 for found in by_text.values())


@pytest.mark.parametrize("count", [3, 4, 5, 8])
def test_tiny_data_has_at_least_one_example_of_each_drawn_part(count):
    for start in range(40):
        sizes = split([(f"{start} {number}",) for number in range(count)]).sizes
        assert sizes["train"] >= 1 and sizes["dev"] >= 1 and sizes["test"] >= 1
        assert split([(f"{start} {number}",) for number in range(count)], dev_fraction=0.99).sizes["train"] >= 1


def test_one_content_alone_is_not_cut():
    assert split([("same",)] * 5).sizes == {"train": 5, "dev": 0, "test": 0}


def test_fractions_of_zero_are_the_final_fit():
    assert split(texts(50), dev_fraction=0, test_fraction=0).sizes == {"train": 50, "dev": 0, "test": 0}
    assert split(texts(500), dev_fraction=0).sizes["dev"] == 0


def speakers(count, each, part=None):
    return [
        (f"{speaker} says {number}", "pos", part, f"speaker {speaker}")
        for speaker in range(count)
        for number in range(each)
    ]


@pytest.mark.parametrize("count", [3, 5, 20, 100])
def test_groups_never_straddle_and_the_share_is_near(count):
    examples = split(speakers(count, 10), split_by="group", dev_fraction=0.2, test_fraction=0.2)
    where = {}
    for example in examples.items:
        where.setdefault(example.group, set()).add(example.part)
    assert all(len(found) == 1 for found in where.values())
    groups = Counter(next(iter(found)) for found in where.values())
    assert groups["test"] == max(1, round(0.2 * count))
    assert groups["dev"] == max(1, round(0.2 * (count - groups["test"])))


def test_a_group_far_too_large_is_not_drawn_while_a_small_one_exists():
    rows = [(f"big {n}", "pos", None, "big") for n in range(900)] + [
        (f"small {n}", "pos", None, "small") for n in range(100)
    ]
    assert split(rows, split_by="group", test_fraction=0).sizes == {"train": 900, "dev": 100, "test": 0}


def test_groups_that_share_a_text_are_drawn_together():
    rows = speakers(8, 10)
    for first, second in [(0, 1), (2, 3), (4, 5), (6, 7)]:
        rows += [(f"shared {first}", "pos", None, f"speaker {group}") for group in (first, second)]
    examples = split(rows, split_by="group", dev_fraction=0.25, test_fraction=0.25)
    assert not any("in both" in note for note in examples.notes)
    part = {example.group: example.part for example in examples.items}
    assert all(part[f"speaker {group}"] == part[f"speaker {group + 1}"] for group in (0, 2, 4, 6))
    assert set(part.values()) == {"train", "dev", "test"}


def test_a_text_that_all_groups_share_is_reported_and_ties_nothing():
    rows = speakers(10, 10) + [("ok", "pos", None, f"speaker {group}") for group in range(10)]
    examples = split(rows, split_by="group")
    assert examples.sizes["dev"] == 11
    assert any("occurs in both train and dev" in note for note in examples.notes)


def test_split_by_group_without_groups_names_an_example():
    with pytest.raises(UserError, match=r"split_by: group needs a group for every example.*group_pattern.*data.tsv:1"):
        split(texts(10), split_by="group")
    with pytest.raises(UserError, match=r"at least two groups.*--set test_fraction=0.*Received: speaker 0"):
        split(speakers(1, 10), split_by="group")


def test_named_parts_that_share_a_group_are_noted():
    rows = [("a", "pos", "train", "ann"), ("b", "pos", "dev", "ann"), ("c", "neg", "train", "bob")]
    assert split(rows, split_by="group").notes == ("1 group is in both train and dev, as 'ann'.",)


def test_data_that_is_all_test_needs_no_groups():
    rows = [("a", "pos", "test"), ("b", "neg", "test")]
    assert split(rows, split_by="group", dev_groups=("ann",)).sizes == {"train": 0, "dev": 0, "test": 2}


def test_group_pattern_reads_the_path_then_the_group():
    rows = [(f"text {number}", "pos", None, None) for number in range(6)]
    items = [replace(example, name=f"clips/{n % 3}_take{n % 2}.wav") for n, example in enumerate(data(rows).items)]
    settings = TrainingSettings(group_pattern=r"take(\d)", dev_groups=("1",), test_fraction=0)
    examples = assign_parts(data(rows).with_items(items), settings)
    assert {(example.group, example.part) for example in examples.items} == {("0", "train"), ("1", "dev")}
    rows = [("a", "pos", None, "scene_12_b"), ("b", "pos", None, "scene_13_b")]
    assert {example.group for example in split(rows, group_pattern=r"scene_\d+").items} == {"scene_12", "scene_13"}


def test_group_pattern_that_is_wrong_is_named():
    with pytest.raises(UserError, match=r"'group_pattern': 'take' matches neither the path 'data.tsv:1' nor a group"):
        split(texts(2), group_pattern="take")
    with pytest.raises(UserError, match=r"'group_pattern': not a regular expression: .*Received: '\('"):
        split(texts(2), group_pattern="(")


def test_dev_groups_are_dev_and_no_others():
    examples = split(speakers(4, 5, "train"), dev_groups=("speaker 2",))
    assert {example.group for example in examples.part("dev")} == {"speaker 2"}
    assert examples.sizes == {"train": 15, "dev": 5, "test": 0}


def test_dev_groups_stay_in_train_for_the_final_fit():
    examples = split(speakers(4, 5, "train"), dev_groups=("speaker 2",), dev_fraction=0)
    assert examples.sizes["train"] == 20 and "dev_groups speaker 2 stay in train" in examples.notes[0]


def test_dev_groups_that_are_wrong_are_named():
    with pytest.raises(UserError, match=r"expected groups of train: speaker 0, speaker 1. Received: 'bob'"):
        split(speakers(2, 2, "train"), dev_groups=("bob",))
    with pytest.raises(UserError, match=r"names its own dev part"):
        split([("a", "pos", "dev", "ann"), ("b", "pos", "train", "bob")], dev_groups=("bob",))
    with pytest.raises(UserError, match=r"expected not all groups of train"):
        split(speakers(2, 2, "train"), dev_groups=("speaker 0", "speaker 1"))
    with pytest.raises(UserError, match=r"dev_groups needs a group for every example"):
        split(texts(5), dev_groups=("bob",))


def test_time_takes_the_last_examples():
    found = [example.part for example in split(texts(100), split_by="time").items]
    assert found == ["train"] * 81 + ["dev"] * 9 + ["test"] * 10


def straddling(examples):
    parts = {}
    for example in examples.items:
        parts.setdefault(example.group, set()).add(example.part)
    return [group for group, places in parts.items() if len(places) > 1]


def test_groups_are_kept_whole_by_default():
    examples = split(speakers(600, 5))
    assert straddling(examples) == []
    assert examples.notes == (
        "Split by group (600 groups): 486 in train, 54 in dev, 60 in test; --set split_by=content lets groups straddle parts.",
    )
    assert parts(examples) == parts(split(speakers(600, 5), split_by="group"))


def test_told_otherwise_groups_straddle_and_are_counted():
    examples = split(speakers(600, 5), split_by="content")
    by_part = {part: {example.group for example in examples.part(part)} for part in ("train", "dev", "test")}
    count = len(by_part["train"] & by_part["test"])
    assert count > 90 and any(f"{count} groups are in both train and test" in note for note in examples.notes)
    assert parts(examples) == parts(split([row[:3] for row in speakers(600, 5)]))


def test_groups_of_named_parts_that_straddle_are_counted_by_default():
    rows = [(f"{n}", "pos", "train" if n % 3 else "test", f"g{n % 4}") for n in range(24)]
    examples = split(rows, dev_fraction=0)
    assert examples.notes == ("4 groups are in both train and test, as 'g0'.",)
    assert [example.part for example in examples.items] == [row[2] for row in rows]


def test_a_missing_dev_part_takes_whole_groups_of_train_by_default():
    examples = split([*speakers(20, 5, "train"), *speakers(4, 5, "test")])
    assert examples.sizes == {"train": 90, "dev": 10, "test": 20}
    trained = {example.group for example in examples.part("train")}
    assert not trained & {example.group for example in examples.part("dev")}


@pytest.mark.parametrize(
    ("groups", "settings", "by_group"), [(1, {}, 0), (2, {}, 0), (3, {}, 1), (2, {"test_fraction": 0}, 1)]
)
def test_groups_too_few_for_the_parts_are_cut_with_a_note(groups, settings, by_group):
    examples = split(speakers(groups, 50), **settings)
    assert (straddling(examples) == []) == bool(by_group)
    if not by_group:
        assert examples.notes[0].startswith(f"Split by content: {groups} group")
        assert parts(examples) == parts(split([row[:3] for row in speakers(groups, 50)]))


def test_examples_without_a_group_beside_others_are_groups_of_their_own():
    examples = split([*speakers(20, 5), *((f"text {n}", "pos") for n in range(100))])
    assert [group for group in straddling(examples) if group] == []
    assert {example.part for example in examples.items if example.group is None} == {"train", "dev", "test"}
