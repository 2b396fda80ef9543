"""Tiny clips, all different, in any layout."""

import csv

import numpy as np
import pytest

from suite.vision.opencv import import_cv2


@pytest.fixture(scope="session")
def write_clip():
    """Write `frames` frames of 24x32 noise, `scale` times as large, about a grey that `number` decides."""

    def write(path, number, frames=4, scale=1):
        cv2 = import_cv2()
        path.parent.mkdir(parents=True, exist_ok=True)
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (32 * scale, 24 * scale))
        generator = np.random.default_rng(number)
        for index in range(frames):
            picture = generator.integers(0, 40, (24, 32, 3)) + 10 * (number % 20)
            picture[:, : 2 * index + 2] += 10
            writer.write(picture.astype(np.uint8).repeat(scale, axis=0).repeat(scale, axis=1))
        writer.release()
        return path

    return write


@pytest.fixture
def make(tmp_path, write_clip):
    """Write a data set: name -> number of a clip, (number, frames, scale), bytes, a text, or rows of a csv."""

    def run(files, root=tmp_path):
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, int):
                write_clip(path, content)
            elif isinstance(content, tuple):
                write_clip(path, *content)
            elif isinstance(content, list):
                with open(path, "w", newline="") as file:
                    csv.writer(file).writerows(content)
            else:
                path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return root

    return run
