"""Where the videos of a data set are, in every documented format, and what its files say of each."""

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from pipelines.video.config import Settings
from suite.data.media_files import MediaFiles, find_media_folders, find_media_tables
from suite.data.sources import Listing, SourceFile, list_folder
from suite.data.text_files import line_faults, read_lines
from suite.errors import UserError

ENDINGS = (
    *(".avi", ".mp4", ".mkv", ".mov", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".flv", ".3gp", ".ogv"),
    *(".3g2", ".asf", ".m2ts", ".mts", ".ts", ".vob"),
)
FORMATS = {
    "manifest": "a table (.csv, .tsv, .jsonl, .parquet) with a column of video files and one of labels",
    "folders": "a folder per class with videos (run/1.avi, or train/run/1.avi)",
    "ucf101": "trainlist01.txt and testlist01.txt (also in ucfTrainTestlist/) beside class folders",
}
LISTS = re.compile(r"(train|test)list(\d+)\.txt", re.IGNORECASE)
USUAL_SPLIT = 1  # the one that is reported where a paper names none
UCF_GROUP = re.compile(r"(.+_g\d+)_c\d+")


def finders(settings: Settings) -> dict[str, Callable[[Path, bool], Listing | None]]:
    """Return for each of `FORMATS` the function that looks for its files below a folder (see `choose_format`)."""
    media = MediaFiles(ENDINGS, (settings.video_column, settings.label_column), settings.encoding, "video")
    return {
        "manifest": partial(find_media_tables, media),
        "folders": partial(_find_folders, media),
        "ucf101": partial(_find_ucf101, settings),
    }


def _find_folders(media: MediaFiles, root: Path, forced: bool) -> Listing | None:
    """Return the videos of class folders, which also lie beside the lists of UCF101."""
    videos = find_media_folders(media, root, forced)
    return None if videos is None or (not forced and _list_files(root)) else videos


def _list_files(root: Path) -> list[Path]:
    """Return the lists of all official splits, in the folder or one below."""
    files, folders = list_folder(root)
    places = [*files, *(path for folder in folders for path in list_folder(folder)[0])]
    return [path for path in places if LISTS.fullmatch(path.name)]


def _find_ucf101(settings: Settings, root: Path, forced: bool) -> Listing | None:
    """Return the videos that the lists of one official split name; a group is what was filmed in one session."""
    lists = _list_files(root) if root.is_dir() else []
    if not lists:
        return None
    by_part, notes = _lists_of_split(root, lists, settings.ucf_split)
    sources = [source for part, file in sorted(by_part.items()) for source in _listed(part, file)]
    if not sources:
        raise UserError(f"{next(iter(by_part.values()))}: expected lines CLASS/FILE. Received: none")
    base = _base_folder(root, sources)
    sources = [replace(source, path=base / source.name) for source in sources]
    return Listing(f"the lists {', '.join(path.name for path in by_part.values())}", sources, notes)


def _lists_of_split(root: Path, lists: list[Path], split: int | None) -> tuple[dict[str, Path], list[str]]:
    """Return the list of each part (train, test) of one split, and a note where there are other splits.

    Split 1 is meant where there is one, and the only one where there is one only; otherwise the user is asked.
    """
    splits: dict[int, dict[str, Path]] = defaultdict(dict)
    for path in lists:
        part, number = LISTS.findall(path.name)[0]
        twin = splits[int(number)].setdefault(part.lower(), path)
        if twin is not path:
            names = f"{twin.relative_to(root)} and {path.relative_to(root)}"
            raise UserError(f"{root}: expected one list of each part. Received: {names}; remove one of them")
    numbers = ", ".join(map(str, sorted(splits)))
    if split is None:
        split = next(iter(splits)) if len(splits) == 1 else USUAL_SPLIT
        if "train" not in splits.get(split, {}) and len(splits) > 1:
            raise UserError(
                f"{root}: expected lists of split 1. Received: lists of {numbers}; --set ucf_split=N chooses"
            )
    if split not in splits:
        raise UserError(f"setting 'ucf_split': expected one of {numbers}, of which {root} has lists. Received: {split}")
    remaining = ", ".join(str(number) for number in sorted(splits) if number != split)
    notes = [f"Official split {split} is read, not {remaining}; --set ucf_split=N chooses."] if remaining else []
    return splits[split], notes


def _listed(part: str, file: Path) -> list[SourceFile]:
    """Return what the lines of a list name; paths are still below no folder."""
    sources = []
    lines = read_lines(file, None, None)
    for number, fault in line_faults(lines, None, None).items():
        raise UserError(f"{file}:{number}: {fault}")
    for number, line in enumerate(lines, 1):
        name = re.sub(r"\s+\d+$", "", line.strip())
        if not name:
            continue
        label, slash, video = name.rpartition("/")
        if not slash:
            raise UserError(f"{file}:{number}: expected CLASS/FILE. Received: {line.strip()!r}")
        group = UCF_GROUP.match(video)
        sources.append(SourceFile(Path(name), name, part, group and group.group(1), label))
    return sources


def _base_folder(root: Path, sources: list[SourceFile]) -> Path:
    """Return the folder that the names are below: the one that holds listed files, else the one with their folders."""
    bases = [root, *list_folder(root)[1]]
    holding = [base for base in bases if any((base / source.name).is_file() for source in sources)]
    if len(holding) > 1:
        names = " and ".join(str(base) for base in holding)
        raise UserError(f"{root}: expected the listed videos in one folder. Received: videos in {names}; remove one")
    labels = {str(source.label) for source in sources}
    candidates = [*holding, *(base for base in bases if any((base / label).is_dir() for label in labels)), root]
    return candidates[0]
