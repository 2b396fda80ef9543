"""Writing sample data: audio files, and the tables that name them."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from suite.audio.espeak import SAMPLE_RATE


def write_audio(path: Path, samples: np.ndarray, sample_rate: int = SAMPLE_RATE) -> None:
    """Write int16 samples in the format that the path's ending names, making its folder."""
    import soundfile

    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, sample_rate)


def write_table(path: Path, rows: Sequence[Sequence[str]]) -> None:
    """Write a csv, or a tsv without quoting, as the path's ending says."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        if path.suffix == ".csv":
            csv.writer(file, lineterminator="\n").writerows(rows)
        else:
            file.writelines("\t".join(row) + "\n" for row in rows)
