"""Whether a webm or mkv ends where one of its elements does: what a browser records announces no length as a whole."""

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from suite.errors import UserError

SEGMENT, CLUSTER = 0x18538067, 0x1F43B675  # the elements that hold the others
MOST_ID_BYTES, MOST_SIZE_BYTES = 4, 8


def check_elements(file: BinaryIO, path: Path | str) -> None:
    """Look at the elements of a file one after another, down to the blocks of sound and picture.

    Raises:
        UserError: where one is cut off or begins with what is no element.
    """
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        for place, end in _elements(content):
            if end is None:
                raise UserError(
                    f"{path}: expected Matroska elements one after another. Received: a damaged file; byte {place:,} begins none"
                )
            if end > len(content):
                raise UserError(
                    f"{path}: expected a whole element at the end. Received: a truncated file; {end - len(content):,} bytes of "
                    "it are missing"
                )


def _elements(content: mmap.mmap) -> Iterator[tuple[int, int | None]]:
    """Yield where each element begins and ends; None for the end of what is no element, or is cut off in its header."""
    place = 0
    while place < len(content):
        name, size_place = _number(content, place, MOST_ID_BYTES, marked=True)
        size, begin = _number(content, size_place, MOST_SIZE_BYTES, marked=False) if name is not None else (None, place)
        if size is None:
            yield place, len(content) + 1 if begin > len(content) else None
            return
        unknown = size == (1 << 7 * (begin - size_place)) - 1
        if name in (SEGMENT, CLUSTER):
            if not unknown:
                yield place, begin + size
            place = begin
            continue
        yield place, None if unknown else begin + size
        place = begin + size


def _number(content: mmap.mmap, place: int, most_bytes: int, marked: bool) -> tuple[int | None, int]:
    """Return a number of variable length, and where what follows it begins; None where there is none.

    Its length is the place of the highest bit that is set in its first byte, which counts only if `marked`.
    """
    if place >= len(content):
        return None, len(content) + 1
    length = 9 - content[place].bit_length()
    if length > most_bytes:
        return None, place
    if place + length > len(content):
        return None, place + length
    number = int.from_bytes(content[place : place + length], "big")
    return number if marked else number & (1 << 7 * length) - 1, place + length
