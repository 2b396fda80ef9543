"""How many bytes of samples the header of wav, rf64, w64, aiff, caf and au announces; libsndfile reads a shorter file silently."""

import struct
from collections.abc import Iterator
from typing import BinaryIO

# What writes to a pipe does not know the size and announces the largest, or one near it.
UNKNOWN_BYTES, UNKNOWN_LONG_BYTES = 0x7FFFF000, 1 << 62
# First bytes: where the chunks begin, the header of one (name, bytes), and what their length is rounded up to.
W64_CHUNK = "<16sQ"  # its names have 16 bytes, and its lengths count the header
LAYOUTS = {
    b"RIFF": (12, "<4sI", 2),
    b"RIFX": (12, ">4sI", 2),
    b"RF64": (12, "<4sI", 2),
    b"BW64": (12, "<4sI", 2),
    b"FORM": (12, ">4sI", 2),
    b"caff": (8, ">4sq", 1),
    b"riff": (40, W64_CHUNK, 8),
}
SAMPLE_CHUNKS = (b"data", b"SSND")
AU_STARTS = {b".snd": ">II", b"dns.": "<II"}


def check_length(file: BinaryIO, start: bytes, size: int) -> tuple[int, bool]:
    """Return how many bytes of samples a file announces beyond its end, and whether it announces none but holds some.

    The latter is true of a wav from a pipe whose length was never filled in: `0`. Files of other kinds give `(0, False)`.

    Args:
        file: Open for reading.
        start: Its first bytes, as many as are at hand; at least 12 where the file has them.
        size: Bytes of the file.
    """
    if (numbers := AU_STARTS.get(start[:4])) is not None and len(start) >= 12:
        begin, length = struct.unpack_from(numbers, start, 4)
        return 0 if length >= UNKNOWN_BYTES else max(0, begin + length - size), False
    if (layout := LAYOUTS.get(start[:4])) is None:
        return 0, False
    long_length = None  # of rf64, which keeps it in a chunk of its own
    for name, begin, length in _chunks(file, start, layout[0], layout):
        if name == b"ds64":
            file.seek(begin + 8)
            long_length = int.from_bytes(file.read(8), "little")
        elif name in SAMPLE_CHUNKS:
            if long_length is not None and length == 0xFFFFFFFF:
                length = long_length
            wide = long_length is not None or layout[1][-1] in "qQ"
            if length < 0 or length >= (UNKNOWN_LONG_BYTES if wide else UNKNOWN_BYTES):
                return 0, False
            if length == 0 and start[:4] == b"RIFF":
                return 0, begin < size and not _chunks_fill(file, start, begin, layout, size)
            return max(0, begin + length - size), False
    return 0, False


def _chunks_fill(file: BinaryIO, start: bytes, begin: int, layout: tuple[int, str, int], size: int) -> bool:
    """Return whether whole chunks follow from `begin` on to the end of the file, so that there are no samples."""
    end = begin
    for name, chunk_begin, length in _chunks(file, start, begin, layout):
        if not name.isascii():
            return False
        end = chunk_begin + length
    return end in (size, size - 1, size + 1)


def _chunks(file: BinaryIO, start: bytes, place: int, layout: tuple[int, str, int]) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, first byte and bytes of each chunk from `place` on."""
    _, numbers, multiple = layout
    bytes_of_header = struct.calcsize(numbers)
    counted = bytes_of_header if numbers == W64_CHUNK else 0
    while True:
        header = start[place : place + bytes_of_header]
        if len(header) < bytes_of_header:  # beyond the first bytes
            file.seek(place)
            header = file.read(bytes_of_header)
        if len(header) < bytes_of_header:
            return
        name, length = struct.unpack(numbers, header)
        yield name[:4], place + bytes_of_header, length - counted
        place += bytes_of_header + max(0, -(-(length - counted) // multiple) * multiple)
