"""Whether a video file is all there: what its header announces against what its streams hold."""

import os
import struct
from collections.abc import Iterable

from suite.errors import UserError
from suite.vision.decoder import FrameDecoder, OpenVideo

COMPLETE = 0.9  # share of what is announced below which a file counts as cut off; headers are often a little wrong
# Containers that write down how long they are; elsewhere FFmpeg's length is what it finds in the file, or a guess.
ANNOUNCING = {"matroska", "avi", "flv", "asf", "mov"}
HEADER_BYTES = 1 << 17
ASF_FILE_PROPERTIES = bytes.fromhex("A1DCAB8C47A9CF118EE400C00C205365")
OGG_LAST_PAGE = 4
UNKNOWN_RIFF_SIZES = (bytes(4), b"\xff" * 4)


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
    names = set(video.container.format.name.split(","))
    seconds = _announced_seconds(video)
    if seconds is not None and max(end, end - start) >= COMPLETE * seconds and not names & {"asf", "ogg"}:
        return None
    size = os.stat(video.path).st_size
    if "asf" in names and size < COMPLETE * (announced := _announced_bytes(video)):
        return f"{size:,} of {announced:,} announced bytes"
    if "ogg" in names and not _ogg_ends(video):
        return f"{end:.2f} seconds without an end of the stream"
    if video.stream.frames and "mov" in names:
        # The length may count frames before the first one that is shown; the index says where each of them lies.
        present = [entry.pos + entry.size <= size for entry in video.stream.index_entries]
        received = f"{sum(present)} of {len(present)} announced frames"
        return received if sum(present) < COMPLETE * len(present) else None
    if seconds is None or not ANNOUNCING & names:
        return None
    if "avi" in names and _header(video)[4:8] in UNKNOWN_RIFF_SIZES:  # written to a pipe: the length is none
        return None
    if not video.stream.frames:  # the length of all streams, not that of the picture
        end = max(end, _last_end(video))
    whole = max(end, end - start) >= COMPLETE * seconds
    return None if whole else f"{end:.2f} of {seconds:.2f} announced seconds"


def _announced_seconds(video: OpenVideo) -> float | None:
    """Return how long the header says the picture is, else how long all is; None where it does not say."""
    stream, container = video.stream, video.container
    if container.format.name == "avi" and stream.frames and stream.average_rate:  # FFmpeg shortens the length itself
        return stream.frames / float(stream.average_rate)
    if stream.duration and stream.time_base:
        return stream.duration * float(stream.time_base)
    return container.duration / 1_000_000 if container.duration else None


def _header(video: OpenVideo) -> bytes:
    with open(video.path, "rb") as file:
        return file.read(HEADER_BYTES)


def _announced_bytes(video: OpenVideo) -> int:
    """Return the size of the file that the header of a wmv file gives, 0 where there is none."""
    header = _header(video)
    place = header.find(ASF_FILE_PROPERTIES)
    return struct.unpack_from("<Q", header, place + 40)[0] if 0 <= place <= len(header) - 48 else 0


def _ogg_ends(video: OpenVideo) -> bool:
    """Return whether the last page of an Ogg file is marked as the end of its stream."""
    with open(video.path, "rb") as file:
        file.seek(max(os.stat(video.path).st_size - HEADER_BYTES, 0))
        tail = file.read()
    flags = tail[tail.rfind(b"OggS") :][5:6]
    return bool(flags) and bool(flags[0] & OGG_LAST_PAGE)


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
