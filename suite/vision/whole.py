"""Whether a video file is all there: what its header announces against what its streams hold."""

import os
from collections.abc import Iterable

from suite.errors import UserError
from suite.vision.decoder import FrameDecoder, OpenVideo

COMPLETE = 0.9  # share of what is announced below which a file counts as cut off; headers are often a little wrong
# Containers that write down how long they are; elsewhere FFmpeg's length is what it finds in the file, or a guess.
ANNOUNCING = {"matroska", "avi", "flv", "asf", "mov"}


def require_whole(video: OpenVideo, decoder: FrameDecoder, start: float, end: float) -> None:
    """Raise UserError where a part of the file is missing, or most of a part cannot be decoded.

    A container gives one length for all its streams, so a file is whole too where its sound goes on after the picture.

    Args:
        video: Read to its end.
        decoder: That read it.
        start: When the first frame is shown, seconds, in the time of the container.
        end: When the last frame ends, likewise.
    """
    missing = _describe_missing(video, start, end)
    if missing is None and decoder.damaged > (1 - COMPLETE) * decoder.packets:
        missing = f"{decoder.damaged} of {decoder.packets} frames that cannot be decoded"
    if missing is not None:
        raise UserError(f"{video.path}: the video is cut off or damaged. Received: {missing}")


def _describe_missing(video: OpenVideo, start: float, end: float) -> str | None:
    """Return what there is of all that the file announces; None where nothing is missing."""
    announced = _announced_seconds(video)
    if announced is not None and max(end, end - start) >= COMPLETE * announced:
        return None
    if video.stream.frames and "mov" in _names(video):  # frames before the first shown one are in the index too
        missing, entries = _missing_entries(video)
        return f"{entries - missing} of {entries} announced frames" if missing > (1 - COMPLETE) * entries else None
    if announced is None or not ANNOUNCING & _names(video):
        return None
    end = max(end, _last_end(video))
    whole = max(end, end - start) >= COMPLETE * announced
    return None if whole else f"{end:.2f} of {announced:.2f} announced seconds"


def _names(video: OpenVideo) -> set[str]:
    return set(video.container.format.name.split(","))


def _announced_seconds(video: OpenVideo) -> float | None:
    """Return how long the header says the picture is, else how long all is; None where it does not say."""
    stream, container = video.stream, video.container
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / 1_000_000 if container.duration else None


def _missing_entries(video: OpenVideo) -> tuple[int, int]:
    """Return how many frames of the index lie beyond the end of the file, and how many there are."""
    size = os.stat(video.path).st_size
    ends = [entry.pos + entry.size for entry in video.stream.index_entries]
    return sum(end > size for end in ends), len(ends)


def _last_end(video: OpenVideo) -> float:
    """Return when the last packet of any stream ends, seconds, in the time of the container."""
    import av

    with av.open(f"file:{video.path}", options={"protocol_whitelist": "file"}) as container:
        return max(_ends(container.demux()), default=0.0)


def _ends(packets: Iterable) -> Iterable[float]:
    import av

    try:
        for packet in packets:
            stamp = packet.pts if packet.pts is not None else packet.dts
            if stamp is not None and packet.size:
                yield float((stamp + (packet.duration or 0)) * packet.time_base)
    except av.FFmpegError:  # what follows in the file cannot be read
        return
