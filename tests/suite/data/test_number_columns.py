"""Tables of numbers by column, against Python's own csv reader and float."""

import csv
import gzip

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from suite.data.number_columns import numbers_of, read_number_table
from suite.errors import UserError


def table(tmp_path, text, name="a.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return read_number_table(path, encoding)


def test_numbers_are_those_that_python_reads(tmp_path):
    text = 't,"a b",c\r\n1,"+1.5",2e3\r\n\r\n2, -.5 ,7.\r\n3,,n/a\r\n'
    read = table(tmp_path, text)
    rows = [row for row in csv.reader(text.splitlines()) if row][1:]
    expected = [float(row[1]) if row[1].strip() else np.nan for row in rows]
    np.testing.assert_array_equal(numbers_of(read, "a b")[0], expected)
    np.testing.assert_array_equal(numbers_of(read, "c")[0], [2000, 7, np.nan])
    assert [read.place(row) for row in range(3)] == ["a.csv:2", "a.csv:4", "a.csv:5"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_what_parts_cells_is_told(tmp_path, delimiter):
    read = table(tmp_path, "\n".join(delimiter.join(row) for row in (("a", "b"), ("1", "2"), ("3", "4"))))
    assert list(read.columns) == ["a", "b"] and numbers_of(read, "b")[0].tolist() == [2, 4]


def test_decimal_commas_where_semicolons_part(tmp_path):
    read = table(tmp_path, "sep=;\na;b\n1,5;2\n-0,25;3\n")
    assert read.decimal_comma and numbers_of(read, "a")[0].tolist() == [1.5, -0.25]
    assert not table(tmp_path, "a;b\n1.5;2\n").decimal_comma


def test_texts_and_infinities_are_faults_of_their_lines(tmp_path):
    read = table(tmp_path, "a\n1\noops\ninf\n1e39\n5\n")
    values, problems = numbers_of(read, "a")
    np.testing.assert_array_equal(values, [1, np.nan, np.nan, np.nan, 5])
    assert [problem.name for problem in problems] == ["a.csv:3", "a.csv:4", "a.csv:5"]
    assert "expected a finite number in the column 'a'. Received: 'oops'" in problems[0].message


def test_rows_of_another_width_are_faults_and_empty_cells_at_the_end_none(tmp_path):
    read = table(tmp_path, "a,b\n1,2,\n3\n4,5\n")
    assert numbers_of(read, "b")[0].tolist() == [2, 5] and read.lines.tolist() == [2, 4]
    assert [(problem.name, problem.message) for problem in read.problems] == [
        ("a.csv:3", "expected 2 columns (a, b). Received: 1")
    ]


def test_a_first_line_of_numbers_is_a_row_unless_it_counts(tmp_path):
    assert len(table(tmp_path, "0.5,1.5\n2,3\n").lines) == 2
    assert len(table(tmp_path, "2024-01-01,1.5\n2024-01-02,3\n").lines) == 2
    assert (
        list(table(tmp_path, "0,1,2\n5,6,7\n").columns) == ["0", "1", "2"]
        and len(table(tmp_path, "0,1\n5,6\n").lines) == 1
    )


def test_parquet_gzip_and_other_encodings(tmp_path):
    columns = {"a": [1, 2], "b": pa.array(["x", "y"]).dictionary_encode(), "c": [0.1, None]}
    parquet.write_table(pa.table(columns), tmp_path / "a.parquet")
    read = read_number_table(tmp_path / "a.parquet", "utf-8")
    np.testing.assert_array_equal(numbers_of(read, "c")[0], [0.1, np.nan])
    assert read.texts == {"a": False, "b": True, "c": False} and read.place(1) == "a.parquet:2"
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(b"a\n1\n"))
    assert numbers_of(read_number_table(tmp_path / "b.csv.gz", "utf-8"), "a")[0].tolist() == [1]
    assert list(table(tmp_path, "größe\n1\n", encoding="latin-1").columns) == ["größe"]


@pytest.mark.parametrize(
    ("text", "message"), [("", "empty"), ("a,b\n", "at least one row"), ("a,a\n1,2\n", "one column 'a'")]
)
def test_files_without_rows_or_with_a_column_twice_are_refused(tmp_path, text, message):
    with pytest.raises(UserError, match=message):
        table(tmp_path, text)
