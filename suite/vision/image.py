"""A picture file of any kind as RGB pixels, and what is wrong with it in one sentence."""

import io
import warnings
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from suite.errors import UserError
from suite.vision.image_blocks import kind_of, without_metadata
from suite.vision.pixels import rgb_pixels

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_PIXELS = 170_000_000  # Pillow takes anything above 178,956,970 for an attack
ORIENTATION = 0x0112


def read_image(path: Path | str) -> np.ndarray:
    """Return a picture as RGB, uint8 (height, width, 3), the way it is meant to be looked at.

    Turned as its EXIF orientation says. Grey is repeated over the three channels, CMYK and LAB converted, a palette
    looked up, what is transparent laid over white. Grey numbers of more than 8 bits, whole or not, are scaled as
    `rgb_pixels` says. Of an animation, and of a file of several pages, the first picture. Metadata that cannot be read
    (EXIF, XMP, text, a second picture) is left out: only what the pixels are made of can be damaged.

    Raises:
        UserError: if the file is missing, empty, no picture, cut off, of a kind that cannot be read, of numbers whose
            range cannot be told, or of more than `MOST_PIXELS` pixels.
    """
    return inspect_image(path)[0]


def inspect_image(path: Path | str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return a picture as `read_image` does, and what a person should know of how it was read, a few words each.

    Raises:
        UserError: as `read_image`.
    """
    path = Path(path)
    data = _read_bytes(path)
    pillow, fault = _import_pillow(), None
    for attempt in (data, without_metadata(data, keep_exif=True), without_metadata(data, keep_exif=False)):
        if fault is not None and attempt == data:
            continue  # there was no metadata to leave out
        try:
            return _decode(attempt, pillow)
        except UserError as error:
            raise UserError(f"{path}: {error}") from error
        except pillow.DecompressionBombError as error:
            raise UserError(f"{path}: expected at most {MOST_PIXELS:,} pixels. Received: {error}") from error
        except Exception as error:  # a decoder of other people's files raises whatever it likes
            fault = fault or error
    if isinstance(fault, pillow.UnidentifiedImageError):
        raise UserError(f"{path}: expected a picture (jpg, png, ...). Received: {kind_of(data)}") from fault
    reason = str(fault).strip() or type(fault).__name__
    raise UserError(f"{path}: the picture is damaged or cut off: {reason}") from fault


def _decode(data: bytes, pillow: ModuleType) -> tuple[np.ndarray, tuple[str, ...]]:
    picture = pillow.open(io.BytesIO(data))
    width, height = picture.size
    if width * height > MOST_PIXELS:
        raise UserError(f"expected at most {MOST_PIXELS:,} pixels. Received: {width}x{height}")
    if not width * height:
        raise UserError(f"expected a picture of at least one pixel. Received: {width}x{height}")
    if picture.format == "TIFF":
        # It turns the picture and reads every tag, so that a tag nobody needs costs the picture.
        picture.load_end = lambda: None
    picture.load()
    pixels, remarks = rgb_pixels(picture)
    return np.ascontiguousarray(_turned(pixels, _orientation(picture))), (*_frame_remarks(picture), *remarks)


def _orientation(picture: "Image") -> int:
    """Return the EXIF orientation, 1 to 8; 1 where there is none that can be read."""
    for tags_of in (lambda: vars(picture)["tag_v2"], picture.getexif):  # of a TIFF; of any other file
        with suppress(Exception):
            orientation = int(tags_of().get(ORIENTATION, 1))
            return orientation if 1 <= orientation <= 8 else 1
    return 1


def _turned(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Return pixels the way they are looked at: orientations 5 to 8 swap rows and columns, the others mirror."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels[:, ::-1] if orientation in (2, 3, 6, 7) else pixels


def _frame_remarks(picture: "Image") -> tuple[str, ...]:
    """Say that there are more pictures in the file; the second one of a phone's MPO is a by-product of the photo."""
    animated = False
    with suppress(Exception):
        animated = picture.format != "MPO" and getattr(picture, "is_animated", False)
    if not animated:
        return ()
    return ("of several pages the first is read" if picture.format == "TIFF" else "of an animation the first is read",)


@lru_cache(maxsize=1)
def _import_pillow() -> ModuleType:
    """Return `PIL.Image`, which warns on stderr, without a file's name, of tags that do not matter here."""
    from PIL import Image

    warnings.filterwarnings("ignore", module=r"PIL\.")
    return Image


def _read_bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file") from error
    except IsADirectoryError as error:
        raise UserError(f"{path}: expected a picture file. Received: a folder") from error
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if not data:
        raise UserError(f"{path}: the file is empty (zero bytes)")
    return data
