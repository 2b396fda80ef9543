"""What a resumed run must have in common with the one that was begun."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.sentiment.config import Settings
from suite.data.examples import Example, Examples
from suite.errors import UserError
from suite.training.unfinished import Request, keep_assets, kept_assets, open_state

ROWS = [
    ("good", "pos", "train"),
    ("bad", "neg", "train"),
    ("fine", "pos", "dev"),
    ("poor", "neg", "test"),
    ("ok", "pos", "test"),
]


def data(rows=ROWS):
    items = tuple(Example(f"a.csv:{n}", text, label, part, None, text) for n, (text, label, part) in enumerate(rows, 2))
    return Examples(items, Path("a.csv"), "csv", "a test", frozenset({"train", "dev", "test"}))


@pytest.fixture
def request_of(tmp_path):
    """A request, and the state of a run that it begun and that finished an epoch."""
    request = Request("sentiment", Settings(), "mine", tmp_path)
    _, state, _ = open_state(request, data())
    keep_assets(state, {"labels": ["pos", "neg"]})
    (state / "epoch-0000").mkdir()
    return replace(request, resume=True), state


def swapped(first, second):
    parts = {first: second, second: first}
    return data([(text, label, parts.get(part, part)) for text, label, part in ROWS])


def test_the_same_data_is_resumed_with_the_labels_it_was_begun_with(request_of):
    request, state = request_of
    assert open_state(request, data())[1] == state and kept_assets(state) == {"labels": ["pos", "neg"]}
    moved = data().with_items(replace(example, name=f"copy/{example.name}", group="g") for example in data().items)
    assert open_state(request, moved)[1] == state


def test_train_and_test_exchanged_is_refused(request_of):
    request, state = request_of
    with pytest.raises(
        UserError, match=r"mine.unfinished: cannot resume with other parts: .*train, dev, test.*another part"
    ):
        open_state(request, swapped("train", "test"))
    assert (state / "epoch-0000").is_dir()


@pytest.mark.parametrize(
    ("examples", "sentence"),
    [
        (data([ROWS[1], ROWS[0], *ROWS[2:]]), "in another order"),
        (data(ROWS[::-1]), "in another order"),
        (data([*ROWS[:2], ("fine", "pos", "test"), ("poor", "neg", "dev"), ROWS[4]]), "some in another part"),
        (data([("good", "neg", "train"), *ROWS[1:]]), "other data: its fingerprint"),
        (data([("better", "pos", "train"), *ROWS[1:]]), "other data: its fingerprint"),
        (swapped("train", "dev"), "other data: its sizes"),
    ],
)
def test_whatever_else_changed_is_refused_and_named(request_of, examples, sentence):
    with pytest.raises(UserError, match=sentence):
        open_state(request_of[0], examples)


def test_a_run_of_before_that_kept_no_labels_is_refused(request_of):
    request, state = request_of
    begun = json.loads((state / "run.json").read_text())
    (state / "run.json").write_text(json.dumps({key: begun[key] for key in begun if key not in ("parts", "order")}))
    open_state(request, data())
    (state / "assets" / "labels.json").unlink()
    (state / "assets").rmdir()
    with pytest.raises(UserError, match=r"older versions did not keep.*Remove that folder"):
        open_state(request, data())


def test_a_run_begun_anew_forgets_the_labels_of_one_that_finished_no_epoch(request_of):
    request, state = request_of
    (state / "epoch-0000").rmdir()
    open_state(replace(request, resume=False), data())
    assert kept_assets(state) is None
