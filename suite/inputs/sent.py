"""Inputs as they come from another machine: a file as base64, samples or pixels as nested lists of numbers."""

import base64
import binascii
import io
import os
import re
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from suite.errors import UserError

SHORTEST_FILE = 60  # characters of base64; what is shorter is a path
DATA_URI = re.compile(r"data:[^,]*;base64,", re.IGNORECASE)
SHOWN = 24  # characters of what is wrong


@dataclass(frozen=True)
class Sent:
    """What may be sent in place of the path of a file.

    Attributes:
        axes: Of one input as nested lists: 1 of samples, 3 of a picture.
        to_array: Makes what `predict` takes of an array of JSON's numbers, int64 or float64.
        example: `example(settings)` returns the bytes of a small file that the model can answer.
    """

    axes: int
    to_array: Callable[[np.ndarray], np.ndarray]
    example: Callable[[Any], bytes]


def file_in_text(text: str) -> bytes | None:
    """Return the file that a text is in base64, bare or as a `data:` URI; None where the text is a path.

    An existing path is a path, and so is what is short or has a dot.

    Raises:
        UserError: for what is no path and no base64 either.
    """
    uri = DATA_URI.match(text)
    if uri is None and (len(text) < SHORTEST_FILE or "." in text or _exists(text)):
        return None
    try:
        return base64.b64decode("".join(text[uri.end() if uri else 0 :].split()), validate=True)
    except (binascii.Error, ValueError) as error:
        reason = str(error).partition(":")[0].lower()
        raise UserError(
            f"expected the path of a file, or a file as base64 ({reason}). Received: {text[:SHOWN]!r} and "
            f"{len(text) - SHOWN:,} characters more"
        ) from error


def _exists(text: str) -> bool:
    try:
        return os.path.exists(text)
    except (OSError, ValueError):
        return False


def depth(value: Any) -> int:
    """Return how many lists deep the first number of nested lists lies; 0 for what is no list."""
    levels = 0
    while isinstance(value, list | tuple) and len(value):
        value, levels = value[0], levels + 1
    return levels if isinstance(value, int | float) and not isinstance(value, bool) else 0


def numbers(value: Any, sent: Sent) -> np.ndarray:
    """Return nested lists of numbers as the array that `predict` takes.

    Raises:
        UserError: for lists of different lengths beside one another, or anything but numbers in them.
    """
    try:
        array = np.asarray(value)
    except ValueError:
        raise UserError("expected lists of one length beside one another. Received: lists of several lengths") from None
    if array.dtype.kind not in "iuf":
        raise UserError(f"expected numbers in lists. Received: {array.dtype} {str(value)[:SHOWN]}")
    return sent.to_array(array)


def samples_of(array: np.ndarray) -> np.ndarray:
    """Return samples: whole numbers as int16 where they fit, else as they are, which the reader refuses."""
    limits = np.iinfo(np.int16)
    if array.dtype.kind == "f":
        return array.astype(np.float32)
    return array.astype(np.int16) if array.size and limits.min <= array.min() and array.max() <= limits.max else array


def pixels_of(array: np.ndarray) -> np.ndarray:
    """Return pixels: whole numbers from 0 to 255 as uint8, else as they are, which the reader refuses."""
    is_whole = array.dtype.kind in "iu" and array.size
    return array.astype(np.uint8) if is_whole and array.min() >= 0 and array.max() <= 255 else array


def example_sound(settings: Any) -> bytes:
    """Return a wav file: half a second of a soft tone with noise, for there is sound at every pitch in any recording."""
    rate = getattr(settings, "sample_rate", 16000)
    noise = np.random.default_rng(0).normal(0, 300, rate // 2)
    tone = 3000 * np.sin(2 * np.pi * 440 * np.arange(rate // 2) / rate) + noise
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(tone.astype("<i2").tobytes())
    return target.getvalue()


def example_picture(settings: Any) -> bytes:
    """Return a png file: 32 x 32 pixels that grow lighter."""
    from PIL import Image

    target = io.BytesIO()
    Image.fromarray(np.linspace(0, 255, 32 * 32).astype(np.uint8).reshape(32, 32)).save(target, "PNG")
    return target.getvalue()


def example_clip(settings: Any) -> bytes:
    """Return an avi file: 16 frames of 64 x 48 pixels that grow lighter."""
    import av

    target = io.BytesIO()
    with av.open(target, "w", format="avi") as file:
        stream = file.add_stream("mpeg4", rate=8)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(16):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number * 15, np.uint8), format="rgb24")
            frame.pts = number
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return target.getvalue()


def write_files(values: list[Any], folder: Path) -> list[Any]:
    """Return inputs with the paths of files in `folder` in place of bytes."""
    paths: list[Any] = []
    for number, value in enumerate(values, 1):
        if isinstance(value, bytes):
            path = folder / f"input-{number}"
            path.write_bytes(value)
            paths.append(path)
        else:
            paths.append(value)
    return paths
