"""A small made-up set of spoken commands, by espeak-ng in many voices, in any documented format; else of tones and noises.

Each clip is a second, or as long as a phrase takes. No voice speaks in two parts; `_silence_` is noise alone.
"""

import random
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from suite.audio.espeak import SAMPLE_RATE as SPOKEN_RATE
from suite.audio.espeak import Utterance, speak
from suite.audio.voices import VOICES
from suite.audio.writing import write_audio, write_table
from suite.data.new_folder import make_sample_folder
from suite.errors import UserError

COMMANDS = ("go", "left", "right", "stop", "yes")
OTHERS = (
    "what time is it",
    "please turn on the light",
    "seven",
    "banana",
    "good morning",
    "never mind",
    "water",
    "okay",
)
SILENCE, UNKNOWN = "_silence_", "_unknown_"
TAKES = 2  # of every command by every voice
PHRASE_TAKES = 4  # of every phrase
RATE = 16000  # Hz, of the clips
SECONDS = 1.0  # of a clip, at least
SHORTEST_SECONDS = 0.1  # of a phrase that can be spoken
WORDS_PER_MINUTE, PITCHES = (130, 200), (25, 75)
CONSONANTS = "bdfgklmnprstvz"
TONES = {"low": (200.0, 200.0), "high": (1800.0, 1800.0), "rising": (300.0, 1500.0), "falling": (1500.0, 300.0)}

Clip = tuple[str, str, str, np.ndarray]  # part, class, who or what sounds, samples
Request = tuple[str, str, str, str]  # part, class, voice, text


def make_sample(directory: Path | str, seed: int = 0, format: str = "folders", phrases: str | None = None) -> Path:
    """Write the sample clips, in parts train, dev and test, and return the folder; the same seed writes the same files.

    Args:
        directory: A folder that is new or empty.
        seed: Of words a minute, pitch, place and noise.
        format: `folders` or `manifest`.
        phrases: Parted by commas: these are the classes, beside `_unknown_`, of which half sounds like them.

    Raises:
        UserError: for an unknown format, a path that is a file or a folder with something in it, a phrase that cannot be
            spoken, or phrases where espeak-ng is not installed.
    """
    directory = make_sample_folder(directory, format, WRITERS)
    draw = random.Random(seed)
    if phrases is not None:
        clips = _speak(
            phrase_requests([phrase.strip() for phrase in phrases.split(",") if phrase.strip()], draw), draw, seed
        )
    elif find_spec("espeakng_loader"):
        voices = [(part, voice) for part, voices in VOICES.items() for voice in voices] * TAKES
        clips = _speak([(part, word, voice, word) for part, voice in voices for word in COMMANDS], draw, seed)
    else:
        clips = make_tones(seed)
    WRITERS[format](directory, clips)
    return directory


def phrase_requests(phrases: Sequence[str], draw: random.Random) -> list[Request]:
    """Return who says what: each phrase, what sounds like it, and what does not, in every voice.

    Raises:
        UserError: if there is no phrase.
    """
    if not phrases:
        raise UserError("--phrases: expected words parted by commas, as 'hey suite,stop'. Received: none")
    requests = []
    for part, voices in VOICES.items():
        for voice in voices:
            for phrase in phrases:
                requests += [(part, phrase, voice, phrase)] * PHRASE_TAKES
                alike = sorted(set(sounding_alike(phrase, draw)) - set(phrases))
                requests += [(part, UNKNOWN, voice, text) for text in draw.sample(alike, min(2, len(alike)))]
                requests += [(part, UNKNOWN, voice, text) for text in draw.sample(OTHERS, 2)]
    return requests


def sounding_alike(phrase: str, draw: random.Random) -> list[str]:
    """Return texts that sound like a phrase and are another: a word too few, in another order, with another consonant."""
    words = phrase.split()
    texts = [" ".join(words[:place] + words[place + 1 :]) for place in range(len(words))] if len(words) > 1 else []
    texts += [" ".join(reversed(words))] if len(words) > 1 else [phrase[: max(1, len(phrase) // 2)]]
    for place, word in enumerate(words):
        for at in (0, len(word) - 1):
            letters = draw.sample([letter for letter in CONSONANTS if letter != word[at]], 2)
            changed = [word[:at] + letter + word[at + 1 :] for letter in letters]
            texts += [" ".join([*words[:place], text, *words[place + 1 :]]) for text in changed]
    return [text for text in texts if text and text != phrase]


def _speak(requests: Sequence[Request], draw: random.Random, seed: int) -> list[Clip]:
    """Return what was asked for, as spoken, and as many clips of noise as there are takes of a voice."""
    from suite.audio.read import resample

    generator = np.random.default_rng(seed)
    utterances = [
        Utterance(text, VOICES[part][voice], draw.randint(*WORDS_PER_MINUTE), draw.randint(*PITCHES))
        for part, _, voice, text in requests
    ]
    clips = []
    for (part, label, voice, text), samples in zip(requests, speak(utterances), strict=True):
        if len(samples) < SHORTEST_SECONDS * SPOKEN_RATE or not np.any(samples):
            if label == UNKNOWN:
                continue
            raise UserError(f"--phrases: expected words that espeak-ng can speak. Received: {text!r}")
        spoken = resample(samples.astype(np.float32) / 32768, SPOKEN_RATE, RATE)
        clips.append((part, label, voice, _placed(spoken, generator)))
    return clips + _silence(generator)


def make_tones(seed: int = 0) -> list[Clip]:
    """Return tones that stand, rise or fall in place of words, as many as the voices would say, and noise."""
    generator = np.random.default_rng(seed)
    clips = []
    for part, voices in VOICES.items():
        for voice in list(voices) * TAKES:
            for name, (begin, end) in TONES.items():
                seconds = np.arange(int(generator.uniform(0.3, 0.7) * RATE)) / RATE
                scale = generator.uniform(0.8, 1.25)
                phase = begin * seconds + (end - begin) * np.square(seconds) / (2 * seconds[-1])
                tone = 0.3 * np.sin(2 * np.pi * scale * phase) * np.hanning(len(seconds))
                clips.append((part, name, voice, _placed(tone, generator)))
    return clips + _silence(generator)


def _silence(generator: np.random.Generator) -> list[Clip]:
    nothing = np.zeros(0, np.float32)
    return [
        (part, SILENCE, voice, _placed(nothing, generator)) for part in VOICES for voice in list(VOICES[part]) * TAKES
    ]


def _placed(sound: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return a second, or what a longer sound needs, int16, in which it begins anywhere it fits, with a little noise."""
    samples = generator.standard_normal(max(int(SECONDS * RATE), len(sound))) * 10 ** generator.uniform(-3.5, -2)
    begin = int(generator.integers(0, len(samples) - len(sound) + 1))
    samples[begin : begin + len(sound)] += sound
    return np.clip(np.round(samples * 32767), -32768, 32767).astype(np.int16)


def _named(clips: list[Clip]) -> list[tuple[str, Clip]]:
    """Return the clips with their names, `CLASS/VOICE_nohash_NUMBER.wav`."""
    takes: dict[tuple[str, str], int] = {}
    named = []
    for clip in clips:
        _, label, voice, _ = clip
        number = takes[label, voice] = takes.get((label, voice), -1) + 1
        named.append((f"{label}/{voice}_nohash_{number}.wav", clip))
    return named


def _write_folders(directory: Path, clips: list[Clip]) -> None:
    for name, (part, _, _, samples) in _named(clips):
        write_audio(directory / part / name, samples, RATE)


def _write_manifest(directory: Path, clips: list[Clip]) -> None:
    rows: list[tuple[str, ...]] = [("audio", "label", "speaker", "split")]
    for name, (part, label, voice, samples) in _named(clips):
        write_audio(directory / "clips" / name, samples, RATE)
        rows.append((f"clips/{name}", label, voice, part))
    write_table(directory / "manifest.csv", rows)


WRITERS: dict[str, Callable[[Path, list[Clip]], None]] = {"folders": _write_folders, "manifest": _write_manifest}
