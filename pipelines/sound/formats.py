"""Where the clips of a data set are, in every documented format, and what its files say of each."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from pipelines.sound.config import Settings
from suite.audio.endings import AUDIO_ENDINGS
from suite.data.media_files import MediaFiles, find_media_folders, find_media_tables
from suite.data.sources import Listing, SourceFile, list_below, require_path
from suite.data.text_files import line_faults, read_lines
from suite.errors import UserError

FORMATS = {
    "manifest": "a table (.csv, .tsv, .jsonl, .parquet) with a column of audio files and one of labels",
    "folders": "a folder per class with audio files (yes/1.wav, or train/yes/1.wav)",
}
NOISE_FOLDER = "_background_noise_"
LISTS = {"validation_list.txt": "dev", "testing_list.txt": "test"}  # of Speech Commands
SPEAKER = re.compile(r"([^/_]+)_nohash_\d+")


def finders(settings: Settings) -> dict[str, Callable[[Path, bool], Listing | None]]:
    """Return for each of `FORMATS` the function that looks for its files below a folder (see `choose_format`)."""
    columns = (settings.audio_column, settings.label_column)
    media = MediaFiles(AUDIO_ENDINGS, columns, settings.encoding, "recording", (NOISE_FOLDER,))
    return {"manifest": partial(find_media_tables, media), "folders": partial(_find_folders, media)}


def sound_files(place: Path) -> list[Path]:
    """Return the recordings in a folder and below it, or the one that a path is, in order.

    Raises:
        UserError: for a path that is not there.
    """
    require_path(place)
    paths = list_below(place) if place.is_dir() else [place]
    return [path for path in paths if path.name.lower().endswith(AUDIO_ENDINGS)]


def noise_files(root: Path) -> list[Path]:
    """Return the recordings in the folder of background noise of a data set; none where it has no such folder."""
    folder = root / NOISE_FOLDER
    return sound_files(folder) if folder.is_dir() else []


def _find_folders(media: MediaFiles, root: Path, forced: bool) -> Listing | None:
    """Return the recordings of class folders, with the parts that lists name and the speakers that file names do."""
    listing = find_media_folders(media, root, forced)
    if listing is None:
        return None
    parts = _listed_parts(root)
    known = {source.name for source in listing.sources}
    absent = next((name for name in parts if name not in known), None)
    if absent is not None:
        raise UserError(f"{parts[absent][1]}: expected a file of a class folder. Received: {absent!r}, no such file")
    return replace(listing, sources=[_placed(source, parts) for source in listing.sources])


def _placed(source: SourceFile, parts: dict[str, tuple[str, str]]) -> SourceFile:
    speaker = SPEAKER.search(source.name)
    part = parts[source.name][0] if source.name in parts else source.part or ("train" if parts else None)
    return replace(source, part=part, group=speaker and speaker[1])


def _listed_parts(root: Path) -> dict[str, tuple[str, str]]:
    """Return name -> part, and where that is stated, of what the lists of Speech Commands name."""
    parts: dict[str, tuple[str, str]] = {}
    for file, part in LISTS.items():
        path = root / file
        lines = read_lines(path, None, None) if path.is_file() else []
        for number, fault in line_faults(lines, None, None).items():
            raise UserError(f"{path}:{number}: {fault}")
        parts |= {line.strip(): (part, f"{path}:{number}") for number, line in enumerate(lines, 1) if line.strip()}
    return parts
