"""What another machine may send in place of a path: base64 of a file, nested lists of numbers."""

import base64
import json

import numpy as np
import pytest

from suite.errors import UserError
from suite.inputs.sent import file_in_text
from suite.registry import PIPELINES, load_pipeline
from suite.tracking.pyfunc import raw_inputs

SENT = {task: load_pipeline(task).INPUT.sent for task in PIPELINES if load_pipeline(task).INPUT.sent is not None}
CONTENT = bytes(range(256)) * 2
TEXT = base64.b64encode(CONTENT).decode()


@pytest.mark.parametrize(
    "text",
    [TEXT, f"data:audio/wav;base64,{TEXT}", "\n".join(TEXT[start : start + 76] for start in range(0, len(TEXT), 76))],
    ids=["bare", "uri", "lines"],
)
def test_a_file_as_base64_is_its_bytes(text):
    assert file_in_text(text) == CONTENT
    assert raw_inputs([text], "audio", "path", SENT["speech"]) == [CONTENT]
    assert raw_inputs({"audio": text}, "audio", "path", SENT["speech"]) == [CONTENT]
    assert raw_inputs([{"audio": text, "id": 3}], "audio", "path", SENT["speech"]) == [CONTENT]
    assert raw_inputs([{"b64": text}], "audio", "path", SENT["speech"]) == [CONTENT]


def test_paths_stay_paths(tmp_path):
    long = tmp_path / ("a" * 80)
    long.write_bytes(b"")
    for path in ("a.wav", "clips/1", "YWJj", str(long), f"{'folder/' * 20}a.wav"):
        assert file_in_text(path) is None


@pytest.mark.parametrize(
    "text", [TEXT[:-1], TEXT.replace("A", "!"), f"data:audio/wav;base64,{TEXT[:7]}", "data:;base64,€"]
)
def test_bad_base64_is_refused_in_one_sentence(text):
    with pytest.raises(
        UserError, match=r"^input 2 of 2: expected the path of a file, or a file as base64 \(.+\)\. Received: "
    ):
        raw_inputs(["a.wav", text], "audio", "path", SENT["speech"])


def test_what_is_typed_is_never_a_file():
    assert raw_inputs([TEXT], "text", "text") == [TEXT]


SHAPES = {1: (40,), 3: (6, 5, 3), 4: (4, 6, 5, 3)}


@pytest.mark.parametrize("task", SENT)
def test_nested_lists_are_the_arrays_that_predict_takes(task):
    sent, column = SENT[task], "column"
    array = np.random.default_rng(0).integers(0, 256, SHAPES[sent.axes])
    lists = json.loads(json.dumps(array.tolist()))
    for given in (lists, [lists], {column: lists}, {column: [lists]}, [{column: lists}]):
        (received,) = raw_inputs(given, column, "path", sent)
        assert received.dtype == {"forecasting": np.float32}.get(task, np.int16 if sent.axes == 1 else np.uint8)
        assert np.array_equal(received, array)
    assert len(raw_inputs([lists, "a.file", lists], column, "path", sent)) == 3
    with pytest.raises(UserError, match=r"^input 2 of 2: expected lists of one length beside one another"):
        raw_inputs(["a.file", [lists[:1], [lists] * 3]], column, "path", sent)
    with pytest.raises(UserError, match=r"^input 1 of 1: expected numbers in lists. Received: "):
        raw_inputs([{column: [1, "a"]}], column, "path", sent)


def test_samples_from_minus_one_to_one_stay_so():
    (samples,) = raw_inputs([0.5, -0.25, 0], "audio", "path", SENT["speech"])
    assert samples.dtype == np.float32 and samples.tolist() == [0.5, -0.25, 0]
    two = raw_inputs([[0.5, 0.25, 0.125], [0.5]], "audio", "path", SENT["speech"])
    assert [array.tolist() for array in two] == [[0.5, 0.25, 0.125], [0.5]]
