"""Clips of tones: a set in any format, made in milliseconds."""

import csv

import numpy as np
import pytest
import soundfile

RATE = 8000


@pytest.fixture
def make(tmp_path):
    """Write a data set: name -> frequency of half a second of a tone, (frequency, seconds), a text, or rows of a csv."""

    def run(files, root=tmp_path):
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, str):
                path.write_text(content)
            elif isinstance(content, list):
                with open(path, "w", newline="") as file:
                    csv.writer(file).writerows(content)
            else:
                frequency, seconds = content if isinstance(content, tuple) else (content, 0.5)
                times = np.arange(int(seconds * RATE)) / RATE
                soundfile.write(path, 0.3 * np.sin(2 * np.pi * frequency * times), RATE)
        return root

    return run
