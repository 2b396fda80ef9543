"""A text file as lines, whatever its encoding, line ends and compression, and what is wrong with it in words."""

import gzip
import re
import zlib
from pathlib import Path

from suite.data.encodings import advise, marked_encoding, unmarked_utf16
from suite.errors import UserError

GZIP_MAGIC = b"\x1f\x8b"
SETTING = "--set encoding="  # how the encoding of data to train on is named
_ESCAPED_BYTE = re.compile("[\udc80-\udcff]")
_CONTROL = re.compile("[\0-\x08\x0e-\x1f]")
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


def read_lines(path: Path, encoding: str | None = "utf-8", option: str | None = SETTING) -> list[str]:
    r"""Return the lines of a text file without their ends; a byte order mark is dropped.

    Lines end at LF, CRLF, or CR where the file has more bare CR than LF; U+0085 and U+2028 are characters like any other.
    An undecodable byte becomes a lone surrogate, and a line may hold a zero byte; `line_faults` finds both, so that one
    bad line spoils no other.

    Args:
        encoding: None for what the file's byte order mark says, else UTF-8.
        option: What a person types before the name of an encoding, for messages; None where nothing takes one.

    Raises:
        UserError: as `read_bytes`; also for an empty file, for binary data and for an unknown encoding.
    """
    data = read_bytes(path)
    marked = marked_encoding(data)
    encoding = encoding or marked or "utf-8"
    if marked and not _family(encoding).startswith(marked.replace("-", "")):
        mark = f"a {marked.upper()} byte order mark stands at its start"
        raise UserError(f"{path}: {mark}; {_remedy(option, marked)}")
    try:
        text = data.decode(encoding, "surrogateescape")
    except LookupError as error:
        raise UserError(f"setting 'encoding': expected a text encoding, as utf-8. Received: {encoding!r}") from error
    except ValueError as error:
        reason = getattr(error, "reason", error)
        raise UserError(f"{path}: not {encoding}: {reason}; {_remedy(option, None)}") from error
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise UserError(f"{path}: the file is empty")
    lines = _split_lines(text)
    if "\0" in text:
        _refuse_binary(path, data, lines, option)
    return lines


def _remedy(option: str | None, encoding: str | None) -> str:
    """Return how a file is read: with an encoding, or where that is not known, with another one than was tried."""
    if option is None:
        return "save it as UTF-8"
    return f"{option}{encoding} reads it" if encoding else f"{option}NAME chooses another"


def _family(encoding: str) -> str:
    return encoding.lower().replace("_", "").replace("-", "")


def _split_lines(text: str) -> list[str]:
    crlf = text.count("\r\n")
    if text.count("\r") - crlf > text.count("\n"):  # CRs end the rows; a LF stands within a quoted field, or at the end
        lines = text.removesuffix("\n").split("\r")
    else:
        lines = [line[:-1] if line.endswith("\r") else line for line in text.split("\n")]
    if not lines[-1]:
        lines.pop()
    return lines


def _refuse_binary(path: Path, data: bytes, lines: list[str], option: str | None) -> None:
    """Raise UserError if a zero byte stands in the first line, or control characters in half of all: then it is no text."""
    if utf16 := unmarked_utf16(data):
        raise UserError(f"{path}: it looks like {utf16} without a byte order mark; {_remedy(option, utf16)}")
    numbers = [number for number, line in enumerate(lines, 1) if "\0" in line]
    if numbers[0] == 1 or 2 * sum(_CONTROL.search(line) is not None for line in lines) >= len(lines):
        received = f"binary data (a zero byte; it starts with {_describe_start(data)})"
        raise UserError(f"{path}:{numbers[0]}: expected text. Received: {received}")


def line_faults(lines: list[str], encoding: str | None = "utf-8", option: str | None = SETTING) -> dict[int, str]:
    """Return what is wrong with lines from `read_lines`, by their number from 1: undecodable bytes and zero bytes.

    Args:
        encoding: That the lines were read with.
        option: What a person types before the name of an encoding, for the advice; None where nothing takes one.
    """
    suspects = [(number, line) for number, line in enumerate(lines, 1) if not line.isascii() or "\0" in line]
    faults = {number: "the line holds a zero byte" for number, line in suspects if "\0" in line}
    escaped = {number: match for number, line in suspects if (match := _ESCAPED_BYTE.search(line))}
    if not escaped:
        return faults
    if encoding is None or _family(encoding) in ("utf8", "utf8sig"):
        advice = " is not UTF-8" + advise(lines, [lines[number - 1] for number in escaped], option)
    else:
        advice = f" is not {encoding}; {_remedy(option, None)}"
    return faults | {number: f"byte {ord(match.group()) - 0xDC00:#04x}{advice}" for number, match in escaped.items()}


def has_surrogate(text: str) -> bool:
    """Return whether text holds a lone surrogate (JSON can spell one), which no encoding can write."""
    return _SURROGATE.search(text) is not None


def _describe_start(data: bytes) -> str:
    return repr(data[:8])[1:]
