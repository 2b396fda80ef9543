"""A small made-up set of spoken commands, by espeak-ng in many voices, speeds and pitches, in any documented format.

Grammar (`[a | b]` is one of them, `(a)` may be left out):

    (please) [turn | switch] the ROOM [light | lamp | fan | heater | radio] [on | off]
    (please) [turn | switch] [on | off] the ROOM [light | lamp | fan | heater | radio]
    (please) [open | close | lock] the ROOM [window | door | blinds]
    (please) set [the | my] [timer | alarm] [to | for] NUMBER [seconds | minutes | hours]
    (please) wake me (up) at [HOUR o'clock | half past HOUR | quarter past HOUR]
    (please) play (some) [jazz | rock | classical music] in the ROOM

No sentence is said twice, and no voice speaks in two parts. The digits are said by the same voices, each word several times.
"""

import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from pipelines.speech.formats import DIGIT_WORDS
from suite.audio.espeak import Utterance, speak
from suite.audio.voices import VOICES
from suite.audio.writing import write_audio, write_table
from suite.data.new_folder import make_new_folder
from suite.errors import UserError

SIZES = {"train": 600, "dev": 60, "test": 60}
DIGIT_TAKES = 4  # of every digit by every voice
WORDS_PER_MINUTE = (140, 190)
PITCHES = (30, 70)

ROOMS = ("kitchen", "bedroom", "bathroom", "office", "garage", "hall", "living room", "dining room")
DEVICES = ("light", "lamp", "fan", "heater", "radio")
NUMBERS = (*DIGIT_WORDS[2:], "ten", "twelve", "fifteen", "twenty", "thirty", "forty five")
HOURS = (*DIGIT_WORDS[1:], "ten", "eleven", "twelve")


@dataclass(frozen=True, slots=True)
class Spoken:
    """One clip: what is said, by whom, in which part, and its samples, int16 at `SAMPLE_RATE`."""

    text: str
    speaker: str
    part: str
    samples: np.ndarray


def make_sample(
    directory: Path | str, seed: int = 0, format: str = "manifest", source: Path | str | None = None
) -> Path:
    """Write sample speech and return the folder; the same seed writes the same files.

    Args:
        directory: A folder that is new or empty.
        format: `manifest`, `librispeech`, `ljspeech` or `commonvoice`: spoken commands; `digits`: single digits;
            `connected-digits`: a manifest of two to seven digits joined with pauses and noise.
        source: For `connected-digits`: data of the format `digits` to join; by default espeak-ng's.

    Raises:
        UserError: for an unknown format, a path that is a file or a folder with something in it, a source that cannot
            be read or has no use, or where espeak-ng is needed and not installed.
    """
    directory = Path(directory)
    if format not in FORMATS:
        raise UserError(f"--format: expected one of {', '.join(FORMATS)}. Received: {format!r}")
    if source is not None and format != "connected-digits":
        raise UserError(f"--from: only the format connected-digits is made from other data. Received: {format}")
    make_new_folder(directory)
    if format == "connected-digits":
        from pipelines.speech.connected_digits import join_digits

        if source is not None:
            return join_digits(Path(source), directory, seed)
        with tempfile.TemporaryDirectory() as folder:
            return join_digits(_write_digits(Path(folder), speak_digits(seed)), directory, seed)
    if format == "digits":
        return _write_digits(directory, speak_digits(seed))
    WRITERS[format](directory, speak_commands(seed))
    return directory


def make_sentences() -> list[str]:
    """Return every sentence of the grammar."""
    courtesy, the = ("", "please "), ("the",)
    patterns = [
        (("turn", "switch"), the, ROOMS, DEVICES, ("on", "off")),
        (("turn", "switch"), ("on", "off"), the, ROOMS, DEVICES),
        (("open", "close", "lock"), the, ROOMS, ("window", "door", "blinds")),
        (("set",), ("the", "my"), ("timer", "alarm"), ("to", "for"), NUMBERS, ("seconds", "minutes", "hours")),
        (("wake me", "wake me up"), ("at",), [f"{hour} o'clock" for hour in HOURS]),
        (("wake me", "wake me up"), ("at half past", "at quarter past"), HOURS),
        (("play", "play some"), ("jazz", "rock", "classical music"), ("in the",), ROOMS),
    ]
    return [polite + " ".join(words) for polite in courtesy for pattern in patterns for words in product(*pattern)]


def speak_commands(seed: int = 0) -> list[Spoken]:
    """Return the spoken commands of all parts."""
    generator = random.Random(seed)
    sentences = iter(generator.sample(make_sentences(), sum(SIZES.values())))
    utterances = []
    for part, size in SIZES.items():
        speakers = [list(VOICES[part])[index % len(VOICES[part])] for index in range(size)]
        utterances += [(next(sentences), speaker, part) for speaker in speakers]
    return _speak(utterances, generator)


def speak_digits(seed: int = 0) -> list[Spoken]:
    """Return single digits, each said `DIGIT_TAKES` times by every voice."""
    speakers = [(speaker, part) for part, voices in VOICES.items() for speaker in voices]
    utterances = [
        (word, speaker, part) for word, (speaker, part), _ in product(DIGIT_WORDS, speakers, range(DIGIT_TAKES))
    ]
    return _speak(utterances, random.Random(seed))


def _speak(requests: list[tuple[str, str, str]], generator: random.Random) -> list[Spoken]:
    utterances = [
        Utterance(text, VOICES[part][speaker], generator.randint(*WORDS_PER_MINUTE), generator.randint(*PITCHES))
        for text, speaker, part in requests
    ]
    return [Spoken(*request, samples) for request, samples in zip(requests, speak(utterances), strict=True)]


def _write_manifest(directory: Path, clips: list[Spoken]) -> None:
    """Write `train.csv`, `dev.csv`, `test.csv` (audio, text, speaker) beside `wavs/`."""
    rows = {part: [("audio", "text", "speaker")] for part in SIZES}
    for number, clip in enumerate(clips):
        name = f"wavs/{clip.part}_{number:04d}_{clip.speaker}.wav"
        write_audio(directory / name, clip.samples)
        rows[clip.part].append((name, clip.text, clip.speaker))
    for part, part_rows in rows.items():
        write_table(directory / f"{part}.csv", part_rows)


def _write_librispeech(directory: Path, clips: list[Spoken]) -> None:
    """Write `PART/SPEAKER/CHAPTER/*.flac` with a transcript list in each chapter; speakers are numbers."""
    folders = {"train": "train-clean-100", "dev": "dev-clean", "test": "test-clean"}
    speakers = [speaker for voices in VOICES.values() for speaker in voices]
    lists: dict[Path, list[str]] = {}
    for clip in clips:
        number = 100 + speakers.index(clip.speaker)
        chapter = directory / folders[clip.part] / str(number) / "1"
        lines = lists.setdefault(chapter / f"{number}-1.trans.txt", [])
        name = f"{number}-1-{len(lines):04d}"
        write_audio(chapter / f"{name}.flac", clip.samples)
        lines.append(f"{name} {clip.text.upper()}")
    for path, lines in lists.items():
        path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def _write_ljspeech(directory: Path, clips: list[Spoken]) -> None:
    """Write `metadata.csv` beside `wavs/`; the format names no parts."""
    lines = []
    for number, clip in enumerate(clips):
        name = f"{clip.speaker}-{number:04d}"
        write_audio(directory / "wavs" / f"{name}.wav", clip.samples)
        lines.append(f"{name}|{clip.text.capitalize()}.|{clip.text}")
    (directory / "metadata.csv").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def _write_commonvoice(directory: Path, clips: list[Spoken]) -> None:
    """Write `train.tsv`, `dev.tsv`, `test.tsv` (client_id, path, sentence) beside `clips/*.mp3`."""
    rows = {part: [("client_id", "path", "sentence")] for part in SIZES}
    for number, clip in enumerate(clips):
        name = f"common_voice_en_{number:04d}.mp3"
        write_audio(directory / "clips" / name, clip.samples)
        rows[clip.part].append((clip.speaker, name, f"{clip.text.capitalize()}."))
    for part, part_rows in rows.items():
        write_table(directory / f"{part}.tsv", part_rows)


def _write_digits(directory: Path, clips: list[Spoken]) -> Path:
    """Write `DIGIT_SPEAKER_INDEX.wav`; the format names no parts."""
    takes: dict[tuple[str, str], int] = {}
    for clip in clips:
        take = takes[clip.text, clip.speaker] = takes.get((clip.text, clip.speaker), -1) + 1
        write_audio(directory / f"{DIGIT_WORDS.index(clip.text)}_{clip.speaker}_{take}.wav", clip.samples)
    return directory


WRITERS: dict[str, Callable[[Path, list[Spoken]], None]] = {
    "manifest": _write_manifest,
    "librispeech": _write_librispeech,
    "ljspeech": _write_ljspeech,
    "commonvoice": _write_commonvoice,
}
FORMATS = (*WRITERS, "digits", "connected-digits")
