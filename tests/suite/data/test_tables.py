import csv
import gzip
import io
import json
import random

import pytest

from suite.data.tables import read_table, table_format
from suite.errors import UserError


def write(path, data):
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def values(table, *columns):
    return [tuple(row.values[column] for column in columns) for row in table.rows]


def places(table):
    return [int(row.name.rpartition(":")[2]) for row in table.rows]


def test_kind_by_ending():
    assert [table_format(name) for name in ("a.csv", "A.TSV", "a.jsonl.gz", "a.txt", "csv", "a.gz")] == [
        "csv",
        "tsv",
        "jsonl",
        None,
        None,
        None,
    ]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"], ids=["", "byte order mark"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gz"])
def test_every_kind_reads_the_same_rows(tmp_path, line_end, start, pack):
    rows = [("a good one, really", "pos"), ("été 😀", "neg")]
    files = {
        "csv": ["text,label", '"a good one, really",pos', "été 😀,neg"],
        "tsv": ["text\tlabel", "a good one, really\tpos", "été 😀\tneg"],
        "jsonl": [json.dumps({"text": text, "label": label}) for text, label in rows],
    }
    for kind, lines in files.items():
        path = write(tmp_path / f"a.{kind}", pack(start + (line_end.join(lines) + line_end).encode()))
        table = read_table(path)
        assert values(table, "text", "label") == rows
        assert table.problems == []
        assert places(table) == ([1, 2] if kind == "jsonl" else [2, 3])


def test_csv_equals_the_csv_module_and_its_lines_are_right(tmp_path):
    """Random cells with quotes, commas and line ends: the same cells, and each row's line is where it starts."""
    generator = random.Random(0)
    alphabet = ["a", "b", ",", '"', "\n", "\t", " ", "é", "\u2028"]
    rows = [
        ["".join(generator.choices(alphabet, k=generator.randint(1, 12))) + "x" for _ in range(3)] for _ in range(300)
    ]
    buffer, starts = io.StringIO(newline=""), []
    writer = csv.writer(buffer, lineterminator="\n")
    for row in [["one", "two", "three"], *rows]:
        starts.append(buffer.getvalue().count("\n") + 1)
        writer.writerow(row)
    table = read_table(write(tmp_path / "a.csv", buffer.getvalue()))
    assert values(table, "one", "two", "three") == [tuple(row) for row in rows]
    assert places(table) == starts[1:]
    assert table.problems == []


def test_a_quotation_mark_in_a_tsv_is_a_character(tmp_path):
    lines = ["text\tlabel", '"Unclosed at the start\tneg', 'in the "middle\tpos', '"All of it"\tneg', 'end"\tpos']
    table = read_table(write(tmp_path / "a.tsv", "\n".join(lines)))
    assert values(table, "text", "label") == [tuple(line.split("\t")) for line in lines[1:]]


def test_a_stray_quotation_mark_in_a_csv_is_a_problem_at_its_line_and_swallows_no_row(tmp_path):
    path = write(tmp_path / "a.csv", 'text,label\nfine,1\n"He said "no",0\nafter it,1\n"and, quoted",0\n')
    table = read_table(path)
    assert values(table, "text") == [("fine",), ("after it",), ("and, quoted",)]
    (problem,) = table.problems
    assert problem.name == "a.csv:3" and "quotation mark" in problem.message


def test_a_csv_quote_that_never_closes_names_the_row_it_opens_in(tmp_path):
    path = write(tmp_path / "a.csv", 'text,label\nfine,1\n"open,0\n' + "lost,1\n" * 100)
    with pytest.raises(UserError, match=r"a\.csv:3: a quotation mark opened in this row is never closed"):
        read_table(path)


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl"])
def test_very_long_fields_are_read_and_the_csv_limit_is_put_back(tmp_path, kind):
    text, before = "word " * 200_000, csv.field_size_limit()
    separator = {"csv": ",", "tsv": "\t"}.get(kind)
    data = f"text{separator}label\n{text}{separator}1\n" if separator else json.dumps({"text": text, "label": 1})
    assert values(read_table(write(tmp_path / f"a.{kind}", data)), "text") == [(text,)]
    assert csv.field_size_limit() == before


def test_bad_rows_are_named_and_the_rest_is_read(tmp_path):
    table = read_table(write(tmp_path / "a.tsv", b"text\tlabel\none\t1\ntwo\ncaf\xe9\t1\nthree\t1\textra\n\nfour\t0\n"))
    assert values(table, "text") == [("one",), ("four",)]
    assert places(table) == [2, 7]
    assert [(problem.name, problem.message) for problem in table.problems] == [
        ("a.tsv:3", "expected 2 columns (text, label). Received: 1"),
        ("a.tsv:4", "byte 0xe9 is not UTF-8; --set encoding=latin-1 reads it"),
        ("a.tsv:5", "expected 2 columns (text, label). Received: 3"),
    ]


def test_an_undecodable_byte_in_a_quoted_field_is_named_by_its_own_line(tmp_path):
    table = read_table(write(tmp_path / "a.csv", b'text,label\n"first\nsecond caf\xe9\nthird",1\nfine,0\n'))
    assert [problem.name for problem in table.problems] == ["a.csv:3"]
    assert [row.name for row in table.rows] == ["a.csv:5"]


def test_bad_json_is_named_and_the_rest_is_read(tmp_path):
    lines = ['{"text": "a", "label": 1}', '{"text": "b"', "[1, 2]", "", '"text"', b"caf\xe9", "[" * 100_000, '{"x": 2}']
    data = b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines)
    table = read_table(write(tmp_path / "a.jsonl", data))
    assert [row.values for row in table.rows] == [{"text": "a", "label": 1}, {"x": 2}]
    assert table.columns == ("text", "label", "x")
    assert [problem.name for problem in table.problems] == [f"a.jsonl:{line}" for line in (2, 3, 5, 6, 7)]
    assert "not valid JSON" in table.problems[0].message and "object" in table.problems[1].message
    assert "0xe9" in table.problems[3].message


HEADERS = {
    "number labels": ("great\t1\nawful\t0\n", True),
    "labels that come again": ("great\tpos\nawful\tneg\nfine\tpos\n", True),
    "a header": ("text\tlabel\ngreat\tpos\nawful\tneg\n", False),
    "a header with other names": ("review\tsentiment\ngreat\tpos\nawful\tneg\n", False),
    "a header in capitals": ("TEXT\tLABEL\ngreat\t1\n", False),
    "three columns": ("1\tgreat\t1\n2\tawful\t0\n", False),
    "label first": ("1\tgreat\n0\tawful\n", False),
}


@pytest.mark.parametrize(("data", "headerless"), HEADERS.values(), ids=HEADERS)
def test_a_missing_header_is_recognised(tmp_path, data, headerless):
    table = read_table(write(tmp_path / "a.tsv", data), headerless=("text", "label"))
    assert table.headerless == headerless
    assert len(table.rows) == data.count("\n") - (not headerless)
    if headerless:
        assert table.rows[0].values["text"] == "great" and table.rows[0].name == "a.tsv:1"


def test_columns_are_found_by_name(tmp_path):
    table = read_table(write(tmp_path / "a.tsv", "Label\trating\tid\tText\n1\t9\tx\tgreat\n"))
    assert (table.column("text"), table.column("label"), table.find_column("split")) == ("Text", "Label", None)
    with pytest.raises(UserError) as error:
        table.column("review", "text_column")
    for part in ("a.tsv", "'review'", "'Label', 'rating', 'id', 'Text'", "--set text_column=NAME"):
        assert part in str(error.value)


def test_a_column_twice_is_a_fault_only_where_it_is_wanted(tmp_path):
    table = read_table(write(tmp_path / "a.tsv", "text\tid\tid\ngreat\t1\t2\n"))
    assert table.column("text") == "text"
    with pytest.raises(UserError, match=r"a\.tsv: expected one column 'id'. Received: 2"):
        table.column("id")


BAD_TABLES = {
    "undecodable header": ("a.csv", b"text,caf\xe9\nx,1\n", "a.csv:1: byte 0xe9 is not UTF-8"),
    "commas alone": ("a.csv", b",,,\n,,\n", "a.csv: the file is empty"),
    "one JSON array": (
        "a.jsonl",
        b'[{"text": "a"}]',
        "a.jsonl:1: expected one JSON object per line. Received: a JSON array",
    ),
    "quote in header": ("a.csv", b'"te"xt,label\nx,1\n', "a.csv:1: not a csv row"),
}


@pytest.mark.parametrize(("name", "data", "message"), BAD_TABLES.values(), ids=BAD_TABLES)
def test_bad_tables_are_named(tmp_path, name, data, message):
    with pytest.raises(UserError) as error:
        read_table(write(tmp_path / name, data))
    assert message in str(error.value)


def test_the_rest_of_a_row_that_a_stray_quotation_mark_tears_is_no_row(tmp_path):
    path = write(tmp_path / "a.csv", 'text,label\nfine,1\n"He said "no"\nand left",0\nafter it,1\n')
    table = read_table(path)
    assert values(table, "text") == [("fine",), ("after it",)]
    (problem,) = table.problems
    assert problem.name == "a.csv:3" and problem.message.endswith("the row reaches to line 4")


def test_a_zero_byte_is_a_fault_of_its_own_row(tmp_path):
    table = read_table(write(tmp_path / "a.csv", b"text,label\nfine,1\nbe\0fore,0\nafter it,1\n"))
    assert values(table, "text") == [("fine",), ("after it",)]
    assert [(problem.name, problem.message) for problem in table.problems] == [
        ("a.csv:3", "the line holds a zero byte")
    ]


def test_a_csv_without_header_is_read_as_a_tsv_without_one(tmp_path):
    for name, mark in (("a.csv", ","), ("a.tsv", "\t")):
        data = "".join(f"a film {number}{mark}{label}\n" for number, label in enumerate(["pos", "neg", "pos"]))
        table = read_table(write(tmp_path / name, data), headerless=("text", "label"))
        assert table.headerless and values(table, "label") == [("pos",), ("neg",), ("pos",)]
