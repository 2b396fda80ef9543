"""Looking at every clip of a data set: is it audio, how long is it, what should a person know of it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from suite.data.examples import PARTS, Example, Problem
from suite.data.inspection import inspect_files
from suite.data.remarks import remark_notes
from suite.errors import UserError

LONG_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class ClipFacts:
    """What a clip's file says.

    Attributes:
        digest: SHA-256 of the file's bytes, hexadecimal.
        seconds: Its length.
        notes: What a person should know of it, in the same words for every clip of which it is true.
        place: Where the data set states the clip, for messages.
    """

    digest: str
    seconds: float
    notes: tuple[str, ...]
    place: str = ""


def inspect_clips(clips: Sequence[tuple[str, Path]]) -> list[ClipFacts | Problem]:
    """Return what each clip's file says, in order, or what is wrong with it; files are decoded in threads.

    Args:
        clips: Where each one is stated, for messages, and its file.
    """
    return inspect_files(clips, inspect_clip)


def describe_durations(items: Sequence[Example]) -> str:
    """Return one sentence on how much sound each part has, of examples whose `facts` are `ClipFacts`."""
    totals: dict[str | None, float] = dict.fromkeys(PARTS, 0.0)
    for example in items:
        totals[example.part] += example.facts.seconds
    parts = [f"{part} {_length(total)}" for part, total in totals.items() if total]
    return f"Audio: {', '.join(parts)}; the longest clip has {max(example.facts.seconds for example in items):.1f} s."


def describe_clips(items: Sequence[Example]) -> list[str]:
    """Return the notes on the files of examples whose `facts` are `ClipFacts`, one sentence for each kind of remark."""
    return remark_notes([(note, example.name) for example in items for note in example.facts.notes], "clip")


def _length(seconds: float) -> str:
    return f"{seconds / 3600:.2f} h" if seconds >= 3600 else f"{seconds / 60:.1f} min"


def inspect_clip(path: Path) -> ClipFacts:
    """Return what one file says; it is decoded to its end.

    Raises:
        UserError: if there is no such file, or it holds no audio that can be used.
    """
    from suite.audio.read import survey_audio

    try:
        if not path.is_file():
            raise UserError(
                f"{path}: expected an audio file. Received: {'a folder' if path.is_dir() else 'no such file'}"
            )
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    info, notes = survey_audio(path)
    if info.duration > LONG_SECONDS:
        notes = (f"longer than {LONG_SECONDS:g} s", *notes)
    return ClipFacts(digest, info.duration, notes)
