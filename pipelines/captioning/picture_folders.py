"""Which folders hold the pictures that a data set names without their folder."""

from collections.abc import Iterator, Sequence
from itertools import combinations, groupby
from pathlib import Path
from string import digits as DIGITS

from suite.data.parts import part_of
from suite.data.sources import list_folder
from suite.errors import UserError

FOLDER_DEPTH = 2  # folders below the root that pictures are looked for in
PICTURE_FOLDERS = {
    *("images", "image", "imgs", "img", "pictures", "photos", "jpegimages", "flicker8k_dataset", "flickr8k_dataset"),
    *("flickr8k_images", "flickr30k_images", "flickr30k-images"),
}


def picture_paths(
    names: Sequence[str], root: Path, folder: str | None = None, split: str = ""
) -> tuple[list[Path], list[str]]:
    """Return the path of each picture, there or not, and a note on what was not read.

    Several folders may hold files of the same names: depth maps, masks, thumbnails. The folder named after the split
    comes first, then the root itself, then a folder whose name means pictures (`images`), then any other one; what
    shares a name with what came before is not read.

    Args:
        names: Of the pictures, as the data set has them; may begin with folders.
        root: Of the data set.
        folder: The setting `image_folder`: below the root, where alone pictures are looked for.
        split: What the captions file calls its part: `"train2014"`.

    Raises:
        UserError: if there is no such folder, or folders that are as good as one another hold pictures of the same names.
    """
    base = root if folder is None else root / folder
    if not base.is_dir():
        raise UserError(f"setting 'image_folder': expected a folder below {root}. Received: {folder!r}")
    holders = {path: present for path in _folders(base, FOLDER_DEPTH) if (present := _names_in(path, names))}
    sources: list[Path] = []
    left_out: list[Path] = []

    def rank(path: Path) -> tuple[int, int, int]:
        return _rank(path.relative_to(base), split)

    for _, alike in groupby(sorted(holders, key=rank), key=rank):
        rivals = []
        for path in alike:
            twice = any(holders[path] & holders[source] for source in sources)
            (left_out if twice else rivals).append(path)
        for folder_a, folder_b in combinations(rivals, 2):
            if shared := holders[folder_a] & holders[folder_b]:
                places = " and in ".join(_shown(path, root) for path in (folder_a, folder_b))
                raise UserError(
                    f"{root}: {min(shared)} is in {places}; --set image_folder=NAME says which pictures are meant"
                )
        sources += rivals
    place_of = {name: path / name for path in reversed(sources) for name in holders[path]}
    notes = []
    if left_out:
        read = ", ".join(_shown(path, root) for path in sources)
        unread = ", ".join(_shown(path, root) for path in left_out)
        notes = [f"Pictures are read from {read}; files of the same names in {unread}: not read (image_folder)."]
    expected = sources[0] if sources else base
    return [place_of.get(name, expected / name) for name in names], notes


def _rank(path: Path, split: str) -> tuple[int, int, int]:
    """Return how likely a folder is to be the one that is meant, the lowest first."""
    name = path.name.lower()
    strange = sum(parent.lower() not in PICTURE_FOLDERS for parent in path.parts[:-1])
    part = part_of(split.rstrip(DIGITS))
    named = name and (name == split or (part is not None and part_of(name.rstrip(DIGITS)) == part))
    meaning = 0 if named else 1 if not name else 2 if name in PICTURE_FOLDERS else 3
    return meaning, strange, len(path.parts)


def _names_in(folder: Path, names: Sequence[str]) -> set[str]:
    files = {path.name for path in list_folder(folder)[0]}
    return {name for name in names if (name in files if "/" not in name else (folder / name).is_file())}


def _folders(folder: Path, depth: int) -> Iterator[Path]:
    yield folder
    for inner in list_folder(folder)[1] if depth else ():
        yield from _folders(inner, depth - 1)


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path != root and path.is_relative_to(root) else str(path)
