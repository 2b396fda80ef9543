"""Input kind `video`: video files and cameras."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from suite.inputs.calls import Call, GuideSources
from suite.inputs.kind import FileContents, Input, InputKind, fits
from suite.inputs.media import read_media_path
from suite.inputs.sent import Sent, example_clip, pixels_of
from suite.pipeline import PredictOption


def read_path(path: Path, settings: Any, encoding: str | None = None) -> Iterator[Input]:
    """Yield the video files that a path stands for."""
    return read_media_path(path, settings, encoding, "video_column")


def page(contents: FileContents) -> tuple[dict[str, Any], str] | None:
    """Return what the page needs of `frames` of fixed number and size, and their `length`; None for other inputs."""
    if set(contents.inputs) != {"frames", "length"} or not fits(contents.inputs["frames"], "uint8", 5):
        return None
    _, size, height, width, channels = contents.inputs["frames"]["shape"]
    rate = contents.front_end.get("frame_rate")
    longest = contents.front_end.get("frames", size)
    entry = {
        "size": size,
        "height": height,
        "width": width,
        "channels": channels,
        "frames": longest,
        "sampling": contents.front_end.get("sampling", "uniform"),
        "frame_rate": rate,
    }
    fact = f"the last {longest} frames, {f'{rate:g} a second, ' if rate else ''}scaled to {width} × {height} pixels"
    return entry, fact


def guide(call: Call, front_end: dict[str, Any]) -> GuideSources | None:
    """Return the sources that bring the frames of a clip to the shape of a file."""
    clip = call.input_with_length(5, ("uint8",))
    if clip is None or None in clip[0].shape[2:]:
        return None
    frames, length = clip
    _, size, height, width, channels = frames.shape
    values = {"input": frames.name, "length": length.name, "size": size}
    return GuideSources("video", values | {"height": height, "width": width, "channels": channels}, extra=("pictures",))


VIDEO = InputKind(
    "video",
    "video_column",
    read_path,
    page,
    live=("camera",),
    array_options=(
        PredictOption("frame_rate", float, None, "of the frames, in frames per second; None: the model's own"),
    ),
    guide=guide,
    sent=Sent(4, pixels_of, example_clip),
)
