"""Where the pictures and captions of each documented captioning format stand."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.captioning.config import Settings
from pipelines.captioning.picture_folders import picture_paths
from suite.data.examples import Problem
from suite.data.manifest import Columns, path_fault
from suite.data.manifest import read_manifest as read_rows
from suite.data.parts import part_of
from suite.data.sources import NO_PART, Listing, SourceFile, find_tables, list_folder
from suite.data.tables import table_format
from suite.data.text_files import line_faults, read_bytes, read_lines
from suite.errors import UserError

WANTED = {
    "flickr8k": "Flickr8k.token.txt (NAME.jpg#0, a tab, the caption), beside it *trainImages.txt and so on and a folder of pictures",
    "coco": "a captions_*.json file with the keys images and annotations, and a folder of pictures",
    "manifest": "a .jsonl or .parquet file with the keys image and captions (a list, or one text)",
}
PART_LISTS = re.compile(r".*(train|dev|val|test)Images\.txt", re.IGNORECASE)
TOKEN_FILE = re.compile(r".*\.token\.txt", re.IGNORECASE)
PLAIN_TOKEN_FILE = re.compile(r"[^.]*\.token\.txt", re.IGNORECASE)
CAPTION_FILE = re.compile(r".*caption.*\.json", re.IGNORECASE)
MANIFEST_KINDS = ("jsonl", "parquet")


@dataclass(slots=True)
class Picture:
    """One picture as the data set states it, not looked at yet.

    Attributes:
        place: Where it is stated, for messages: `"Flickr_8k.trainImages.txt:3 (NAME.jpg)"`.
        name: Its name in the data set.
        path: The file.
        captions: `(place, caption)`, as written.
        part, group: As the data says; None where it does not.
    """

    place: str
    name: str
    path: Path
    captions: list[tuple[str, object]] = field(default_factory=list)
    part: str | None = None
    group: str | None = None


# -- flickr8k


def find_flickr8k(root: Path, forced: bool = False) -> Listing | None:
    """Return the token file, and the lists of the parts where there are any.

    Raises:
        UserError: if several files could be the token file or the list of a part.
    """
    folder = root.parent if root.is_file() else root
    if root.is_file() and not (forced or TOKEN_FILE.fullmatch(root.name)):
        return None
    files = [path for place in [folder, *list_folder(folder)[1]] for path in list_folder(place)[0]]
    tokens = [root] if root.is_file() else [path for path in files if TOKEN_FILE.fullmatch(path.name)]
    if not tokens:
        return None
    token, notes = _choose_token_file(tokens, folder)
    lists = [
        SourceFile(path, _name_below(folder, path), part_of(match[1]))
        for path in files
        if (match := PART_LISTS.fullmatch(path.name))
    ]
    _refuse_part_twice(lists, folder)
    named = (
        f", with the list{'s' if len(lists) > 1 else ''} {_join([source.path.name for source in lists])}"
        if lists
        else ""
    )
    return Listing(f"{token.name}{named}", [SourceFile(token, _name_below(folder, token)), *lists], notes)


def _choose_token_file(tokens: list[Path], folder: Path) -> tuple[Path, list[str]]:
    """Return the file of captions as they were written: `Flickr8k.token.txt`, not `Flickr8k.lemma.token.txt`."""
    if len(tokens) == 1:
        return tokens[0], []
    plain = [path for path in tokens if PLAIN_TOKEN_FILE.fullmatch(path.name)]
    if len(plain) != 1:
        names = _join([_name_below(folder, path) for path in plain or tokens])
        raise UserError(f"{folder}: expected one file NAME.token.txt. Received: {names}; name one of them")
    derived = [_name_below(folder, path) for path in tokens if path != plain[0]]
    return plain[0], [f"{_join(derived)}: not read, since there is {plain[0].name}."]


def _refuse_part_twice(sources: list[SourceFile], folder: Path) -> None:
    by_part: dict[str | None, SourceFile] = {}
    for source in sources:
        twin = by_part.setdefault(source.part, source)
        if twin is not source:
            raise UserError(f"{folder}: {twin.name} and {source.name} are the same part twice; keep one of them there")


def read_flickr8k(listing: Listing, settings: Settings) -> tuple[list[Picture], list[Problem], list[str]]:
    """Return the pictures of the lists; without lists, all that the token file names."""
    token, *lists = listing.sources
    captions, problems = _token_captions(token, settings)
    folder = _root_of(token)
    if not lists:
        pictures = [
            Picture(f"{captions_of_name[0][0]} ({name})", name, Path(name), captions_of_name)
            for name, captions_of_name in captions.items()
        ]
        return pictures, problems, _place(pictures, folder, settings)
    listed: dict[str, Picture] = {}
    for source in lists:
        for number, line in enumerate(read_lines(source.path, settings.encoding), 1):
            name, place = line.strip(), f"{source.name}:{number}"
            if not name:
                continue
            if name in listed:
                problems.append(Problem(place, f"{name} is listed already, at {listed[name].place}"))
                continue
            listed[name] = Picture(f"{place} ({name})", name, Path(name), captions.get(name, []), source.part)
    unlisted = [name for name in captions if name not in listed]
    notes = []
    if unlisted:
        notes = [
            f"{len(unlisted):,} picture{'s' if len(unlisted) > 1 else ''} with captions on no list: left out, as {unlisted[0]}."
        ]
    return list(listed.values()), problems, notes + _place(list(listed.values()), folder, settings)


def _token_captions(token: SourceFile, settings: Settings) -> tuple[dict[str, list], list[Problem]]:
    """Return `{name: [(place, caption)]}` of lines `NAME#N<TAB>CAPTION`."""
    captions: dict[str, list] = {}
    problems = []
    lines = read_lines(token.path, settings.encoding)
    faults = line_faults(lines, settings.encoding)
    for number, line in enumerate(lines, 1):
        place = f"{token.name}:{number}"
        if number in faults:
            problems.append(Problem(place, faults[number]))
            continue
        if not line.strip():
            continue
        name, tab, caption = line.partition("\t")
        name, sign, index = name.strip().rpartition("#")
        if not tab or not sign or not index.isdecimal():
            problems.append(Problem(place, f"expected NAME#N, a tab and the caption. Received: {line[:60]!r}"))
            continue
        captions.setdefault(name, []).append((place, caption))
    if not captions:
        first = f": {problems[0].name}: {problems[0].message}" if problems else ""
        raise UserError(f"{token.path}: expected lines NAME#N, a tab and the caption{first}")
    return captions, problems


# -- coco


def find_coco(root: Path, forced: bool = False) -> Listing | None:
    """Return the captions files: one that was named, or those of a folder and the folders in it.

    Raises:
        UserError: if several files could be the captions, or those of a part.
    """
    if root.is_file():
        folder = root.parent.parent if root.parent.name.lower() == "annotations" else root.parent
        files = [root] if root.suffix.lower() == ".json" else []
    else:
        folder, places = root, [root, *list_folder(root)[1]]
        files = [path for place in places for path in list_folder(place)[0] if CAPTION_FILE.fullmatch(path.name)]
    if not files:
        return None
    sources = [SourceFile(path, _name_below(folder, path), part_of(_split_of(path))) for path in files]
    named = [source for source in sources if source.part] or sources
    if len(named) > 1 and named[0].part is None:
        names = _join([source.name for source in named])
        raise UserError(
            f"{folder}: expected one captions file, or one of each part. Received: {names}; name one of them"
        )
    _refuse_part_twice(named, folder)
    unused = _join([source.name for source in sources if source not in named])
    notes = [f"{unused}: not read, {NO_PART}."] if unused else []
    return Listing(_join([source.path.name for source in named]), named, notes)


def _split_of(path: Path, year: bool = False) -> str:
    """Return what a captions file calls its part: "train" of captions_train2014.json; "train2014" with the year."""
    split = re.sub(r"^captions?[-_. ]", "", path.stem.lower())
    return split if year else re.sub(r"\d+$", "", split)


def read_coco(listing: Listing, settings: Settings) -> tuple[list[Picture], list[Problem], list[str]]:
    """Return the pictures of `{"images": [{"id", "file_name"}], "annotations": [{"image_id", "caption"}]}`."""
    pictures, problems, notes = [], [], []
    for source in listing.sources:
        content = _read_coco_file(source.path)
        by_id: dict[object, Picture] = {}
        for index, image in enumerate(content["images"]):
            place = f"{source.name}: images[{index}]"
            if not isinstance(image, dict) or "id" not in image or not isinstance(image.get("file_name"), str):
                problems.append(Problem(place, f"expected id and file_name. Received: {str(image)[:60]}"))
            elif image["id"] in by_id:
                problems.append(Problem(place, f"the id {image['id']} is that of another picture too"))
            else:
                name = image["file_name"]
                by_id[image["id"]] = Picture(f"{place} ({name})", name, Path(name), [], source.part)
        for index, note in enumerate(content["annotations"]):
            place = f"{source.name}: annotations[{index}]"
            if not isinstance(note, dict) or "image_id" not in note:
                problems.append(Problem(place, f"expected image_id and caption. Received: {str(note)[:60]}"))
            elif note["image_id"] not in by_id:
                message = f"a caption of the picture {note['image_id']}, which is not among the images"
                problems.append(Problem(place, message))
            else:
                by_id[note["image_id"]].captions.append((place, note.get("caption")))
        notes += _place(list(by_id.values()), _root_of(source), settings, _split_of(source.path, year=True))
        pictures += by_id.values()
    return pictures, problems, list(dict.fromkeys(notes))


def _read_coco_file(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(read_bytes(path))
    except ValueError as error:
        raise UserError(f"{path}: not valid JSON: {error}") from error
    lists = [content.get(key) if isinstance(content, dict) else None for key in ("images", "annotations")]
    if not all(isinstance(entries, list) for entries in lists):
        received = ", ".join(map(repr, list(content)[:6])) if isinstance(content, dict) else type(content).__name__
        raise UserError(f"{path}: expected the keys 'images' and 'annotations', lists. Received: {received}")
    return content


# -- manifest


def find_manifest(root: Path, forced: bool = False) -> Listing | None:
    """Return the .jsonl or .parquet files: one, or those of a folder that name parts."""
    if root.is_file():
        own_format = table_format(root)
        return find_tables(root, own_format if own_format and own_format in MANIFEST_KINDS else "jsonl", forced)
    tables = [listing for kind in MANIFEST_KINDS if (listing := find_tables(root, kind, forced))]
    if len(tables) > 1:
        received = "; ".join(listing.reason for listing in tables)
        raise UserError(f"{root}: expected manifests of one kind. Received: {received}; name one of them")
    return tables[0] if tables else None


def read_manifest(listing: Listing, settings: Settings) -> tuple[list[Picture], list[Problem], list[str]]:
    """Return the pictures of jsonl rows; paths are relative to the file, rows of the same picture are taken together."""
    pictures: dict[tuple, Picture] = {}
    problems = []
    columns = Columns("image_column", "captions_column")
    for source in listing.sources:
        kind = "parquet" if table_format(source.path) == "parquet" else "jsonl"
        rows, faults = read_rows(source, settings, columns, lambda image, _: path_fault(image, "a picture"), kind)
        problems += faults
        for row in rows:
            name = row.input.strip()
            path, place = source.path.parent / name, f"{row.name} ({name})"
            picture = pictures.setdefault((path, row.part), Picture(place, name, path, [], row.part, row.group))
            captions = row.target if isinstance(row.target, list) else [] if row.target is None else [row.target]
            picture.captions += [(place, caption) for caption in captions]
    return list(pictures.values()), problems, []


# -- shared


def _name_below(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def _root_of(source: SourceFile) -> Path:
    """Return the folder that a source's name starts from."""
    return source.path.parents[source.name.count("/")]


def _place(pictures: list[Picture], root: Path, settings: Settings, split: str = "") -> list[str]:
    """Give each picture its path, and return notes on folders that were not read."""
    paths, notes = picture_paths([picture.name for picture in pictures], root, settings.image_folder, split)
    for picture, path in zip(pictures, paths, strict=True):
        picture.path = path
    return notes


def _join(names: Sequence[str], limit: int = 6) -> str:
    return ", ".join(names[:limit]) + (f" and {len(names) - limit} more" if len(names) > limit else "")


FINDERS = {"flickr8k": find_flickr8k, "coco": find_coco, "manifest": find_manifest}
READERS = {"flickr8k": read_flickr8k, "coco": read_coco, "manifest": read_manifest}
