"""`TF_CONFIG`: what is read from it, and what is refused."""

import json

import pytest

from suite.errors import UserError
from suite.training.workers.cluster import Place, config_of, read_place

ADDRESSES = ("a:1", "b:2", "c:3")


@pytest.mark.parametrize("index", range(3))
def test_what_is_written_is_read(index: int) -> None:
    assert read_place({"TF_CONFIG": config_of(ADDRESSES, index)}) == Place(index, ADDRESSES)


def test_a_chief_is_the_worker_before_the_others() -> None:
    cluster = {"chief": ["a:1"], "worker": ["b:2", "c:3"]}
    tasks = [{"type": "chief", "index": 0}, {"type": "worker", "index": 0}, {"type": "worker", "index": 1}]
    places = [read_place({"TF_CONFIG": json.dumps({"cluster": cluster, "task": task})}) for task in tasks]
    assert places == [Place(index, ADDRESSES) for index in range(3)]


@pytest.mark.parametrize("text", ["", "  ", "{}", config_of(["a:1"], 0)])
def test_nobody_else_means_training_alone(text: str) -> None:
    assert read_place({"TF_CONFIG": text}) is None
    assert read_place({}) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "JSON"),
        ("[1]", "JSON"),
        (config_of(ADDRESSES, 3), "below 3"),
        (json.dumps({"cluster": {"ps": ["a:1"], "worker": ["b:1"]}, "task": {"type": "worker"}}), "ps"),
        (json.dumps({"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "evaluator"}}), "evaluator"),
    ],
)
def test_something_else_is_refused(text: str, reason: str) -> None:
    with pytest.raises(UserError, match=rf"TF_CONFIG.*{reason}"):
        read_place({"TF_CONFIG": text})
