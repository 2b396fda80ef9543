"""The pages of an Ogg file: is every one there and whole, and where does one stream end and the next begin.

Decoders pass over damaged pages without a word, or read others twice in their place, so that the length still fits the
header. A page has a number and a checksum; looking at both takes far less time than decoding.
"""

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from suite.errors import UserError

CAPTURE = b"OggS"
HEADER = struct.Struct("<4sBBqIII")  # capture, version, flags, granule position, stream, page number, checksum
HEADER_BYTES = HEADER.size + 1  # and the number of segments
FIRST_PAGE, LAST_PAGE = 2, 4  # flags
MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
UNCLOSED = "an Ogg stream that is not closed, so that a cut-off end might not show"
TRAILING = "bytes after the end that are no sound, passed over"


@dataclass(frozen=True)
class Link:
    """One of the streams that a file is chained of, or several at the same time: `start` to `end`, in bytes."""

    start: int
    end: int
    streams: int


def find_links(file: BinaryIO, path: Path | str) -> tuple[list[Link], list[str]]:
    """Return the links of an Ogg file in order, and notes on what may be missing.

    Raises:
        UserError: where a page is damaged, missing or cut off, with its place.
    """
    file.seek(0)
    starts: list[int] = []  # of the links
    streams: list[int] = []  # of each link
    pages: dict[int, tuple[int, int]] = {}  # stream -> number and granule position of its last page
    opened: set[int] = set()
    flags, position = FIRST_PAGE, 0
    while header := file.read(HEADER_BYTES):
        if header[:4] != CAPTURE and not opened and not header.startswith(CAPTURE[: len(header)]):
            if CAPTURE in header + file.read():
                raise _damaged(path, position)
            break
        previous_flags = flags
        flags, granule, stream, number, size = _read_page(file, header, position, path)
        if flags & FIRST_PAGE:
            if not starts or not previous_flags & FIRST_PAGE:
                starts.append(position)
                streams.append(0)
                pages, opened = {}, set()
            streams[-1] += 1
            opened.add(stream)
        elif stream not in pages or (number != pages[stream][0] + 1 and pages[stream][1] > 0):
            raise _damaged(path, position)
        if flags & LAST_PAGE:
            opened.discard(stream)
        # A page on which no packet ends has the position -1.
        pages[stream] = (number, granule if granule >= 0 or stream not in pages else pages[stream][1])
        position += size
    ends = [*starts[1:], position]
    notes = [UNCLOSED] if opened else []
    if position < file.seek(0, 2):
        notes.append(TRAILING)
    return [Link(*link) for link in zip(starts, ends, streams, strict=True)], notes


def _read_page(file: BinaryIO, header: bytes, position: int, path: Path | str) -> tuple[int, int, int, int, int]:
    """Return flags, granule position, stream, number and bytes of the page whose header was read."""
    if len(header) < HEADER_BYTES and CAPTURE.startswith(header[:4]):
        raise _cut_off(path, position)
    capture, _, flags, granule, stream, number, checksum = HEADER.unpack_from(header)
    if capture != CAPTURE:
        raise _damaged(path, position)
    segments = file.read(header[-1])
    content = file.read(sum(segments))
    if len(segments) < header[-1] or len(content) < sum(segments):
        raise _cut_off(path, position)
    page = header[:22] + bytes(4) + header[26:] + segments + content
    if _checksum(page) != checksum:
        raise _damaged(path, position)
    return flags, granule, stream, number, len(page)


def _checksum(page: bytes) -> int:
    """Return the CRC of a page: that of zlib with bits in the other order, and zero before and after."""
    mirrored = zlib.crc32(page.translate(MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(MIRRORED), "big")


def _damaged(path: Path | str, position: int) -> UserError:
    return UserError(
        f"{path}: expected whole Ogg pages one after another (audio from b'OggS' on). Received: a damaged file; byte "
        f"{position:,} begins no page that follows the one before"
    )


def _cut_off(path: Path | str, position: int) -> UserError:
    return UserError(
        f"{path}: expected whole Ogg pages (each from b'OggS' on). Received: a truncated file; the page that begins at byte "
        f"{position:,} is cut off"
    )
