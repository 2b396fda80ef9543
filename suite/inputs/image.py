"""Input kind `image`: picture files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from suite.inputs.calls import Call, GuideSources
from suite.inputs.kind import FileContents, Input, InputKind, fits
from suite.inputs.media import read_media_path
from suite.inputs.sent import Sent, example_picture, pixels_of


def read_path(path: Path, settings: Any, encoding: str | None = None) -> Iterator[Input]:
    """Yield the picture files that a path stands for."""
    return read_media_path(path, settings, encoding, "image_column")


def page(contents: FileContents) -> tuple[dict[str, Any], str] | None:
    """Return what the page needs of one picture of fixed size; None where the file takes other inputs."""
    if len(contents.inputs) != 1:
        return None
    [(name, details)] = contents.inputs.items()
    if not fits(details, "uint8", 4):
        return None
    _, height, width, _ = details["shape"]
    return {"name": name, "height": height, "width": width}, f"a picture, scaled to {width} × {height} pixels"


def guide(call: Call, front_end: dict[str, Any]) -> GuideSources | None:
    """Return the sources that bring a picture to the shape of a file."""
    picture = call.only_input
    if picture is None or picture.dtype != "uint8" or len(picture.shape) != 4 or picture.shape[-1] != 3:
        return None
    _, height, width, _ = picture.shape
    values = {"input": picture.name, "height": height, "width": width}
    return GuideSources("image", values, extra=("pictures",) if picture.fixed else ())


IMAGE = InputKind("image", "image_column", read_path, page, guide=guide, sent=Sent(3, pixels_of, example_picture))
