"""The blocks that picture files are made of: what the pixels need, and what a file is by its first bytes."""

import struct
from collections.abc import Iterator

PNG = b"\x89PNG\r\n\x1a\n"
PNG_EXIF, WEBP_EXIF = b"eXIf", b"EXIF"
PNG_NEEDED = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
WEBP_METADATA = (b"XMP ", b"ICCP", WEBP_EXIF)
START_OF_SCAN = 0xDA
JPEG_NEEDED = (0xE0, 0xEE)  # of the APPn blocks: JFIF, and Adobe's, which says how CMYK is written
JPEG_METADATA = (*range(0xE1, 0xF0), 0xFE)

# What people take for a picture, by the bytes at a place: (place, bytes, name).
KINDS = (
    (4, b"ftyphei", "a HEIC picture, as phones take them: convert it to jpg"),
    (4, b"ftyphev", "a HEIC picture, as phones take them: convert it to jpg"),
    (4, b"ftypmif1", "a HEIF picture, as phones take them: convert it to jpg"),
    (4, b"ftypmsf1", "a HEIF picture, as phones take them: convert it to jpg"),
    (4, b"ftypavi", "an AVIF picture that cannot be decoded: convert it to jpg"),
    (4, b"ftypcrx", "a raw picture of a camera (CR3): convert it to jpg"),
    (4, b"ftyp", "a video"),
    (0, b"\x00\x00\x00\x0cJXL ", "a JPEG XL picture: convert it to jpg"),
    (0, b"\xff\x0a", "a JPEG XL picture: convert it to jpg"),
    (0, b"II*\x00", "a TIFF picture of a kind that cannot be decoded, or cut off: save it with 8 bits a channel"),
    (0, b"MM\x00*", "a TIFF picture of a kind that cannot be decoded, or cut off: save it with 8 bits a channel"),
    (0, b"II+\x00", "a TIFF picture of a kind that cannot be decoded, or cut off: save it with 8 bits a channel"),
    (0, b"\xff\xd8", "a JPEG picture whose beginning is damaged or cut off"),
    (0, PNG, "a PNG picture whose beginning is damaged or cut off"),
    (0, b"%PDF", "a PDF"),
    (0, b"<svg", "an SVG drawing: convert it to png"),
)


def kind_of(data: bytes) -> str:
    """Return in words what a file is that cannot be opened as a picture."""
    for place, magic, name in KINDS:
        if data.startswith(magic, place):
            return name
    if b"<svg" in data[:1000]:
        return "an SVG drawing: convert it to png"
    return f"another file, whatever its name (it starts with {repr(data[:12])[1:]})"


def without_metadata(data: bytes, keep_exif: bool) -> bytes:
    """Return a JPEG, PNG or WebP file without the blocks that its pixels do not need; any other file as it is.

    Args:
        data: The file, whole or cut off.
        keep_exif: Keep the EXIF block, which says how the picture is turned.
    """
    if data.startswith(b"\xff\xd8"):
        return b"\xff\xd8" + b"".join(_jpeg_blocks(data, keep_exif))
    if data.startswith(PNG):
        needed = (*PNG_NEEDED, PNG_EXIF) if keep_exif else PNG_NEEDED
        return PNG + b"".join(block for name, block in _chunks(data, len(PNG), ">I4x") if name in needed)
    if data.startswith(b"RIFF") and data.startswith(b"WEBP", 8):
        metadata = [name for name in WEBP_METADATA if not (keep_exif and name == WEBP_EXIF)]
        blocks = b"".join(block for name, block in _chunks(data, 12, "<4xI") if name not in metadata)
        return b"RIFF" + struct.pack("<I", 4 + len(blocks)) + b"WEBP" + blocks
    return data


def _jpeg_blocks(data: bytes, keep_exif: bool) -> Iterator[bytes]:
    """Yield the blocks of a JPEG file before its pixels that are needed, then all the rest."""
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF and data[place + 1] != START_OF_SCAN:
        marker, end = data[place + 1], place + 2 + struct.unpack_from(">H", data, place + 2)[0]
        exif = keep_exif and data.startswith(b"Exif\0", place + 4)
        if marker not in JPEG_METADATA or marker in JPEG_NEEDED or exif:
            yield data[place:end]
        place = end
    yield data[place:]


def _chunks(data: bytes, place: int, header: str) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and bytes of the chunks of a PNG (a checksum follows each) or WebP file (padded to even lengths)."""
    png = header.startswith(">")
    while place + 8 <= len(data):
        (length,) = struct.unpack_from(header, data, place)
        end = place + 8 + length + (4 if png else length % 2)
        yield data[place + 4 : place + 8] if png else data[place : place + 4], data[place:end]
        place = end
