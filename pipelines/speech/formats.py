"""Where the clips and transcripts of each documented speech format stand."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.speech.config import Settings
from pipelines.speech.metadata import read_entries
from suite.audio.endings import AUDIO_ENDINGS
from suite.data.examples import Problem
from suite.data.manifest import Columns, path_fault
from suite.data.manifest import read_manifest as read_rows
from suite.data.parts import part_of
from suite.data.sources import Listing, SourceFile, find_tables, list_folder
from suite.data.tables import TABLE_FORMATS, read_table, table_format
from suite.data.text_files import line_faults, read_lines
from suite.errors import UserError

DIGIT_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
DIGIT_NAME = re.compile(r"([0-9])_(.+)_([0-9]+)")
LIBRISPEECH_PART = re.compile(r"(train|dev|test)-(clean|other)", re.IGNORECASE)
WANTED = {
    "manifest": "a .csv, .tsv, .jsonl or .parquet file with the columns audio and text, or a folder of such files named train, dev, test",
    "librispeech": "folders SPEAKER/CHAPTER with SPEAKER-CHAPTER.trans.txt beside the audio, below train-clean-100 and so on",
    "ljspeech": "metadata.csv (id|text, id|text|normalised text or id|text|speaker) beside a folder wavs",
    "commonvoice": "train.tsv, dev.tsv, test.tsv or validated.tsv (columns path and sentence) beside a folder clips",
    "digits": "audio files named DIGIT_SPEAKER_INDEX, as 7_ann_32.wav",
}


@dataclass(frozen=True, slots=True)
class TranscribedClip:
    """One clip as the data set states it, not looked at yet.

    Attributes:
        place: Where it is stated, for messages: `"train.csv:17"` or the file itself.
        name: Its path below the data set's root (or as the manifest has it).
        path: The audio file.
        text: The transcript as written.
        part, group: As the data says; None where it does not.
    """

    place: str
    name: str
    path: Path
    text: str
    part: str | None = None
    group: str | None = None


# -- manifest


def find_manifest(root: Path, forced: bool = False) -> Listing | None:
    """Return the tables of a manifest, all of one kind."""
    if not forced and any(find(root) for find in (find_ljspeech, find_commonvoice)):
        return None
    if forced and root.is_file() and table_format(root) is None:
        raise UserError(f"{root}: expected a file ending in .csv, .tsv, .jsonl or .parquet. Received: {root.name}")
    by_kind = {kind: tables for kind in TABLE_FORMATS if (tables := find_tables(root, kind))}
    if len(by_kind) > 1:
        names = "; ".join(tables.reason for tables in by_kind.values())
        raise UserError(f"{root}: expected manifests of one kind. Received: {names}; name one of them")
    return next(iter(by_kind.values()), None)


def read_manifest(listing: Listing, settings: Settings) -> tuple[list[TranscribedClip], list[Problem]]:
    """Return the clips of manifests; audio paths are relative to the manifest that holds them."""
    clips, problems = [], []
    columns = Columns("audio_column", "text_column", groups=("group", "speaker"))
    for source in listing.sources:
        rows, faults = read_rows(source, settings, columns, lambda audio, _: path_fault(audio, "an audio file"))
        problems += faults
        for row in rows:
            name = row.input.strip()
            path = source.path.parent / name
            clips.append(TranscribedClip(f"{row.name} ({row.input})", name, path, row.target, row.part, row.group))
    return clips, problems


# -- LibriSpeech


def find_librispeech(root: Path, forced: bool = False) -> Listing | None:
    """Return the `*.trans.txt` files below a folder; the folders above them name parts."""
    if not root.is_dir():
        return None
    above = [part_of(root.name)] if LIBRISPEECH_PART.match(root.name) else []
    sources = []
    for path in _walk(root, 4):
        if path.name.endswith(".trans.txt"):
            name = path.relative_to(root)
            parts = above + [part_of(folder) for folder in name.parts[:-1]]
            part = next((part for part in parts if part), None)
            speaker = path.name.removesuffix(".trans.txt").partition("-")[0]
            sources.append(SourceFile(path, name.as_posix(), part, speaker))
    return Listing(f"{len(sources)} .trans.txt files, as {sources[0].name}", sources) if sources else None


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    files, folders = list_folder(folder)
    yield from files
    for inner in folders if depth else ():
        yield from _walk(inner, depth - 1)


def read_librispeech(listing: Listing, settings: Settings) -> tuple[list[TranscribedClip], list[Problem]]:
    """Return the clips of lines `ID TRANSCRIPT`, with `ID.flac` (or another audio ending) beside the list."""
    clips, problems = [], []
    for source in listing.sources:
        files = _by_stem(list_folder(source.path.parent)[0], ".flac")
        folder = source.name.rpartition("/")[0]
        for place, line in _lines(source, settings, problems):
            name, _, text = line.strip().partition(" ")
            path = files.get(name, source.path.parent / f"{name}.flac")
            clips.append(
                TranscribedClip(place, f"{folder}/{path.name}".lstrip("/"), path, text, source.part, source.group)
            )
    return clips, problems


# -- LJ Speech


def find_ljspeech(root: Path, forced: bool = False) -> Listing | None:
    """Return `metadata.csv` beside `wavs/`, where its fields are parted by `|`."""
    folder = root.parent if root.name == "metadata.csv" else root
    metadata = folder / "metadata.csv"
    if not metadata.is_file() or not (folder / "wavs").is_dir():
        return None
    if not forced:
        with open(metadata, "rb") as file:
            if b"|" not in file.readline():
                return None
    return Listing("metadata.csv with | between its fields, beside wavs", [SourceFile(metadata, "metadata.csv")])


def read_ljspeech(listing: Listing, settings: Settings) -> tuple[list[TranscribedClip], list[Problem]]:
    """Return the clips of lines `ID|TEXT|NORMALISED TEXT`, `ID|TEXT` or with a speaker, as `read_entries` tells them."""
    clips, problems = [], []
    for source in listing.sources:
        folder = source.path.parent / "wavs"
        files = _by_stem(list_folder(folder)[0], ".wav")
        entries, faults, notes = read_entries(source.path, list(_lines(source, settings, problems)))
        problems += faults
        listing.notes.extend(notes)
        for entry in entries:
            path = files.get(entry.name, folder / f"{entry.name}.wav")
            clips.append(
                TranscribedClip(
                    f"{entry.place} ({path.name})", f"wavs/{path.name}", path, entry.text, None, entry.speaker
                )
            )
    return clips, problems


# -- Common Voice


def find_commonvoice(root: Path, forced: bool = False) -> Listing | None:
    """Return train.tsv, dev.tsv and test.tsv beside `clips/`, or validated.tsv where there is none of them."""
    folder = root.parent if root.is_file() else root
    if not (folder / "clips").is_dir():
        return None
    named = [path for name in ("train", "dev", "test") if (path := folder / f"{name}.tsv").is_file()]
    validated = folder / "validated.tsv"
    files = named or ([validated] if validated.is_file() else [])
    if root.is_file():
        files = [root] if table_format(root) == "tsv" else []
    if not forced:
        files = [path for path in files if _has_columns(path, "path", "sentence")]
    notes = [f"{validated.name}: not read, since there are {_join(named)}."] if named and validated.is_file() else []
    sources = [SourceFile(path, path.name, part_of(path.name)) for path in files]
    reason = f"{_join(files)} with the columns path and sentence, beside clips"
    return Listing(reason, sources, [] if root.is_file() else notes) if files else None


def _has_columns(path: Path, *columns: str) -> bool:
    with open(path, "rb") as file:
        header = file.readline().decode("utf-8-sig", "replace").rstrip("\r\n").split("\t")
    return set(columns) <= set(header)


def read_commonvoice(listing: Listing, settings: Settings) -> tuple[list[TranscribedClip], list[Problem]]:
    """Return the clips of Common Voice tables; `client_id` is the group."""
    clips, problems = [], []
    for source in listing.sources:
        table = read_table(source.path, settings.encoding, "tsv", source.name)
        problems += table.problems
        audio, text, group = table.column("path"), table.column("sentence"), table.find_column("client_id")
        for row in table.rows:
            name = row.values[audio].strip()
            name = name if name.lower().endswith(AUDIO_ENDINGS) else f"{name}.mp3"
            path, speaker = source.path.parent / "clips" / name, (group and row.values[group]) or None
            clips.append(
                TranscribedClip(f"{row.name} ({name})", f"clips/{name}", path, row.values[text], source.part, speaker)
            )
    return clips, problems


# -- digits


def find_digits(root: Path, forced: bool = False) -> Listing | None:
    """Return audio files DIGIT_SPEAKER_INDEX in a folder or the folders in it, which may name parts."""
    if not root.is_dir():
        return None
    sources, further = [], []
    for path in _walk(root, 2):
        if not path.name.lower().endswith(AUDIO_ENDINGS):
            continue
        if named := DIGIT_NAME.fullmatch(path.stem):
            name = path.relative_to(root)
            part = next((part for folder in name.parts[:-1] if (part := part_of(folder))), None)
            sources.append(SourceFile(path, name.as_posix(), part, named[2], DIGIT_WORDS[int(named[1])]))
        else:
            further.append(path)
    if not sources or (len(further) > len(sources) and not forced):
        return None
    notes = []
    if further:
        notes = [f"{len(further)} audio files not named DIGIT_SPEAKER_INDEX were left out, as {further[0].name}."]
    return Listing(f"audio files DIGIT_SPEAKER_INDEX, as {sources[0].name}", sources, notes)


def read_digits(listing: Listing, settings: Settings) -> tuple[list[TranscribedClip], list[Problem]]:
    """Return the clips of digits; the transcript is the digit's English word."""
    clips = [TranscribedClip(s.name, s.name, s.path, s.label or "", s.part, s.group) for s in listing.sources]
    return clips, []


# -- shared


def _by_stem(paths: Sequence[Path], ending: str) -> dict[str, Path]:
    """Return each audio file under its name without the ending; of several the one with the format's own ending.

    Raises:
        UserError: if several files of one name are there, none of them or two with that ending.
    """
    by_stem: dict[str, list[Path]] = {}
    for path in paths:
        if path.name.lower().endswith(AUDIO_ENDINGS):
            by_stem.setdefault(path.stem, []).append(path)
    for stem, rivals in by_stem.items():
        by_ending = [path for path in rivals if path.suffix.lower() == ending]
        if len(rivals) > 1 and len(by_ending) != 1:
            names = _join(by_ending or rivals)
            raise UserError(f"{rivals[0].parent}: expected one audio file named {stem}. Received: {names}")
        by_stem[stem] = by_ending or rivals
    return {stem: rivals[0] for stem, rivals in by_stem.items()}


def _lines(source: SourceFile, settings: Settings, problems: list[Problem]) -> Iterator[tuple[str, str]]:
    lines = read_lines(source.path, settings.encoding)
    faults = line_faults(lines, settings.encoding)
    for number, line in enumerate(lines, 1):
        place = f"{source.name}:{number}"
        if number in faults:
            problems.append(Problem(place, faults[number]))
        elif line.strip():
            yield place, line


def _join(paths: Sequence[Path]) -> str:
    return ", ".join(path.name for path in paths)


FINDERS = {
    "manifest": find_manifest,
    "librispeech": find_librispeech,
    "ljspeech": find_ljspeech,
    "commonvoice": find_commonvoice,
    "digits": find_digits,
}
READERS = {
    "manifest": read_manifest,
    "librispeech": read_librispeech,
    "ljspeech": read_ljspeech,
    "commonvoice": read_commonvoice,
    "digits": read_digits,
}
