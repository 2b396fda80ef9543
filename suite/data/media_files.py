"""Sound or video files with a class each: listed by tables, or in a folder per class."""

from dataclasses import dataclass, replace
from pathlib import Path

from suite.data.sources import Listing, find_class_folders, find_tables, list_below
from suite.data.tables import TABLE_FORMATS, read_table
from suite.errors import UserError


@dataclass(frozen=True)
class MediaFiles:
    """What the files of a task look like.

    Attributes:
        endings: Of their names, lower case, as `(".wav",)`.
        columns: Of a table: that of the file, and that of the class.
        encoding: Of a table.
        noun: What such a file is, for messages: `"video"`.
        skipped: Names of folders beside those of classes that hold something else.
    """

    endings: tuple[str, ...]
    columns: tuple[str, str]
    encoding: str
    noun: str
    skipped: tuple[str, ...] = ()


def find_media_tables(media: MediaFiles, root: Path, forced: bool) -> Listing | None:
    """Return the tables of the only kind there is; one without a column of files beside class folders is no manifest.

    Raises:
        UserError: for tables of several kinds.
    """
    tables = [listing for kind in TABLE_FORMATS if (listing := find_tables(root, kind))]
    if len(tables) > 1:
        raise UserError(
            f"{root}: expected tables of one kind. Received: {'; '.join(listing.reason for listing in tables)}"
        )
    if not tables:
        return None
    if not forced and find_class_folders(root, media.endings, media.skipped) is not None:
        table = read_table(tables[0].sources[0].path, media.encoding, headerless=media.columns)
        if media.columns[0].lower() not in map(str.lower, table.columns):
            return None
    return tables[0]


def find_media_folders(media: MediaFiles, root: Path, forced: bool) -> Listing | None:
    """Return the files of class folders, which also lie beside a manifest; files of other endings are noted.

    Raises:
        UserError: as `find_class_folders`.
    """
    files = find_class_folders(root, media.endings, media.skipped, forced)
    if files is None:
        return None
    if not forced:
        try:
            if find_media_tables(media, root, False) is not None:
                return None
        except UserError as error:
            files.notes.append(f"No manifest was read beside the class folders: {error}")
    paths = {source.path for source in files.sources}
    folders = {root.joinpath(*_down_to(source.label, Path(source.name).parts)) for source in files.sources}
    ignored = sorted(path for folder in folders for path in list_below(folder) if path not in paths)
    if ignored:
        name = ignored[0].relative_to(root).as_posix()
        count = f"{len(ignored):,} file{'s' if len(ignored) > 1 else ''} in class folders"
        files.notes.append(f"{count}: not read, since the ending is no {media.noun}'s, as {name}.")
    return replace(files, reason=files.reason.partition(" with ")[0])


def _down_to(label: str | None, parts: tuple[str, ...]) -> tuple[str, ...]:
    return parts[: parts.index(str(label)) + 1]
