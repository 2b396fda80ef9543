"""Folders of answers in shards: every input in one, gone on with where they stopped."""

import json
from pathlib import Path

import pyarrow.dataset
import pytest

from suite.cluster.answer_shards import count_errors, encode_rows, open_shards, pack_inputs, unpack_inputs, write_shard
from suite.errors import UserError
from suite.inputs.kind import Input

INPUTS = [Input(f"text {number}", f"text {number}") for number in range(2503)]


def test_shards_hold_every_input_once_and_in_order(tmp_path: Path) -> None:
    plan, missing = open_shards(tmp_path / "answers", INPUTS, {}, 2)
    assert [item for shard in missing for item in INPUTS[plan.slice(shard)]] == INPUTS
    names = [plan.name(shard) for shard in missing]
    assert names == sorted(names) and all(name.endswith(".parquet") for name in names)
    assert open_shards(tmp_path / "few.jsonl", INPUTS[:5], {}, 2)[0].shards == 5, "each actor has something to do"


def test_what_is_there_is_not_asked_for_again_with_other_actors(tmp_path: Path) -> None:
    plan, missing = open_shards(tmp_path / "answers", INPUTS, {"run": 1}, 2)
    write_shard(tmp_path / "answers", plan, missing[1], b"")
    again, left = open_shards(tmp_path / "answers", INPUTS, {"run": 1}, 5)
    assert again == plan and left == [shard for shard in missing if shard != missing[1]]
    assert not list((tmp_path / "answers").glob(".*"))


def test_answers_to_something_else_are_refused(tmp_path: Path) -> None:
    open_shards(tmp_path / "answers", INPUTS, {"run": 1}, 2)
    for inputs, about in ((INPUTS[1:], {"run": 1}), (INPUTS, {"run": 2})):
        with pytest.raises(UserError, match="answers to other inputs"):
            open_shards(tmp_path / "answers", inputs, about, 2)
    (tmp_path / "mine").mkdir()
    for place in (tmp_path / "mine", tmp_path / "none" / "answers"):
        with pytest.raises(UserError, match="expected a folder"):
            open_shards(place, INPUTS, {}, 2)


def test_shards_of_one_folder_have_one_schema(tmp_path: Path) -> None:
    rows = [{"input": "a", "label": "x", "scores": {"x": 0.5}}, {"input": "b", "error": "b: no such file"}]
    (tmp_path / "1.parquet").write_bytes(encode_rows(rows[:1], ".parquet"))
    (tmp_path / "2.parquet").write_bytes(encode_rows(rows[1:], ".parquet"))
    table = pyarrow.dataset.dataset(tmp_path).to_table().to_pydict()
    assert table["input"] == ["a", "b"] and table["error"] == [None, "b: no such file"]
    assert table["scores.x"] == [0.5, None]
    assert [json.loads(line) for line in encode_rows(rows, ".jsonl").splitlines()] == rows


def test_inputs_travel(tmp_path: Path) -> None:
    inputs = [Input("a", "Zürich \ud800"), Input("b", error="b: no such file"), Input("c", tmp_path)]
    assert list(unpack_inputs(pack_inputs(inputs))) == [*inputs[:2], Input("c", str(tmp_path))]


@pytest.mark.parametrize("ending", [".parquet", ".jsonl"])
def test_errors_of_a_shard_are_counted(ending: str, tmp_path: Path) -> None:
    answers = [{"input": "1", "label": "error"}, {"input": "2", "error": "no text"}, {"input": "3", "error": ""}]
    for number, rows in enumerate([answers, answers[:1], []]):
        path = tmp_path / f"part-{number}{ending}"
        path.write_bytes(encode_rows(rows, ending))
        assert count_errors(path) == sum("error" in row for row in rows)
