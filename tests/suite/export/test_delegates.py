"""Which delegates list every op of a file, and what report and model card say of it."""

import datetime

import pytest
from ai_edge_litert import schema_py_generated as schema

from suite.export.card import TITLE, card_with_exports
from suite.export.delegates import delegate_note, full_delegates, op_lists, unlisted_ops
from suite.export.inspect import inspect_file
from suite.recurrent import LSTM, MinGRU
from tests.suite.recurrent.files import convert


def test_the_lists_hold_names_of_the_schema():
    names = {name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    lists = op_lists()["delegates"]
    assert set(lists) == {"XNNPACK", "ML Drift GPU", "Core ML", "Qualcomm", "MediaTek"}
    for name, listed in lists.items():
        assert set(listed["ops"]) <= names, name
        assert len(set(listed["ops"])) == len(listed["ops"]) > 20
        assert {"ADD", "MUL", "FULLY_CONNECTED", "LOGISTIC", "CONCATENATION"} <= set(listed["ops"])
        assert not {"WHILE", "CUSTOM", "UNIDIRECTIONAL_SEQUENCE_LSTM"} & set(listed["ops"])
    assert isinstance(op_lists()["date"], datetime.date)


@pytest.mark.parametrize(
    ("layer", "on_none", "on_lists"),
    [
        (MinGRU(8, return_sequences=True), {"SLICE", "SUB"}, {"XNNPACK", "ML Drift GPU", "Qualcomm", "MediaTek"}),
        (LSTM(8, return_sequences=True), {"WHILE"}, set()),
    ],
    ids=["scan", "loop"],
)
def test_a_scan_is_on_the_lists_and_a_loop_on_none(layer, on_none, on_lists, tmp_path):
    layer.build((None, None, 4))
    convert(layer, (20, 4), tmp_path)
    unlisted = unlisted_ops(inspect_file(tmp_path / "file.tflite").ops)
    assert set(full_delegates(unlisted)) == on_lists
    assert on_none <= set(unlisted["Core ML"])
    expected = (
        "Every op is on the op list of XNNPACK, ML Drift GPU" if on_lists else "No delegate's op list holds every op"
    )
    assert delegate_note(unlisted).startswith(expected)


def test_the_card_has_the_files_once():
    entry = {"file": "compiled.tflite", "bytes": 2048, "ops": {"ADD": 3}, "latency_ms": {"1": 0.5}}
    reports = [{"files": [entry | {"unlisted_ops": {"XNNPACK": [], "Qualcomm": gone}}]} for gone in ([], ["ADD"])]
    first = card_with_exports("# A model\n\nWords.\n", reports[0])
    again = card_with_exports(first, reports[1])
    assert first.startswith("# A model\n\nWords.\n") and first.count(TITLE) == again.count(TITLE) == 1
    assert "| `tflite/compiled.tflite` | 2 | 3 | 0.50 | XNNPACK, Qualcomm |" in first
    assert "| 0.50 | XNNPACK |" in again
    assert "not looked at" in card_with_exports("", {"files": [entry]})  # exported by an earlier version
