"""A small made-up set of drawn scenes, written in any documented format.

A small and a large shape stand in a 48x48 picture in one of four relations: "a small red circle left of a blue square".
Each scene has three captions that say so in three ways. Which coloured shape stands how to which other is a combination;
about a sixth of them occur in dev and test alone, so that a model which scores there has learned what the words mean
and not the sentences.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from suite.data.new_folder import make_sample_folder
from suite.data.stable_hash import stable_share

SIZES = {"train": 1500, "dev": 150, "test": 150}
COLOURS = {"red": (215, 40, 40), "green": (50, 170, 70), "blue": (50, 80, 220), "yellow": (235, 205, 50)}
SHAPES = ("circle", "square", "triangle")
SMALL, LARGE = 5, 9  # pixels from the middle to the edge
RELATIONS = ("left of", "right of", "above", "below")
SIDE = 48  # pixels
APART = (20, 26)  # pixels between the middles, along the relation
ASIDE = 5  # pixels, at most, across it
HELD_OUT = 1 / 6


Scene = tuple[np.ndarray, tuple[str, ...]]  # the picture, uint8 RGB, and its captions


@dataclass(frozen=True)
class Thing:
    """One shape of a scene: `"red"`, `"circle"`."""

    colour: str
    shape: str

    def __str__(self) -> str:
        return f"{self.colour} {self.shape}"


def make_sample(directory: Path | str, seed: int = 0, format: str = "manifest") -> Path:
    """Write the sample scenes, in parts train, dev and test, and return the folder.

    The same seed draws the same scenes.

    Args:
        directory: A folder that is new or empty.
        format: `manifest`, `flickr8k` or `coco`.

    Raises:
        UserError: for an unknown format, or a path that is a file or a folder with something in it.
    """
    directory = make_sample_folder(directory, format, WRITERS)
    WRITERS[format](directory, make_scenes(seed))
    return directory


def make_scenes(seed: int = 0) -> dict[str, list[Scene]]:
    """Return `(picture uint8 (48, 48, 3), captions)` for each part; held-out combinations in dev and test alone."""
    generator = np.random.default_rng(seed)
    return {part: [_make_scene(generator, part != "train") for _ in range(size)] for part, size in SIZES.items()}


def is_held_out(first: Thing, relation: str, second: Thing) -> bool:
    """Return whether a small thing in this relation to a large one is kept from training."""
    return stable_share("held-out scenes", f"{first} {relation} {second}") < HELD_OUT


def _make_scene(generator: np.random.Generator, held_out: bool) -> Scene:
    while True:
        first, second = (_draw_thing(generator) for _ in range(2))
        relation = str(generator.choice(RELATIONS))
        if is_held_out(first, relation, second) == held_out:
            break
    captions = (
        f"a small {first} {relation} a {second}",
        f"a small {first} is {relation} a {second}",
        f"there is a small {first} {relation} a {second}",
    )
    return _draw_scene(generator, first, relation, second), captions


def _draw_thing(generator: np.random.Generator) -> Thing:
    return Thing(*(str(generator.choice(list(names))) for names in (COLOURS, SHAPES)))


def _draw_scene(generator: np.random.Generator, first: Thing, relation: str, second: Thing) -> np.ndarray:
    """Return the picture: both shapes about the middle, each as far from it as the relation says, on a dark ground."""
    from PIL import Image, ImageDraw

    along, aside = generator.uniform(*APART), generator.uniform(-ASIDE, ASIDE)
    offset = np.array({"left of": (-along, aside), "right of": (along, aside)}.get(relation, (aside, -along)))
    offset = -offset if relation == "below" else offset
    middle = SIDE / 2 + generator.uniform(-3, 3, 2)
    picture = Image.new("RGB", (SIDE, SIDE), tuple(map(int, generator.integers(0, 50, 3))))
    pen = ImageDraw.Draw(picture)
    places = (first, SMALL, middle + offset / 2), (second, LARGE, middle - offset / 2)
    for item, radius, (x, y) in places:
        box = (x - radius, y - radius, x + radius, y + radius)
        if item.shape == "circle":
            pen.ellipse(box, COLOURS[item.colour])
        elif item.shape == "square":
            pen.rectangle(box, COLOURS[item.colour])
        else:
            pen.polygon([(x, y - radius), (x - radius, y + radius), (x + radius, y + radius)], COLOURS[item.colour])
    noisy = np.asarray(picture) + generator.normal(0, 6, (SIDE, SIDE, 3))
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def _write_picture(path: Path, picture: np.ndarray) -> None:
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path)


def _write_manifest(directory: Path, parts: dict[str, list[Scene]]) -> None:
    lines = []
    for part, scenes in parts.items():
        for number, (picture, captions) in enumerate(scenes):
            name = f"pictures/{part}{number:04d}.png"
            _write_picture(directory / name, picture)
            lines.append(json.dumps({"image": name, "captions": captions, "split": part}))
    _write_text(directory / "manifest.jsonl", lines)


def _write_flickr8k(directory: Path, parts: dict[str, list[Scene]]) -> None:
    tokens = []
    for part, scenes in parts.items():
        names = [f"{part}{number:04d}.png" for number in range(len(scenes))]
        for name, (picture, captions) in zip(names, scenes, strict=True):
            _write_picture(directory / "images" / name, picture)
            tokens += [f"{name}#{index}\t{caption} ." for index, caption in enumerate(captions)]
        _write_text(directory / f"Flickr_8k.{part}Images.txt", names)
    _write_text(directory / "Flickr8k.token.txt", tokens)


def _write_coco(directory: Path, parts: dict[str, list[Scene]]) -> None:
    for part, scenes in parts.items():
        images, annotations = [], []
        for number, (picture, captions) in enumerate(scenes):
            name = f"{part}{number:04d}.png"
            images.append({"id": number, "file_name": name})
            _write_picture(directory / part / name, picture)
            annotations += [{"id": len(annotations), "image_id": number, "caption": caption} for caption in captions]
        annotation_file = {"images": images, "annotations": annotations}
        _write_text(directory / "annotations" / f"captions_{part}.json", [json.dumps(annotation_file)])


def _write_text(path: Path, lines: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


WRITERS: dict[str, Callable[[Path, dict[str, list[Scene]]], None]] = {
    "manifest": _write_manifest,
    "flickr8k": _write_flickr8k,
    "coco": _write_coco,
}
