"""The sample: the same seed makes the same files, no voice is in two parts, phrases have others that sound alike."""

import random

import numpy as np
import pytest
import soundfile

from pipelines.sound import sample_data
from pipelines.sound.config import Settings
from pipelines.sound.sample_data import RATE, UNKNOWN, make_sample, make_tones, sounding_alike
from suite.audio.voices import VOICES
from suite.errors import UserError
from tests.reading import reader

read = reader("sound")
FEW = {
    "train": dict(list(VOICES["train"].items())[:2]),
    "dev": dict([*VOICES["dev"].items()][:1]),
    "test": dict([*VOICES["test"].items()][:1]),
}


@pytest.mark.parametrize("format", ["folders", "manifest"])
def test_tones_take_the_place_of_voices_in_either_format(tmp_path, monkeypatch, format):
    monkeypatch.setattr(sample_data, "find_spec", lambda name: None)
    monkeypatch.setattr(sample_data, "VOICES", FEW)
    examples = read(make_sample(tmp_path / "a", format=format), Settings())
    assert (
        examples.format == format and not examples.problems and examples.sizes == {"train": 20, "dev": 10, "test": 10}
    )
    voices = [{example.group for example in examples.part(part)} for part in FEW]
    assert voices == [set(names) for names in FEW.values()]
    again = read(make_sample(tmp_path / "b", format=format), Settings())
    assert again.fingerprint == examples.fingerprint
    samples, rate = soundfile.read(examples.items[0].input)
    assert rate == RATE and len(samples) == RATE


def test_a_tone_rises_as_its_name_says():
    clips = {label: samples for _, label, _, samples in make_tones()}
    frames = clips["rising"].reshape(10, -1) / 32768
    loud = np.flatnonzero(frames.std(axis=1) > 0.05)
    pitches = [np.abs(np.fft.rfft(frame)).argmax() for frame in frames[loud]]
    assert pitches == sorted(pitches) and pitches[-1] > pitches[0]


def test_phrases_are_spoken_beside_what_sounds_alike(tmp_path, monkeypatch):
    pytest.importorskip("espeakng_loader")
    monkeypatch.setattr(sample_data, "VOICES", FEW)
    examples = read(make_sample(tmp_path / "a", phrases="hey suite, stop"), Settings())
    counts = {
        label: sum(example.target == label for example in examples.items) for label in ("hey suite", "stop", UNKNOWN)
    }
    assert counts["hey suite"] == counts["stop"] == 16 and 28 <= counts[UNKNOWN] <= 32
    for phrases, message in (("...", r"can speak. Received: '\.\.\.'"), (" ,", "expected words parted by commas")):
        with pytest.raises(UserError, match=message):
            make_sample(tmp_path / phrases.strip(" .,") / "b", phrases=phrases)


def test_what_sounds_alike_is_another_text():
    texts = sounding_alike("hey suite", random.Random(0))
    assert {"hey", "suite", "suite hey"} <= set(texts) and "hey suite" not in texts and len(texts) > 8
    assert all(text != "stop" for text in sounding_alike("stop", random.Random(0)))
