"""A picture file of any kind as RGB pixels, and what is wrong with it in one sentence."""

import io
import warnings
from pathlib import Path

import numpy as np

from suite.errors import UserError

MOST_PIXELS = 200_000_000
DEEP_MODES = ("I;16", "I;16L", "I;16B", "I;16N", "I", "F")


def read_image(path: Path | str) -> np.ndarray:
    """Return a picture as RGB, uint8 (height, width, 3), the way it is meant to be looked at.

    Turned as its EXIF orientation says. Grey is repeated over the three channels, CMYK converted, a palette looked up,
    16 bits scaled to 8, what is transparent laid over white. Of an animation the first picture.

    Raises:
        UserError: if the file is missing, empty, no picture, cut off, or of more than `MOST_PIXELS` pixels.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    path = Path(path)
    data = _read_bytes(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data))
        width, height = picture.size
        if width * height > MOST_PIXELS:
            raise UserError(f"{path}: expected at most {MOST_PIXELS:,} pixels. Received: {width}x{height}")
        picture = ImageOps.exif_transpose(picture)
        return np.ascontiguousarray(_as_rgb(picture, Image))
    except UnidentifiedImageError as error:
        shown = repr(data[:12])[1:]
        expected = "expected a picture (jpg, png, ...)"
        raise UserError(
            f"{path}: {expected}. Received: another file, whatever its name (it starts with {shown})"
        ) from error
    except Image.DecompressionBombError as error:
        raise UserError(f"{path}: expected at most {MOST_PIXELS:,} pixels. Received: {error}") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise UserError(f"{path}: the picture is damaged or cut off: {error}") from error


def _as_rgb(picture, Image):
    """Return the pixels of a Pillow picture of any mode, uint8 (height, width, 3)."""
    if picture.mode in DEEP_MODES:
        values = np.asarray(picture, np.float64)
        # `I` and `F` hold what the file holds: 16 bits, or 8 where nothing is larger.
        top = 65535 if picture.mode.startswith("I;16") or values.max(initial=0) > 255 else 255
        grey = np.rint(np.clip(values / top, 0, 1) * 255).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if picture.mode in ("LA", "PA", "RGBA", "RGBa", "La") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture)
    return np.asarray(picture.convert("RGB"))


def _read_bytes(path):
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
