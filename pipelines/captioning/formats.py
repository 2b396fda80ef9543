"""Where the pictures and captions of each documented captioning format stand."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.captioning.config import Settings
from suite.data.examples import PARTS, Problem
from suite.data.parts import part_in_column, part_of
from suite.data.sources import Found, Source, find_tables, list_folder
from suite.data.tables import read_table
from suite.data.text_files import read_bytes, read_lines, undecodable
from suite.errors import UserError

WANTED = {
    "flickr8k": "Flickr8k.token.txt (NAME.jpg#0, a tab, the caption), beside it *trainImages.txt and so on and a folder of pictures",
    "coco": "a captions_*.json file with the keys images and annotations, and a folder of pictures",
    "manifest": "a .jsonl file with the keys image and captions (a list, or one text)",
}
PART_LISTS = re.compile(r".*(train|dev|val|test)Images\.txt", re.IGNORECASE)
TOKEN_FILE = re.compile(r".*\.token\.txt", re.IGNORECASE)
CAPTION_FILE = re.compile(r".*caption.*\.json", re.IGNORECASE)
FOLDER_DEPTH = 2  # folders below the root that pictures are looked for in
MOST_TRIED = 20  # pictures that show which folder it is


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


def find_flickr8k(root: Path, forced: bool = False) -> Found | None:
    """Return the token file, and the lists of the parts where there are any."""
    folder = root.parent if root.is_file() else root
    if root.is_file() and not (forced or TOKEN_FILE.fullmatch(root.name)):
        return None
    files = [path for place in [folder, *list_folder(folder)[1]] for path in list_folder(place)[0]]
    tokens = [root] if root.is_file() else [path for path in files if TOKEN_FILE.fullmatch(path.name)]
    if len(tokens) > 1:
        tokens = [path for path in tokens if not path.name.lower().startswith("crowdflower")][:1]
    if not tokens:
        return None
    lists = [path for path in files if PART_LISTS.fullmatch(path.name)]
    sources = [Source(tokens[0], _name_below(folder, tokens[0]))]
    for path in lists:
        sources.append(Source(path, _name_below(folder, path), part_of(PART_LISTS.fullmatch(path.name)[1])))
    named = f", with the list{'s' if len(lists) > 1 else ''} {_join([path.name for path in lists])}" if lists else ""
    return Found(f"{tokens[0].name}{named}", sources)


def read_flickr8k(found: Found, settings: Settings) -> tuple[list[Picture], list[Problem], list[str]]:
    """Return the pictures of the lists; without lists, all that the token file names."""
    token, *lists = found.sources
    captions, problems = _token_captions(token, settings)
    folder = _root_of(token)
    if not lists:
        pictures = [Picture(f"{own[0][0]} ({name})", name, Path(name), own) for name, own in captions.items()]
        return _placed(pictures, folder), problems, []
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
    left = [name for name in captions if name not in listed]
    notes = []
    if left:
        notes = [
            f"{len(left):,} picture{'s' if len(left) > 1 else ''} with captions on no list: left out, as {left[0]}."
        ]
    return _placed(list(listed.values()), folder), problems, notes


def _token_captions(token, settings):
    """Return `{name: [(place, caption)]}` of lines `NAME#N<TAB>CAPTION`."""
    captions: dict[str, list] = {}
    problems = []
    for number, line in enumerate(read_lines(token.path, settings.encoding), 1):
        place = f"{token.name}:{number}"
        if fault := undecodable(line, settings.encoding):
            problems.append(Problem(place, fault))
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


def find_coco(root: Path, forced: bool = False) -> Found | None:
    """Return the captions files: one that was named, or those of a folder and the folders in it."""
    if root.is_file():
        folder = root.parent.parent if root.parent.name.lower() == "annotations" else root.parent
        files = [root] if root.suffix.lower() == ".json" else []
    else:
        folder, places = root, [root, *list_folder(root)[1]]
        files = [path for place in places for path in list_folder(place)[0] if CAPTION_FILE.fullmatch(path.name)]
    if not files:
        return None
    sources = [Source(path, _name_below(folder, path), _part_of_json(path)) for path in files]
    return Found(_join([path.name for path in files]), sources)


def _part_of_json(path):
    return part_of(re.sub(r"\d+(?=\.json$)", "", path.name.lower()))


def read_coco(found: Found, settings: Settings) -> tuple[list[Picture], list[Problem], list[str]]:
    """Return the pictures of `{"images": [{"id", "file_name"}], "annotations": [{"image_id", "caption"}]}`."""
    pictures, problems = [], []
    for source in found.sources:
        held = _read_coco_file(source.path)
        own: dict[object, Picture] = {}
        for index, image in enumerate(held["images"]):
            place = f"{source.name}: images[{index}]"
            if not isinstance(image, dict) or "id" not in image or not isinstance(image.get("file_name"), str):
                problems.append(Problem(place, f"expected id and file_name. Received: {str(image)[:60]}"))
            elif image["id"] in own:
                problems.append(Problem(place, f"the id {image['id']} is that of another picture too"))
            else:
                name = image["file_name"]
                own[image["id"]] = Picture(f"{place} ({name})", name, Path(name), [], source.part)
        for index, note in enumerate(held["annotations"]):
            place = f"{source.name}: annotations[{index}]"
            if not isinstance(note, dict) or "image_id" not in note:
                problems.append(Problem(place, f"expected image_id and caption. Received: {str(note)[:60]}"))
            elif note["image_id"] not in own:
                message = f"a caption of the picture {note['image_id']}, which is not among the images"
                problems.append(Problem(place, message))
            else:
                own[note["image_id"]].captions.append((place, note.get("caption")))
        pictures += _placed(list(own.values()), _root_of(source))
    return pictures, problems, []


def _read_coco_file(path):
    try:
        held = json.loads(read_bytes(path))
    except ValueError as error:
        raise UserError(f"{path}: not valid JSON: {error}") from error
    lists = [held.get(key) if isinstance(held, dict) else None for key in ("images", "annotations")]
    if not all(isinstance(one, list) for one in lists):
        received = ", ".join(map(repr, list(held)[:6])) if isinstance(held, dict) else type(held).__name__
        raise UserError(f"{path}: expected the keys 'images' and 'annotations', lists. Received: {received}")
    return held


# -- manifest


def find_manifest(root: Path, forced: bool = False) -> Found | None:
    """Return the .jsonl files: one, or those of a folder that name parts."""
    return find_tables(root, "jsonl", forced)


def read_manifest(found: Found, settings: Settings) -> tuple[list[Picture], list[Problem], list[str]]:
    """Return the pictures of jsonl rows; paths are relative to the file, rows of the same picture are taken together."""
    pictures: dict[tuple, Picture] = {}
    problems = []
    for source in found.sources:
        table = read_table(source.path, settings.encoding, "jsonl", source.name)
        problems += table.problems
        if not table.rows and table.problems:
            continue
        image = table.column(settings.image_column, "image_column")
        captions = table.column(settings.captions_column, "captions_column")
        split, group = table.find_column("split"), table.find_column("group")
        for row in table.rows:
            name, part = row.values.get(image), source.part
            if not isinstance(name, str) or not name.strip():
                problems.append(Problem(row.name, f"expected the path of a picture. Received: {name!r}"))
                continue
            if split is not None and (part := part_in_column(row.values.get(split))) not in PARTS:
                problems.append(Problem(row.name, part))
                continue
            own = source.group if group is None else str(row.values.get(group) or "") or None
            place, said = f"{row.name} ({name.strip()})", row.values.get(captions)
            path = source.path.parent / name.strip()
            picture = pictures.setdefault((path, part), Picture(place, name.strip(), path, [], part, own))
            said = said if isinstance(said, list) else [] if said is None else [said]
            picture.captions += [(place, caption) for caption in said]
    return list(pictures.values()), problems, []


# -- shared


def _name_below(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def _root_of(source: Source) -> Path:
    """Return the folder that a source's name starts from."""
    return source.path.parents[source.name.count("/")]


def _placed(pictures: list[Picture], root: Path) -> list[Picture]:
    """Give each picture its path: below the folder, whatever its name, that holds the first of them that is there."""
    folders = list(_folders(root, FOLDER_DEPTH))
    found = (folder for one in pictures[:MOST_TRIED] for folder in folders if (folder / one.name).is_file())
    base = next(found, root)
    for picture in pictures:
        picture.path = base / picture.name
    return pictures


def _folders(folder: Path, depth: int) -> Iterator[Path]:
    yield folder
    for inner in list_folder(folder)[1] if depth else ():
        yield from _folders(inner, depth - 1)


def _join(names, shown=6):
    return ", ".join(names[:shown]) + (f" and {len(names) - shown} more" if len(names) > shown else "")


FINDERS = {"flickr8k": find_flickr8k, "coco": find_coco, "manifest": find_manifest}
READERS = {"flickr8k": read_flickr8k, "coco": read_coco, "manifest": read_manifest}
