"""A text file as lines, whatever its encoding, line ends and compression, and what is wrong with it in words."""

import gzip
import re
import zlib
from pathlib import Path

from suite.errors import UserError

GZIP_MAGIC = b"\x1f\x8b"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_ESCAPED_BYTE = re.compile("[\udc80-\udcff]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a file, decompressed where it is gzip.

    Raises:
        UserError: if the path is missing, a folder or unreadable, or the gzip data is broken.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file") from error
    except IsADirectoryError as error:
        raise UserError(f"{path}: expected a file. Received: a folder") from error
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if data[:2] != GZIP_MAGIC and path.suffix.lower() != ".gz":
        return data
    if data[:2] != GZIP_MAGIC:
        raise UserError(f"{path}: expected gzip data, as the name says. Received: {_describe_start(data)}")
    try:
        return gzip.decompress(data)
    except EOFError as error:
        raise UserError(f"{path}: the gzip data is cut off; the file is incomplete") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise UserError(f"{path}: the gzip data is damaged: {error}") from error


def read_lines(path: Path, encoding: str = "utf-8") -> list[str]:
    r"""Return the lines of a text file without their ends; a byte order mark is dropped.

    Lines end at LF, CRLF, or CR where the file has no LF; U+0085 and U+2028 are characters like any other.
    An undecodable byte becomes a lone surrogate, which `undecodable` finds, so that one bad line spoils no other.

    Raises:
        UserError: as `read_bytes`; also for an empty file, for binary data and for an unknown encoding.
    """
    data = read_bytes(path)
    if data[:2] in UTF16_MARKS and not encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32")):
        raise UserError(f"{path}: a UTF-16 byte order mark stands at its start; --set encoding=utf-16 reads it")
    try:
        text = data.decode(encoding, "surrogateescape")
    except LookupError as error:
        raise UserError(f"setting 'encoding': expected a text encoding, as utf-8. Received: {encoding!r}") from error
    except ValueError as error:
        reason = getattr(error, "reason", error)
        raise UserError(f"{path}: not {encoding}: {reason}; --set encoding=NAME chooses another") from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        start = _describe_start(data)
        raise UserError(f"{path}:{line}: expected text. Received: binary data (a zero byte; it starts with {start})")
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise UserError(f"{path}: the file is empty")
    if "\n" not in text:
        text = text.replace("\r", "\n")
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return [line[:-1] if line.endswith("\r") else line for line in lines]


def undecodable(text: str, encoding: str = "utf-8") -> str | None:
    """Return what is wrong with text from `read_lines` that holds an undecodable byte, else None."""
    found = _ESCAPED_BYTE.search(text)
    if not found:
        return None
    name = "UTF-8" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
    return f"byte {ord(found.group()) - 0xDC00:#04x} is not {name}; --set encoding=latin-1 reads it"


def has_surrogate(text: str) -> bool:
    """Return whether text holds a lone surrogate (JSON can spell one), which no encoding can write."""
    return _SURROGATE.search(text) is not None


def _describe_start(data):
    return repr(data[:8])[1:]
