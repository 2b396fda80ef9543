"""Files of columns: what is a column, a comment, a sentence."""

import gzip
from pathlib import Path

import pytest

from suite.data.column_files import is_column_file, read_columns, split_columns


def test_more_comments_than_tokens_leave_tabs_what_parts(tmp_path: Path) -> None:
    path = tmp_path / "a.conllu"
    path.write_text("# a\n# b c\n# d\n1\tNew York\tX\n\n# e\n# f\n1\tis\tY\n\n")
    columns = read_columns(path, "a", "utf-8")
    assert columns.ids and columns.width == 3 and not columns.problems
    assert [block.rows for block in columns.blocks] == [[(4, ["1", "New York", "X"])], [(8, ["1", "is", "Y"])]]


@pytest.mark.parametrize(
    ("line", "tabs", "columns"),
    [
        ("a  b\tc ", False, ["a", "b", "c"]),
        ("a b\t\tc\t", True, ["a b", "", "c"]),
        ("a\u00a0b\u3000 c", False, ["a\u00a0b\u3000", "c"]),
        (" \t ", True, []),
    ],
)
def test_columns_are_parted_by_blanks_and_tabs_alone(line: str, tabs: bool, columns: list[str]) -> None:
    assert split_columns(line, tabs) == columns


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("a O\nb O\n\nc O\n", True),
        ("# a comment of it\na\tO\n\nb\tO\n", True),
        ("a O\nb O\n", False),
        ("One line.\n\nAnother longer line.\n", False),
        ("a\n\nb\n", False),
        ("a O\n\n\0 O\n", False),
    ],
)
def test_what_looks_like_columns(tmp_path: Path, text: str, fits: bool) -> None:
    (tmp_path / "a").write_text(text)
    (tmp_path / "a.gz").write_bytes(gzip.compress(text.encode()))
    assert is_column_file(tmp_path / "a") == is_column_file(tmp_path / "a.gz") == fits


def test_a_long_file_is_told_by_its_begin(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("word O\nword O\n\n" * 10_000)
    (tmp_path / "broken.gz").write_bytes(b"no gzip")
    assert is_column_file(tmp_path / "a") and not is_column_file(tmp_path / "broken.gz")
