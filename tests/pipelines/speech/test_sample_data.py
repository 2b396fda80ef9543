"""Spoken sample data: what is said, by whom, and that all of it reads back."""

import hashlib
import re

import numpy as np
import pytest
import soundfile

from pipelines.speech import sample_data
from pipelines.speech.config import Settings
from pipelines.speech.connected_digits import DIGITS, join_digits
from pipelines.speech.formats import DIGIT_WORDS
from pipelines.speech.sample_data import VOICES, make_sample, make_sentences
from suite.errors import UserError
from tests.reading import reader

read = reader("speech")

SMALL = Settings(sample_rate=8000, n_fft=256, hop_length=80)


@pytest.fixture
def few(monkeypatch):
    """Samples of a few clips, spoken in about a second."""
    pytest.importorskip("espeakng_loader", reason="extra `demo` is not installed")
    monkeypatch.setattr(sample_data, "SIZES", {"train": 8, "dev": 3, "test": 3})
    monkeypatch.setattr(sample_data, "DIGIT_TAKES", 1)
    voices = {part: dict(list(own.items())[:2]) for part, own in VOICES.items()}
    monkeypatch.setattr(sample_data, "VOICES", voices)
    monkeypatch.setattr("pipelines.speech.connected_digits.STRINGS", {"train": 6, "dev": 2, "test": 2})


def digests(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_sentences_are_many_and_all_different():
    sentences = make_sentences()
    assert len(set(sentences)) == len(sentences) > 2 * sum(sample_data.SIZES.values())
    assert all(re.fullmatch(r"[a-z' ]+", sentence) for sentence in sentences)
    assert "please turn the kitchen light on" in sentences and "set the timer to five minutes" in sentences


def test_no_voice_speaks_in_two_parts():
    names = [name for voices in VOICES.values() for name in voices]
    assert len(set(names)) == len(names) == len({voice for voices in VOICES.values() for voice in voices.values()})


@pytest.mark.parametrize("format", ["manifest", "librispeech", "ljspeech", "commonvoice"])
def test_every_format_reads_back_as_the_same_sentences(tmp_path, few, format):
    examples = read(make_sample(tmp_path / format, format=format), SMALL)
    assert examples.format == format and examples.problems == ()
    assert {example.target for example in examples.items} <= set(make_sentences())
    assert len({example.target for example in examples.items}) == len(examples.items) == 14
    if format != "ljspeech":
        assert examples.sizes == {"train": 8, "dev": 3, "test": 3}
        groups = {part: {example.group for example in examples.part(part)} for part in examples.sizes}
        assert not groups["train"] & groups["dev"] and not groups["dev"] & groups["test"]
    if format == "manifest":
        for part in ("train", "dev", "test"):
            assert {example.group for example in examples.part(part)} <= set(VOICES[part])


def test_digits_are_said_by_every_voice(tmp_path, few):
    examples = read(make_sample(tmp_path / "digits", format="digits"), SMALL)
    voices = {name for own in sample_data.VOICES.values() for name in own}
    said = {(example.target, example.group) for example in examples.items}
    assert said == {(word, voice) for word in DIGIT_WORDS for voice in voices}
    assert examples.problems == () and all(examples.sizes.values())


def test_the_seed_decides_every_byte(tmp_path, few):
    one, other = (digests(make_sample(tmp_path / name, 3)) for name in ("one", "other"))
    assert one == other and len(one) == 14 + 3
    assert set(digests(make_sample(tmp_path / "new", 4)).values()).isdisjoint(set(one.values()))


def test_clips_are_audible_speech(tmp_path, few):
    make_sample(tmp_path / "m")
    for path in (tmp_path / "m" / "wavs").iterdir():
        samples, rate = soundfile.read(path)
        assert rate == 22050 and samples.ndim == 1 and 0.7 < len(samples) / rate < 4
        assert 0.02 < np.std(samples) < 0.5 and np.abs(samples).max() < 1


@pytest.fixture
def digits(tmp_path, write_tone):
    """Single digits by two speakers: the digit is heard as its frequency, 500 Hz and 100 more for each."""
    for speaker in ("ann", "bob"):
        for digit in range(10):
            for take in range(4):
                path = tmp_path / "digits" / f"{digit}_{speaker}_{take}.wav"
                write_tone(path, 0.3, 500 + 100 * digit, level=0.2 + 0.01 * take + 0.1 * (speaker == "bob"))
    return tmp_path / "digits"


def hear(samples, rate):
    """Return the digits in a string of tones, by the strongest frequency of each stretch that is loud."""
    size = rate // 50
    rows = samples[: len(samples) // size * size].reshape(-1, size)
    loud = np.sqrt(np.square(rows).mean(axis=1)) > 0.1
    starts = np.flatnonzero(np.diff(loud.astype(int), prepend=0) == 1)
    ends = np.flatnonzero(np.diff(loud.astype(int), append=0) == -1) + 1
    found = []
    for start, end in zip(starts, ends, strict=True):
        stretch = samples[start * size : end * size]
        peak = np.abs(np.fft.rfft(stretch)).argmax() * rate / len(stretch)
        found.append(DIGIT_WORDS[round((peak - 500) / 100)])
    return found


def test_strings_say_what_their_transcript_says(tmp_path, digits, monkeypatch):
    monkeypatch.setattr("pipelines.speech.connected_digits.STRINGS", {"train": 40, "dev": 10, "test": 10})
    monkeypatch.setattr("pipelines.speech.connected_digits.PAUSE_SECONDS", (0.1, 0.4))
    made = make_sample(tmp_path / "made", format="connected-digits", source=digits)
    examples = read(made, SMALL)
    assert examples.format == "manifest" and examples.sizes == {"train": 40, "dev": 10, "test": 10}
    for example in examples.items:
        samples, rate = soundfile.read(example.input)
        assert hear(samples, rate) == example.target.split()
        assert DIGITS[0] <= len(example.target.split()) <= DIGITS[1]
    assert {len(example.target.split()) for example in examples.items} == set(range(DIGITS[0], DIGITS[1] + 1))
    assert {example.group for example in examples.items} == {"ann", "bob"}


def test_a_string_is_of_one_speaker_and_of_clips_of_its_own_part(digits, tmp_path, monkeypatch):
    from pipelines.speech import connected_digits

    part_of = {example.name: (example.part, example.group) for example in read(digits, SMALL).items}
    chosen = []

    def choose(clips, generator):
        own = original(clips, generator)
        chosen.append({part_of[clip.name] for clip in own})
        return own

    original = connected_digits._choose
    monkeypatch.setattr(connected_digits, "_choose", choose)
    monkeypatch.setattr(connected_digits, "STRINGS", {"train": 20, "dev": 5, "test": 5})
    join_digits(digits, tmp_path, 0)
    assert [len(own) for own in chosen] == [1] * 30
    assert [part for ((part, _),) in chosen] == ["train"] * 20 + ["dev"] * 5 + ["test"] * 5


def test_strings_depend_on_source_and_seed_alone(tmp_path, digits, monkeypatch):
    monkeypatch.setattr("pipelines.speech.connected_digits.STRINGS", {"train": 4, "dev": 1, "test": 1})
    one, other = (digests(make_sample(tmp_path / n, 1, "connected-digits", digits)) for n in ("one", "other"))
    assert one == other
    assert digests(make_sample(tmp_path / "new", 2, "connected-digits", digits)) != one


def test_strings_of_espeaks_digits_need_no_source(tmp_path, few):
    examples = read(make_sample(tmp_path / "made", format="connected-digits"), SMALL)
    assert examples.sizes == {"train": 6, "dev": 2, "test": 2} and examples.problems == ()


def test_nothing_is_overwritten_and_faults_are_named(tmp_path, monkeypatch):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match=r"expected a new or empty folder. Received: one with files in it"):
        make_sample(tmp_path)
    with pytest.raises(UserError, match=r"mine\.txt: expected a new or empty folder. Received: a file"):
        make_sample(tmp_path / "mine.txt")
    with pytest.raises(UserError, match=r"--format: expected one of manifest, .*connected-digits. Received: 'xml'"):
        make_sample(tmp_path / "new", format="xml")
    with pytest.raises(UserError, match=r"--from: only the format connected-digits .* Received: digits"):
        make_sample(tmp_path / "new", format="digits", source=tmp_path)
    with pytest.raises(UserError, match=r"expected audio files named DIGIT_SPEAKER_INDEX"):
        make_sample(tmp_path / "new", format="connected-digits", source=tmp_path)
    monkeypatch.setattr("suite.audio.espeak.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"espeak-ng, which is not installed: pip install 'recurrent-suite\[demo\]'"):
        make_sample(tmp_path / "other")
    assert (tmp_path / "mine.txt").read_text() == "mine"
