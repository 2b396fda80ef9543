"""The files of a data set: tables, class folders, one file per class; and what the place of each says of it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from suite.data.parts import part_of
from suite.data.tables import table_format
from suite.errors import UserError

NO_PART = "since the name is no part (train, dev, test)"
SHARD = re.compile(r"(.+)-(\d{5})-of-(\d{5})\.parquet", re.IGNORECASE)  # as Hugging Face's `datasets` writes
PIECE = re.compile(r"(part-)?\d{4,}.*\.parquet", re.IGNORECASE)  # as Spark and Hugging Face's converter write


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file: its path, its name below the data set's root, and what its place says of its examples."""

    path: Path
    name: str
    part: str | None = None
    group: str | None = None
    label: str | None = None


@dataclass(frozen=True)
class Listing:
    """The files of one format, why they were taken for it, and notes about what was left out."""

    reason: str
    sources: list[SourceFile]
    notes: list[str] = field(default_factory=list)


def require_path(path: Path) -> None:
    """Raise UserError unless a file or folder stands at the path and may be looked at."""
    try:
        exists = path.exists()
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or error}") from error
    if not exists:
        raise UserError(f"{path}: no such file or folder")


def list_folder(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the files and the folders in a folder, sorted by name, hidden ones left out.

    Raises:
        UserError: if the folder cannot be listed.
    """
    try:
        entries = sorted(path for path in Path(folder).iterdir() if not path.name.startswith((".", "__")))
    except OSError as error:
        raise UserError(f"{folder}: the folder cannot be read: {error.strerror or error}") from error
    folders = [path for path in entries if path.is_dir()]
    return [path for path in entries if not path.is_dir()], folders


def list_below(folder: Path) -> list[Path]:
    """Return the files in a folder and in all folders below it, hidden ones left out; no folder is entered twice.

    Raises:
        UserError: if a folder cannot be listed.
    """
    entered, files, waiting = set(), [], [Path(folder)]
    while waiting:
        folder = waiting.pop()
        place = folder.resolve()  # links may lead in a circle
        if place in entered:
            continue
        entered.add(place)
        inside, folders = list_folder(folder)
        files += inside
        waiting += reversed(folders)
    return files


def find_tables(root: Path, kind: str, forced: bool = False) -> Listing | None:
    """Return the tables of one kind; as `find_files`.

    A Parquet table may be in several files (`train-00000-of-00002.parquet`, or `part-00000-....parquet`), all of which are
    needed.
    """
    return find_files(root, lambda path: table_format(path) == kind, f".{kind} file", forced)


def find_files(root: Path, fits: Callable[[Path], bool], noun: str, forced: bool = False) -> Listing | None:
    """Return the files of one format: a file, the files of a folder that name parts, or those of a folder of folders.

    In a folder of folders, a folder whose name is a part gives the part, any other one the group.

    Args:
        root: The file or folder that the user named.
        fits: Whether a file, by its name, may be of the format.
        noun: What such a file is called, for messages.
        forced: The user named this format: a file is taken whatever it is called.

    Raises:
        UserError: if it is ambiguous which files are meant.
    """
    if root.is_file():
        if not forced and not fits(root):
            return None
        shard = SHARD.fullmatch(root.name)
        notes = (
            [f"{root.name} is one of {int(shard[3])} files; the folder holds all."]
            if shard and int(shard[3]) > 1
            else []
        )
        return Listing(f"the file {root.name}", [SourceFile(root, root.name, part_of(root.name))], notes)
    files, folders = list_folder(root)
    tables, notes = _choose_files(root, files, fits, noun)
    if tables:
        sources = [SourceFile(path, path.name, part_of(path.name)) for path in tables]
        return Listing(f"the file{'s' if len(tables) > 1 else ''} {_names(tables)}", sources, notes)
    inside = {folder: _choose_files(folder, list_folder(folder)[0], fits, noun) for folder in folders}
    inside = {folder: listing for folder, listing in inside.items() if listing[0]}
    if not inside:
        return None
    sources = []
    for folder, (tables, ignored) in inside.items():
        part, notes = part_of(folder.name), notes + ignored
        group = None if part or len(inside) == 1 else folder.name
        sources += [
            SourceFile(path, f"{folder.name}/{path.name}", part or part_of(path.name), group) for path in tables
        ]
    first = next(iter(inside.values()))[0]
    reason = f"the folder{'s' if len(inside) > 1 else ''} {_names(list(inside))}, holding {_names(first)}"
    return Listing(reason, sources, notes + _missing_parts(sources))


def _choose_files(
    folder: Path, files: list[Path], fits: Callable[[Path], bool], noun: str
) -> tuple[list[Path], list[str]]:
    tables = [path for path in files if fits(path)]
    named = [path for path in tables if part_of(path.name)]
    if not named and all(PIECE.fullmatch(path.name) for path in tables):
        return tables, []
    if not named and len(tables) > 1:
        expected = f"expected one {noun}, or files named train, dev, test"
        raise UserError(f"{folder}: {expected}. Received: {_names(tables)}; name one of them")
    plain = {}
    for path in named:
        twin = plain.setdefault(path.name.lower().removesuffix(".gz"), path)
        if twin is not path:
            raise UserError(f"{folder}: {twin.name} and {path.name} are the same part twice; name one of them")
    _require_all_shards(folder, named)
    ignored = [path for path in tables if named and path not in named]
    notes = [f"{_names(ignored)} in {folder.name}: not read, {NO_PART}."] if ignored else []
    return named or tables, notes


def _require_all_shards(folder: Path, tables: list[Path]) -> None:
    """Raise UserError if of `train-00000-of-00002.parquet` and its like one is not there."""
    shards: dict[tuple[str, int], set[int]] = {}
    for path in tables:
        if shard := SHARD.fullmatch(path.name):
            shards.setdefault((shard[1], int(shard[3])), set()).add(int(shard[2]))
    for (name, count), numbers in shards.items():
        if missing := sorted(set(range(count)) - numbers):
            received = f"{len(numbers)}, without {name}-{missing[0]:05}-of-{count:05}.parquet"
            raise UserError(f"{folder}: expected all {count} files of {name!r}. Received: {received}")


def _missing_parts(sources: Sequence[SourceFile]) -> list[str]:
    parts = {}
    for source in sources:
        if source.group is not None:
            parts.setdefault(source.group, set()).add(source.part)
    all_parts = set().union(*parts.values()) if parts else set()
    return [
        f"The folder {group!r} has no {' and no '.join(sorted(map(str, all_parts - group_parts)))} part, which other folders have."
        for group, group_parts in parts.items()
        if all_parts - group_parts
    ]


def find_class_folders(
    root: Path, endings: tuple[str, ...], skipped: tuple[str, ...] = (), forced: bool = False
) -> Listing | None:
    """Return the files of one folder per class: `PART/CLASS/FILE`, or `CLASS/FILE` where no folder names a part.

    Files in sub-folders of a class folder count for the class; a sub-folder whose name is a part gives the part. Where
    no class holds a file itself, the classes may be the sub-folders, so that only `forced` takes it for this format.

    Args:
        endings: Endings of the files wanted, lower case, as `(".txt",)`; `.gz` may follow.
        skipped: Names of class folders to leave out, with a note.
        forced: The user named this format.

    Raises:
        UserError: if a class folder holds no such file while others do.
    """
    if not root.is_dir():
        return None
    folders = list_folder(root)[1]
    part_folders = [folder for folder in folders if part_of(folder.name) and list_folder(folder)[1]]
    pairs = [(part_of(parent.name), child) for parent in part_folders for child in list_folder(parent)[1]]
    if not part_folders:
        pairs = [(None, folder) for folder in folders]
    left_out = [folder for _, folder in pairs if folder.name in skipped]
    notes = [f"{_below(root, folder)}: left out, since it holds no labelled examples." for folder in left_out]
    pairs = [(part, folder) for part, folder in pairs if folder.name not in skipped]
    look_in = list_below if forced else lambda folder: list_folder(folder)[0]
    if not any(_matching(look_in(folder), endings) for _, folder in pairs):
        return None
    files = {folder: _matching(list_below(folder), endings) for _, folder in pairs}
    empty = [folder for _, folder in pairs if not files[folder]]
    if empty:
        raise UserError(f"{empty[0]}: expected {' or '.join(endings)} files in the folder of a class. Received: none")
    sources = [
        SourceFile(path, _below(root, path), part or _part_below(folder, path), None, folder.name)
        for part, folder in pairs
        for path in files[folder]
    ]
    deeper = [path for _, folder in pairs for path in files[folder] if path.parent != folder]
    if deeper:
        count = f"{len(deeper):,} file{' lies' if len(deeper) == 1 else 's lie'}"
        notes.append(f"{count} in sub-folders of class folders and count for the class, as {_below(root, deeper[0])}.")
    unnamed = [folder for folder in folders if part_folders and folder not in part_folders]
    notes += [f"{_names(unnamed)}: not read, {NO_PART}."] if unnamed else []
    listed = _join([_below(root, folder) for _, folder in pairs])
    return Listing(f"the class folders {listed} with {' or '.join(endings)} files", sources, notes)


def _matching(files: list[Path], endings: tuple[str, ...]) -> list[Path]:
    return [path for path in files if path.name.lower().removesuffix(".gz").endswith(endings)]


def _below(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def _part_below(folder: Path, path: Path) -> str | None:
    """Return the part that a sub-folder between a class folder and its file names."""
    parts = (part_of(name) for name in path.relative_to(folder).parts[:-1])
    return next((part for part in parts if part), None)


def find_class_files(root: Path, labels: tuple[str, ...], forced: bool = False) -> Listing | None:
    """Return files `NAME.CLASS`, at least two with the same NAME, in a folder or in its folders named after parts.

    Args:
        labels: Endings taken for class names; any ending is, with `forced`.
    """
    if not root.is_dir():
        return None
    files, folders = list_folder(root)
    places: list[tuple[str | None, Path]] = [(None, path) for path in files]
    for folder in folders:
        if part := part_of(folder.name):
            places += [(part, path) for path in list_folder(folder)[0]]
    sources, stems = [], []
    for part, path in places:
        stem, _, label = path.name.removesuffix(".gz").rpartition(".")
        if stem and (forced or label.lower() in labels):
            stems.append((path.parent, stem))
            sources.append(SourceFile(path, path.relative_to(root).as_posix(), part or part_of(stem), None, label))
    sources = [source for source, stem in zip(sources, stems, strict=True) if stems.count(stem) > 1]
    if not sources:
        return None
    return Listing(f"one file per class: {_join([source.name for source in sources])}", sources)


def _names(paths: Sequence[Path]) -> str:
    return _join([path.name for path in paths])


def _join(names: Sequence[str], limit: int = 6) -> str:
    return ", ".join(names[:limit]) + (f" and {len(names) - limit} more" if len(names) > limit else "")
