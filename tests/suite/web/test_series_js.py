"""The page reads tables and counts steps as Python does, run by Node.js."""

import json

import numpy as np
import pytest

from suite.series.frequency import parse_frequency

READ = 'const { readSeries } = await import("./series/table.js"); return readSeries(data);'
STEP = """
const { stepAfter } = await import("./series/table.js");
return data.map(([time, frequency, steps]) => stepAfter(time, frequency, steps));
"""
ROWS = """
const { lastRows } = await import("./inputs/series.js");
const { forecast } = await import("./answers/series.js");
const tensors = lastRows(data.values, data.times, data.input);
const numbers = Float32Array.from(data.numbers);
return { values: Array.from(tensors.values).map((value) => (Number.isNaN(value) ? null : value)), time: Array.from(tensors.time),
         answer: forecast(numbers, { name: "a", times: data.times, values: data.values, columns: ["y"] }, data.answer) };
"""


@pytest.mark.parametrize(
    ("text", "columns", "values"),
    [
        ("ds,y\n2024-01-01,1\n2024-01-02,\n2024-01-03,3.5\n", ["y"], [[1], [None], [3.5]]),
        ("t;a;b\n2024-01;1,5;2\n2024-02;2,5;NA\n", ["a", "b"], [[1.5, 2], [2.5, None]]),
        ("1\n2\n4\n", ["1"], [[1], [2], [4]]),
        ("ds\ty\n2024-01-02 05:00\t2\n2024-01-02 04:00\t1\n", ["y"], [[1], [2]]),
    ],
    ids=["comma", "semicolon", "numbers", "unsorted"],
)
def test_tables_as_people_paste_them(node, text, columns, values):
    (series,) = node(READ, text)
    assert series["columns"] == columns and json.loads(json.dumps(series["values"])) == values


def test_a_long_table_holds_a_series_for_each_id(node):
    north, south = node(READ, "unique_id,ds,y\nn,2024-01-01,1\ns,2024-01-01,5\nn,2024-01-02,2\n")
    assert (north["name"], north["values"], south["name"], south["values"]) == ("n", [[1], [2]], "s", [[5]])


@pytest.mark.parametrize("code", ["15min", "h", "D", "B", "W", "MS", "ME", "QS", "YS"])
def test_steps_ahead_are_those_of_python(node, code):
    last = np.datetime64("2024-01-31" if code == "ME" else "2024-02-01" if code != "QS" else "2024-01-01", "ms")
    cases = [[int(last.astype(np.int64)), code, step] for step in (1, 2, 13)]
    expected = parse_frequency(code).step(last, np.array([1, 2, 13])).astype("datetime64[ms]").astype(np.int64)
    assert node(STEP, cases) == expected.tolist()


def test_the_last_rows_go_to_the_model_and_its_numbers_to_the_steps(node):
    day = 86400000
    data = {
        "values": [[1], [2], [3]],
        "times": [0, day, 2 * day],
        "input": {"rows": 5, "columns": 1, "calendar": True, "time_zone": "UTC"},
        "numbers": [1, 2, 3, 4, 5, 6],
        "answer": {"channels": ["y"], "quantiles": [0.1, 0.5, 0.9], "frequency": "D", "horizon": 2},
    }
    shown = node(ROWS, data)
    assert shown["values"] == [None, None, 1, 2, 3] and shown["time"] == [2 * 1440]
    assert shown["answer"]["times"] == ["1970-01-04", "1970-01-05"]
    assert shown["answer"]["channels"][0] == {
        "channel": "y", "history": [1, 2, 3], "median": [2, 5], "low": [1, 4], "high": [3, 6]
    }  # fmt: skip
