import gzip
import os

import pytest

from suite.data.text_files import has_surrogate, line_faults, read_bytes, read_lines
from suite.errors import UserError


def write(path, data):
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"a\nb\n", ["a", "b"]),
        (b"a\nb", ["a", "b"]),
        (b"a\r\nb\r\n", ["a", "b"]),
        (b"a\rb\r", ["a", "b"]),
        (b"a\n\nb\n", ["a", "", "b"]),
        (b"\xef\xbb\xbfa\n", ["a"]),
        ("one\u0085still one\u2028and on\x0cand on\n".encode(), ["one\u0085still one\u2028and on\x0cand on"]),
    ],
    ids=["lf", "no end", "crlf", "cr", "blank line", "byte order mark", "other separators are characters"],
)
def test_lines_of_every_kind_of_file(tmp_path, data, lines):
    assert read_lines(write(tmp_path / "a.txt", data)) == lines
    assert read_lines(write(tmp_path / "a.txt.gz", gzip.compress(data))) == lines
    assert read_lines(write(tmp_path / "packed_without_saying.txt", gzip.compress(data))) == lines


def test_an_undecodable_line_is_found_and_spoils_no_other(tmp_path):
    path = write(tmp_path / "a.txt", b"good\ncaf\xe9\n\xc3\xa9t\xc3\xa9\n")
    lines = read_lines(path)
    assert [line_faults([line]).get(1) for line in lines] == [
        None,
        "byte 0xe9 is not UTF-8; --set encoding=latin-1 reads it",
        None,
    ]
    assert lines[2] == "été"
    assert read_lines(path, "latin-1")[1] == "café"


def test_other_encodings_are_read(tmp_path):
    assert read_lines(write(tmp_path / "a.txt", "été\nsûr\n".encode("utf-16")), "utf-16") == ["été", "sûr"]
    assert read_lines(write(tmp_path / "b.txt", "привет\n".encode("cp1251")), "cp1251") == ["привет"]


def test_half_a_surrogate_pair_is_no_text():
    assert has_surrogate("\ud83d") and not has_surrogate("\U0001f600")


BAD_FILES = {
    "empty": (b"", "utf-8", "the file is empty"),
    "blank": (b"\xef\xbb\xbf \r\n\n", "utf-8", "the file is empty"),
    "zero bytes": (b"text\n\x89PNG\0\0", "utf-8", ":2: expected text. Received: binary data"),
    "utf-16": ("text\tlabel\n".encode("utf-16"), "utf-8", "--set encoding=utf-16 reads it"),
    "odd utf-16": (b"\xff\xfea\0b", "utf-16", "not utf-16: truncated data"),
    "unknown encoding": (
        b"a\n",
        "utf-ate",
        "setting 'encoding': expected a text encoding, as utf-8. Received: 'utf-ate'",
    ),
    "no text encoding": (b"a\n", "base64", "setting 'encoding': expected a text encoding"),
}


@pytest.mark.parametrize(("data", "encoding", "message"), BAD_FILES.values(), ids=BAD_FILES)
def test_bad_files_are_named(tmp_path, data, encoding, message):
    path = write(tmp_path / "bad.tsv", data)
    with pytest.raises(UserError) as error:
        read_lines(path, encoding)
    assert message in str(error.value)
    assert str(path) in str(error.value) or "encoding" in message
    assert len(str(error.value).splitlines()) <= 2


BAD_GZIP = {
    "not gzip": (b"text\tlabel\n", "expected gzip data, as the name says. Received: 'text\\tlab'"),
    "empty": (b"", "expected gzip data"),
    "cut off": (gzip.compress(b"text\tlabel\n" * 50)[:-12], "the gzip data is cut off"),
    "damaged": (gzip.compress(b"text\tlabel\n" * 50)[:10] + b"\xff" * 40, "the gzip data is damaged"),
    "wrong checksum": (gzip.compress(b"text")[:-8] + b"\0" * 8, "the gzip data is damaged"),
}


@pytest.mark.parametrize(("data", "message"), BAD_GZIP.values(), ids=BAD_GZIP)
def test_bad_gzip_is_named(tmp_path, data, message):
    path = write(tmp_path / "train.tsv.gz", data)
    with pytest.raises(UserError, match=r"train.tsv.gz: ") as error:
        read_bytes(path)
    assert message in str(error.value)


def test_paths_that_are_no_files_are_named(tmp_path):
    with pytest.raises(UserError, match=r"missing.tsv: no such file"):
        read_bytes(tmp_path / "missing.tsv")
    with pytest.raises(UserError, match=r"expected a file. Received: a folder"):
        read_bytes(tmp_path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may read every file")
def test_a_file_without_permission_is_named(tmp_path):
    path = write(tmp_path / "secret.tsv", b"text")
    path.chmod(0)
    with pytest.raises(UserError, match=r"secret.tsv: cannot be read: Permission denied"):
        read_bytes(path)


def test_a_refused_read_is_named(tmp_path, monkeypatch):
    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.read_bytes", refuse)
    with pytest.raises(UserError, match=r"secret.tsv: cannot be read: Permission denied"):
        read_bytes(tmp_path / "secret.tsv")
