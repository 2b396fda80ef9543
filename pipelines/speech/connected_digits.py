"""Strings of digits made of clips of single digits: two to seven, one speaker's, with pauses and noise between."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipelines.speech.config import Settings
from pipelines.speech.data import check_parts, read
from suite.audio.writing import write_audio, write_table
from suite.data.examples import PARTS, Example
from suite.data.splits import assign_parts

STRINGS = {"train": 2000, "dev": 200, "test": 200}
DIGITS = (2, 7)
PAUSE_SECONDS = (0.02, 0.4)
EDGE_SECONDS = (0.05, 0.3)
SNR_DB = (15.0, 40.0)
FULL_SCALE = 32767


def join_digits(source: Path, directory: Path, seed: int = 0) -> Path:
    """Write `train.csv`, `dev.csv`, `test.csv` (audio, text, speaker) and their wavs, and return the folder.

    The parts of the clips are those of `source` read as `digits` (drawn by content where it names none), and a string is
    made of clips of its own part alone. The same source and seed write the same files.

    Args:
        source: Data of the format `digits`.

    Raises:
        UserError: if the source cannot be read as `digits`.
    """
    from suite.audio.read import inspect_audio, read_audio

    settings = Settings(split_by="content")
    examples = check_parts(assign_parts(read(source, settings, "digits"), settings), settings)
    rate = inspect_audio(examples.items[0].input).sample_rate
    samples = {example.input: read_audio(example.input, rate) for example in examples.items}
    generator = np.random.default_rng(seed)
    for part in PARTS:
        clips = examples.part(part)
        if not clips:
            continue
        rows = [("audio", "text", "speaker")]
        for number in range(STRINGS[part]):
            string = _choose(clips, generator)
            name = f"{part}/{number:04d}.wav"
            write_audio(directory / name, _join([samples[clip.input] for clip in string], rate, generator), rate)
            rows.append((name, " ".join(clip.target for clip in string), string[0].group or ""))
        write_table(directory / f"{part}.csv", rows)
    return directory


def _choose(clips: Sequence[Example], generator: np.random.Generator) -> list[Example]:
    """Return clips of one speaker, speakers drawn alike and of each all clips alike."""
    speakers = sorted({clip.group or "" for clip in clips})
    speaker = speakers[generator.integers(len(speakers))]
    speaker_clips = [clip for clip in clips if (clip.group or "") == speaker]
    count = generator.integers(DIGITS[0], DIGITS[1] + 1)
    return [speaker_clips[index] for index in generator.integers(len(speaker_clips), size=count)]


def _join(clips: Sequence[np.ndarray], rate: int, generator: np.random.Generator) -> np.ndarray:
    """Return int16 samples: silence, a clip, silence, ..., and white noise over it all."""
    gaps = [EDGE_SECONDS, *[PAUSE_SECONDS] * (len(clips) - 1), EDGE_SECONDS]
    silences = [np.zeros(int(generator.uniform(*seconds) * rate), np.float32) for seconds in gaps]
    joined = np.concatenate([silences[0], *(piece for pair in zip(clips, silences[1:], strict=True) for piece in pair)])
    power = np.mean(np.square(np.concatenate(clips)))
    level = np.sqrt(power) * 10 ** (-generator.uniform(*SNR_DB) / 20)
    joined += (level * generator.standard_normal(len(joined))).astype(np.float32)
    return np.round(np.clip(joined, -1, 1) * FULL_SCALE).astype(np.int16)
