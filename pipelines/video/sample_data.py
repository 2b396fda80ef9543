"""A small made-up set of clips whose class lies in the motion of a shape, written in any documented format.

A disc, square or triangle moves over a 32x32 picture that joins itself at the edges (what leaves on one side comes in on
the other): `left`, `right`, `up`, `down`, or on a circle `clockwise`, `anticlockwise`. Beside it stand a shape that
never moves and one that jumps to another place in every frame.

Where the motion starts is drawn evenly over the picture, so in every frame the moving shape is anywhere with the same
probability whatever the class: a single frame says nothing. The classes are pairs of one motion and its reverse, so
the frames without their order cannot tell the two apart either.
"""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np

from suite.data.new_folder import make_sample_folder
from suite.errors import UserError
from suite.vision.opencv import import_cv2

SIZES = {"train": 720, "dev": 120, "test": 120}
CLASSES = ("left", "right", "up", "down", "clockwise", "anticlockwise")
DIRECTIONS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
SIDE = 32  # pixels
FRAME_RATE = 10  # frames per second
FRAMES = (12, 16)  # fewest and most of a clip
SPEED = (1.5, 3.0)  # pixels per frame
RADIUS = (5.0, 8.0)  # of the circle, pixels
CLIPS_OF_GROUP = 5


def make_sample(directory: Path | str, seed: int = 0, format: str = "folders") -> Path:
    """Write the sample clips, in parts train, dev and test, and return the folder.

    The same seed draws the same clips. `ucf101` knows no dev part, so there it is drawn from train when read.

    Args:
        directory: A folder that is new or empty.
        format: `folders`, `manifest` or `ucf101`.

    Raises:
        UserError: for an unknown format, or a path that is a file or a folder with something in it.
    """
    directory = make_sample_folder(directory, format, WRITERS)
    WRITERS[format](directory, make_clips(seed))
    return directory


def make_clips(seed: int = 0) -> dict[str, list[tuple[np.ndarray, str]]]:
    """Return `(frames uint8 (time, 32, 32, 3), label)` for each part, the classes in equal numbers."""
    generator = np.random.default_rng(seed)
    return {
        part: [
            (make_clip(generator, CLASSES[number % len(CLASSES)]), CLASSES[number % len(CLASSES)])
            for number in range(size)
        ]
        for part, size in SIZES.items()
    }


def make_clip(generator: np.random.Generator, label: str) -> np.ndarray:
    """Return one clip of a class, uint8 RGB (time, 32, 32, 3)."""
    count = int(generator.integers(FRAMES[0], FRAMES[1] + 1))
    moving, jumping, standing = (_draw_shape(generator) for _ in range(3))
    paths = {
        "standing": np.tile(generator.integers(0, SIDE, (1, 2)), (count, 1)),
        "jumping": generator.integers(0, SIDE, (count, 2)),
        "moving": _move(generator, label, count),
    }
    background = generator.integers(0, 96, 3)
    frames = np.empty((count, SIDE, SIDE, 3), np.uint8)
    frames[:] = background
    for path, (mask, colour) in zip(paths.values(), (standing, jumping, moving), strict=True):
        for frame, (x, y) in zip(frames, path, strict=True):
            frame[np.roll(mask, (y, x), axis=(0, 1))] = colour
    noise = generator.normal(0, 4, frames.shape)
    return np.clip(np.rint(frames + noise), 0, 255).astype(np.uint8)


def _draw_shape(generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return a shape about the corner (0, 0) of the joined picture, boolean (32, 32), and its colour."""
    cv2 = import_cv2()
    mask, middle, half = np.zeros((SIDE, SIDE), np.uint8), SIDE // 2, int(generator.integers(3, 5))
    low, high = middle - half, middle + half
    kind = generator.integers(3)
    if kind == 0:
        cv2.circle(mask, (middle, middle), half, 1, cv2.FILLED)
    elif kind == 1:
        cv2.rectangle(mask, (low, low), (high, high), 1, cv2.FILLED)
    else:
        cv2.fillConvexPoly(mask, np.array([(low, high), (high, high), (middle, low)], np.int32), 1)
    return np.roll(mask, (-middle, -middle), axis=(0, 1)).astype(bool), generator.integers(128, 256, 3)


def _move(generator: np.random.Generator, label: str, count: int) -> np.ndarray:
    """Return where the moving shape is in each frame, whole pixels (time, 2) as x, y."""
    start, speed, steps = generator.uniform(0, SIDE, 2), generator.uniform(*SPEED), np.arange(count)[:, None]
    if label in DIRECTIONS:
        places = start + steps * speed * np.array(DIRECTIONS[label])
    else:
        radius, phase = generator.uniform(*RADIUS), generator.uniform(0, 2 * np.pi)
        turn = 1 if label == "clockwise" else -1  # y grows downwards
        angle = phase + turn * steps * speed / radius
        places = start + radius * np.hstack([np.cos(angle), np.sin(angle)])
    return np.floor(places).astype(int) % SIDE


def _write_clip(path: Path, frames: np.ndarray) -> None:
    """Write frames as Motion JPEG in AVI, which every build of OpenCV, and nearly every player, reads."""
    cv2 = import_cv2()
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), FRAME_RATE, (SIDE, SIDE))
    if not writer.isOpened():
        raise UserError(f"{path}: cannot be written as a video")
    for frame in frames:
        writer.write(np.ascontiguousarray(frame[:, :, ::-1]))
    writer.release()


def _write_folders(directory: Path, parts: dict[str, list[tuple[np.ndarray, str]]]) -> None:
    for part, clips in parts.items():
        for number, (frames, label) in enumerate(clips):
            _write_clip(directory / part / label / f"{number:03d}.avi", frames)


def _write_manifest(directory: Path, parts: dict[str, list[tuple[np.ndarray, str]]]) -> None:
    rows = [("video", "label", "split")]
    for part, clips in parts.items():
        for number, (frames, label) in enumerate(clips):
            rows.append((f"clips/{part}{number:03d}.avi", label, part))
            _write_clip(directory / rows[-1][0], frames)
    with open(directory / "manifest.csv", "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def _write_ucf101(directory: Path, parts: dict[str, list[tuple[np.ndarray, str]]]) -> None:
    lists, written = {"train": [], "test": []}, dict.fromkeys(CLASSES, 0)
    for part, clips in parts.items():
        # A new part begins with a new group of every class.
        written = {label: -(-count // CLIPS_OF_GROUP) * CLIPS_OF_GROUP for label, count in written.items()}
        for frames, label in clips:
            group, clip = divmod(written[label], CLIPS_OF_GROUP)
            written[label] += 1
            name = f"{label}/v_{label}_g{group + 1:02d}_c{clip + 1:02d}.avi"
            _write_clip(directory / "UCF-101" / name, frames)
            number = f" {CLASSES.index(label) + 1}" if part != "test" else ""
            lists["test" if part == "test" else "train"].append(name + number)
    folder = directory / "ucfTrainTestlist"
    folder.mkdir()
    lists = {f"{part}list01.txt": lines for part, lines in lists.items()}
    lists["classInd.txt"] = [f"{number} {label}" for number, label in enumerate(CLASSES, 1)]
    for name, lines in lists.items():
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


WRITERS: dict[str, Callable[[Path, dict[str, list[tuple[np.ndarray, str]]]], None]] = {
    "folders": _write_folders,
    "manifest": _write_manifest,
    "ucf101": _write_ucf101,
}
