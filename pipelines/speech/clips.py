"""Looking at every clip of a data set: is it audio, how long is it, does its transcript fit."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.speech.formats import TranscribedClip
from suite.data.examples import Problem
from suite.data.inspection import inspect_files
from suite.errors import UserError

LONG_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class AudioFacts:
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


def inspect_clips(clips: Sequence[TranscribedClip]) -> list[AudioFacts | Problem]:
    """Return what each clip's file says, in order, or what is wrong with it; files are decoded in threads."""
    return inspect_files([(clip.place, clip.path) for clip in clips], inspect_clip)


def inspect_clip(path: Path) -> AudioFacts:
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
    return AudioFacts(digest, info.duration, notes)
