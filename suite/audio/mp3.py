"""What the header of an mp3 announces, and whether its last frame is whole: FFmpeg says neither."""

import re
from dataclasses import dataclass
from typing import BinaryIO

# kbit/s of layer III by the 4 bits of the header: MPEG 1; MPEG 2 and 2.5.
BIT_RATES = (
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0),
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0),
)
SAMPLE_RATES = (44100, 48000, 32000, 0)  # of MPEG 1; half of it in MPEG 2, a quarter in MPEG 2.5
SYNC = re.compile(rb"\xff[\xe0-\xff]")
SEARCHED_BYTES = 1 << 17  # for the first frame, after any tag
ID3_HEADER_BYTES = 10


@dataclass(frozen=True)
class Frame:
    """The header of a frame of MPEG layer III.

    Attributes:
        size: Bytes of the whole frame.
        samples: Of each channel.
        side_bytes: Between the header and what follows it: the place of the Info header.
    """

    size: int
    samples: int
    side_bytes: int


def parse_frame(header: bytes) -> Frame | None:
    """Return what the first four bytes of a frame say; None where they begin no frame of layer III."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return None
    version = header[1] >> 3 & 3  # 3: MPEG 1, 2: MPEG 2, 0: MPEG 2.5
    bit_rate = BIT_RATES[version != 3][header[2] >> 4]
    sample_rate = SAMPLE_RATES[header[2] >> 2 & 3] >> {3: 0, 2: 1}.get(version, 2)
    if version == 1 or not bit_rate or not sample_rate:
        return None
    samples = 1152 if version == 3 else 576
    mono = header[3] >> 6 == 3
    side_bytes = (17 if mono else 32) if version == 3 else (9 if mono else 17)
    return Frame(samples // 8 * bit_rate * 1000 // sample_rate + (header[2] >> 1 & 1), samples, side_bytes)


def _tag_bytes(file: BinaryIO) -> int:
    """Return the bytes of the ID3 tags at the start of a file; 0 where there are none."""
    end = 0
    while True:
        file.seek(end)
        tag = file.read(ID3_HEADER_BYTES)
        if tag[:3] != b"ID3" or len(tag) < ID3_HEADER_BYTES:
            return end
        end += ID3_HEADER_BYTES + sum(byte << 7 * place for place, byte in enumerate(reversed(tag[6:10])))


def read_header(file: BinaryIO) -> tuple[int | None, int]:
    """Return the samples of each channel that an mp3 announces, and the bytes that are no sound before its first frame.

    The samples stand in the Info (or Xing) header, delay and padding of the encoder off; None where there is no such
    header or it does not say, as in what was written to a pipe. A tag is not counted among the bytes.
    """
    file.seek(_tag_bytes(file))
    content = file.read(SEARCHED_BYTES)
    starts = (match.start() for match in SYNC.finditer(content))
    place = next((start for start in starts if _begins_frame(content, start)), None)
    frame = None if place is None else parse_frame(content[place : place + 4])
    if place is None or frame is None:
        return None, 0
    info = content[place + 4 + frame.side_bytes : place + frame.size]
    if info[:4] not in (b"Info", b"Xing") or len(info) < 12 or not info[7] & 1:
        return None, place
    flags, frames = info[7], int.from_bytes(info[8:12], "big")
    # Frames, bytes, a table of 100 places and the quality; then the encoder's name, and after 21 bytes its delays.
    extra = 8 + 4 * (flags & 1) + 4 * (flags >> 1 & 1) + 100 * (flags >> 2 & 1) + 4 * (flags >> 3 & 1)
    delays = int.from_bytes(info[extra + 21 : extra + 24], "big") if info[extra : extra + 4].strip(b"\0") else 0
    return (max(0, frames * frame.samples - (delays >> 12) - (delays & 0xFFF)) if frames else None), place


def _begins_frame(content: bytes, place: int) -> bool:
    """Return whether a frame begins here: one header, and another where it ends."""
    if (frame := parse_frame(content[place : place + 4])) is None:
        return False
    following = content[place + frame.size : place + frame.size + 4]
    return len(following) < 4 or parse_frame(following) is not None
