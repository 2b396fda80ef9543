"""Pixels of every mode that Pillow knows as RGB of eight bits."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from suite.errors import UserError

if TYPE_CHECKING:
    from PIL.Image import Image

SIXTEEN_BITS = ("I;16", "I;16L", "I;16B", "I;16N")
TRANSPARENT = ("LA", "PA", "RGBA", "RGBa")
BITS, PHOTOMETRIC, SAMPLE_FORMAT = 258, 262, 339  # tags of TIFF
UNSIGNED, WHITE_IS_ZERO = 1, 0

# Numbers of grey go from 0 to one of these. One that is far below the next lower is more likely to be of another range.
FLOAT_RANGES = ((0.0, 1.1, 1), (16, 280, 255), (4096, 72_000, 65_535))  # smallest and largest maximum, white
DEEP_RANGES = ((0, 255, 255), (256, 65_535, 65_535))


def rgb_pixels(picture: "Image") -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the pixels of a loaded Pillow picture, uint8 (height, width, 3), and remarks, a few words each.

    What is transparent is laid over white. Grey of up to 16 bits is scaled by its bits. Grey of 32 bits goes from 0 to
    255 or 65,535 where nothing is larger, else to all that 32 bits can hold. Grey that is no whole number goes from 0
    to 1, 255 or 65,535.

    Raises:
        UserError: for grey numbers whose range cannot be told, and for a mode that has no colours.
    """
    if picture.mode in (*SIXTEEN_BITS, "I", "F"):
        return _from_grey(picture)
    if picture.mode == "LAB":
        from PIL import ImageCms

        return np.asarray(ImageCms.applyTransform(picture, _lab_to_rgb())), ()
    if picture.mode in TRANSPARENT or "transparency" in picture.info:
        return _over_white(picture)
    try:
        return np.asarray(picture.convert("RGB")), ()
    except ValueError as error:
        raise UserError(f"expected a picture of grey or colours. Received: Pillow's mode {picture.mode}") from error


@lru_cache(maxsize=1)
def _lab_to_rgb() -> Any:
    from PIL import ImageCms

    return ImageCms.buildTransform(ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB")


def _over_white(picture: "Image") -> tuple[np.ndarray, tuple[str, ...]]:
    from PIL import Image

    picture = picture.convert("RGBA")
    opaque = picture.getchannel("A").getextrema()[0] == 255
    picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return np.asarray(picture.convert("RGB")), () if opaque else ("what is transparent is laid over white",)


def _from_grey(picture: "Image") -> tuple[np.ndarray, tuple[str, ...]]:
    values = np.asarray(picture).astype(np.float64)
    remarks: tuple[str, ...] = ()
    tags = getattr(picture, "tag_v2", {})
    if picture.mode in SIXTEEN_BITS:
        white = 2 ** _tag(tags, BITS, 16) - 1
    elif picture.mode == "F":
        white = _white_of_floats(values)
        remarks = (f"grey numbers are taken as 0 (black) to {white:,} (white)",)
    elif not tags:
        white = 65_535  # Netpbm, which is scaled to 16 bits on opening
    else:
        values, white = _whole_numbers(values, _tag(tags, BITS, 32), _tag(tags, SAMPLE_FORMAT, UNSIGNED) == UNSIGNED)
        remarks = (f"grey numbers are taken as 0 (black) to {white:,} (white)",)
    shares = np.clip(np.nan_to_num(values, nan=0.0) / white, 0, 1)
    if _tag(tags, PHOTOMETRIC, 1) == WHITE_IS_ZERO:
        shares = 1 - shares
    return np.repeat(np.rint(shares * 255).astype(np.uint8)[:, :, None], 3, axis=2), remarks


def _tag(tags: Any, number: int, default: int) -> int:
    """Return the whole number that a TIFF tag holds, the first of several."""
    value = tags.get(number, default)
    return int(value[0] if isinstance(value, tuple) else value)


def _white_of_floats(values: np.ndarray) -> int:
    """Return what is white in grey numbers that are not whole; what is not a number is black."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    for smallest, largest, white in FLOAT_RANGES:
        if smallest <= high <= largest and low >= -0.1 * white:
            return white
    raise UserError(f"expected grey from 0 to 1, to 255 or to 65535. Received: numbers from {low:g} to {high:g}")


def _whole_numbers(values: np.ndarray, bits: int, unsigned: bool) -> tuple[np.ndarray, int]:
    """Return the numbers of a TIFF of signed 16 or any 32 bits, and what is white among them."""
    if unsigned:
        values = np.where(values < 0, values + 2.0**32, values)  # Pillow reads them as signed
    low, high = int(values.min()), int(values.max())
    ceiling = 2 ** (bits if unsigned else bits - 1) - 1
    ranges = ((0, ceiling, ceiling),) if bits == 16 else (*DEEP_RANGES, (ceiling // 16, ceiling, ceiling))
    for smallest, largest, white in ranges:
        if low >= 0 and smallest <= high <= largest:
            return values, white
    raise UserError(
        f"expected grey from 0 to 255, to 65535 or to {ceiling}. Received: whole numbers from {low} to {high}"
    )
