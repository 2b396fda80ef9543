import csv
import io
import json
import os
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipelines.speech.config import Settings
from pipelines.speech.data import encode_transcript, prepare
from suite.errors import UserError
from suite.inputs.recordings import raw_arrays
from tests.reading import reader

read = reader("speech")

SMALL = Settings(sample_rate=8000, n_fft=256, hop_length=80)
SAID = [(1, "ann", "One."), (2, "bob", "Two,  too"), (3, "ann", "Three"), (4, "cy", "Don't!")]
TARGETS = ["one", "two too", "three", "don't"]


def write(path, lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def manifest(kind):
    def make(root, write_tone):
        rows = [("audio", "text", "speaker")]
        for number, speaker, text in SAID:
            write_tone(root / "wavs" / f"{number}.wav", frequency=100 * number)
            rows.append((f"wavs/{number}.wav", text, speaker))
        if kind == "jsonl":
            write(root / "train.jsonl", [json.dumps(dict(zip(rows[0], row, strict=True))) for row in rows[1:]])
        elif kind == "tsv":
            write(root / "train.tsv", ["\t".join(row) for row in rows])
        else:
            with open(root / "train.csv", "w", encoding="utf-8") as file:
                csv.writer(file).writerows(rows)

    return make


def librispeech(root, write_tone):
    for number, speaker, text in SAID:
        chapter = root / "LibriSpeech" / "train-clean-100" / speaker / "7"
        write_tone(chapter / f"{speaker}-7-{number:04d}.flac", frequency=100 * number)
        with open(chapter / f"{speaker}-7.trans.txt", "a", encoding="utf-8") as file:
            file.write(f"{speaker}-7-{number:04d} {text.upper()}\n")


def ljspeech(root, write_tone):
    for number, _, _ in SAID:
        write_tone(root / "wavs" / f"LJ-{number}.ogg", frequency=100 * number)
    write(root / "metadata.csv", [f"LJ-{number}|as written|{text}" for number, _, text in SAID])


def commonvoice(root, write_tone):
    for number, _, _ in SAID:
        write_tone(root / "clips" / f"{number}.mp3", frequency=100 * number)
    rows = [("client_id", "path", "sentence", "age")]
    rows += [(speaker, f"{number}.mp3", text, "") for number, speaker, text in SAID]
    write(root / "train.tsv", ["\t".join(row) for row in rows])
    write(root / "other.tsv", ["\t".join(row) for row in rows])


FORMATS = {
    "manifest as csv": (manifest("csv"), "manifest", True),
    "manifest as tsv": (manifest("tsv"), "manifest", True),
    "manifest as jsonl": (manifest("jsonl"), "manifest", True),
    "librispeech": (librispeech, "librispeech", True),
    "ljspeech": (ljspeech, "ljspeech", False),
    "commonvoice": (commonvoice, "commonvoice", True),
}


@pytest.mark.parametrize(("make", "format", "names_parts"), FORMATS.values(), ids=FORMATS)
def test_every_format_gives_the_same_transcripts(tmp_path, write_tone, make, format, names_parts):
    make(tmp_path, write_tone)
    examples = read(tmp_path, SMALL)
    assert examples.format == format and examples.reason and examples.problems == ()
    assert sorted(example.target for example in examples.items) == sorted(TARGETS)
    assert all(example.input.is_file() and len(example.key) == 64 for example in examples.items)
    assert examples.named_parts == ({"train"} if names_parts else set())
    groups = {example.target: example.group for example in examples.items}
    speakers = {text: speaker if names_parts else None for text, (_, speaker, _) in zip(TARGETS, SAID, strict=True)}
    assert groups == speakers
    assert read(tmp_path, SMALL, format).items == examples.items


def test_digits_are_said_as_words(tmp_path, write_tone):
    for number in range(10):
        write_tone(tmp_path / "recordings" / f"{number}_ann lee_{number}.wav", frequency=100 + 50 * number)
    write_tone(tmp_path / "noise.wav")
    examples = read(tmp_path, SMALL)
    assert examples.format == "digits" and {example.group for example in examples.items} == {"ann lee"}
    words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    assert [example.target for example in examples.items] == words
    assert "1 audio files not named DIGIT_SPEAKER_INDEX were left out, as noise.wav." in examples.notes
    assert examples.items[7].name == "recordings/7_ann lee_7.wav"


def test_folders_and_columns_name_parts(tmp_path, write_tone):
    for part in ("train", "dev", "test"):
        write_tone(tmp_path / "digits" / part / f"1_ann_{len(part)}.wav", frequency=100 * len(part) + ord(part[0]))
        name = f"{part}-{'clean-100' if part == 'train' else 'clean'}"
        chapter = tmp_path / "libri" / name / "1" / "2"
        write_tone(chapter / f"1-2-{part}.flac", frequency=100 * len(part) + ord(part[0]))
        write(chapter / "1-2.trans.txt", [f"1-2-{part} ONE"])
    rows = ["audio,text,split", "test/1_ann_4.wav,one,valid", "train/1_ann_5.wav,one,Train", "dev/1_ann_3.wav,one,2"]
    write(tmp_path / "digits" / "all.csv", rows)
    for folder, format in (("digits", "digits"), ("libri", "librispeech")):
        examples = read(tmp_path / folder, SMALL, format)
        assert examples.named_parts == {"train", "dev", "test"} and set(examples.sizes.values()) == {1}
        assert all(example.part in example.name for example in examples.items)
    examples = read(tmp_path / "digits" / "all.csv", SMALL)
    assert examples.sizes == {"train": 1, "dev": 1, "test": 0}
    (problem,) = examples.problems
    assert problem.name == "all.csv:4" and "in the column 'split'. Received: '2'" in problem.message
    with pytest.raises(UserError, match=r"more than one format fits: manifest .* digits"):
        read(tmp_path / "digits", SMALL)


def test_what_stands_beside_the_usual_layout(tmp_path, write_tone):
    write_tone(tmp_path / "voice" / "clips" / "a.mp3")
    write(tmp_path / "voice" / "validated.tsv", ["path\tsentence", "a\tOne"])
    examples = read(tmp_path / "voice", SMALL)  # old releases leave out .mp3
    assert [(e.name, e.part, e.group) for e in examples.items] == [("clips/a.mp3", "train", None)]
    write_tone(tmp_path / "dev-clean" / "5" / "6" / "5-6-0.wav")
    write(tmp_path / "dev-clean" / "5" / "6" / "5-6.trans.txt", ["5-6-0 ONE"])
    assert read(tmp_path / "dev-clean", SMALL).items[0].part == "dev"
    write_tone(tmp_path / "lj" / "wavs" / "x.wav")
    write(tmp_path / "lj" / "metadata.csv", ["x|One", "y|a|b|c", "z|Two"])
    examples = read(tmp_path / "lj" / "metadata.csv", SMALL)
    assert [example.target for example in examples.items] == ["one"]
    assert [problem.name for problem in examples.problems] == ["metadata.csv:2", "metadata.csv:3 (z.wav)"]


def test_groups_stay_together_and_a_pattern_names_them(tmp_path, write_tone):
    for number in range(24):
        name = f"{number % 10}_{'abcdef'[number % 6]}_{number}.wav"
        write_tone(tmp_path / name, frequency=100 + 30 * number)
    examples = read(tmp_path, SMALL.model_copy(update={"split_by": "group"}))
    parts = {}
    for example in examples.items:
        parts.setdefault(example.group, set()).add(example.part)
    assert len(parts) == 6 and all(len(own) == 1 for own in parts.values()) and all(examples.sizes.values())
    named = read(tmp_path, SMALL.model_copy(update={"group_pattern": r"^(\d)_"}))
    assert {example.group for example in named.items} == set("0123456789")


def test_a_clip_is_always_in_the_same_part(tmp_path, write_tone):
    for number in range(30):
        write_tone(tmp_path / "some" / f"1_ann_{number}.wav", frequency=100 + 30 * number)
        write_tone(tmp_path / "renamed" / f"1_bob_{99 - number}.flac", frequency=100 + 30 * number)
        write_tone(tmp_path / "renamed" / "inside" / f"2_bob_{number}.wav", frequency=100 + 30 * number)
    some, renamed = read(tmp_path / "some", SMALL), read(tmp_path / "renamed", SMALL)
    part_of = {example.key: example.part for example in renamed.items}
    shared = [example for example in some.items if example.key in part_of]
    assert len(shared) == 30 and all(example.part == part_of[example.key] for example in shared)
    assert Counter(example.part for example in some.items)["train"] >= 20


# -- what is wrong


@pytest.fixture
def faulty(tmp_path, write_tone):
    """A manifest with a good clip first, then the given ones; returns the examples."""

    def make(files, **columns):
        write_tone(tmp_path / "good.wav", 1.0)
        rows = [{"audio": "good.wav", "text": "good"}]
        for name, data in files.items():
            if isinstance(data, bytes):
                (tmp_path / name).write_bytes(data)
            elif data is not None:
                samples, rate = data
                soundfile.write(tmp_path / name, samples, rate, subtype="FLOAT" if samples.ndim == 1 else None)
            rows.append({"audio": name, "text": "good"} | columns)
        write(tmp_path / "train.jsonl", [json.dumps(row) for row in rows])
        return read(tmp_path, SMALL)

    return make


def bytes_of(tmp_path, write_tone, name="whole.wav"):
    return write_tone(tmp_path / name, 1.0).read_bytes()


def test_unusable_audio_is_named_and_spoils_no_other(tmp_path, write_tone, faulty):
    whole = bytes_of(tmp_path, write_tone)
    (tmp_path / "folder.wav").mkdir()
    broken = np.full(8000, 0.1, np.float32)
    broken[100] = np.nan
    infinite = np.full(8000, 0.1, np.float32)
    infinite[5] = np.inf
    examples = faulty(
        {
            "empty.wav": b"",
            "header.wav": whole[:44],
            "text.wav": b"this is no audio at all\n" * 9,
            "nan.wav": (broken, 8000),
            "infinite.wav": (infinite, 8000),
            "folder.wav": None,
            "absent.wav": None,
        }
    )
    assert [example.name for example in examples.items] == ["good.wav"]
    names = [problem.name for problem in examples.problems]
    wanted = ("empty", "header", "text", "nan", "infinite", "folder", "absent")
    assert names == [f"train.jsonl:{line} ({name}.wav)" for line, name in enumerate(wanted, 2)]
    assert all(problem.message and str(tmp_path) not in problem.message for problem in examples.problems)
    assert "no such file" in examples.problems[-1].message


def test_what_is_odd_about_files_of_other_tools_is_said(tmp_path, write_tone, faulty, encode_sound):
    time = np.arange(8000) / 8000
    samples = (0.3 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
    whole_numbers = io.BytesIO()
    soundfile.write(whole_numbers, samples / 0.3 * 32767, 8000, format="WAV", subtype="FLOAT")
    ogg = bytes_of(tmp_path, write_tone, "whole.ogg")
    examples = faulty(
        {
            "browser.webm": encode_sound(samples, 8000, "libopus", "webm", pipe=True),
            "pipe.mp3": encode_sound(samples, 8000, "libmp3lame", "mp3", pipe=True),
            "phone.m4a": encode_sound(samples, 8000, "aac", "ipod"),
            "chained.ogg": ogg + ogg,
            "floats.wav": whole_numbers.getvalue(),
            "cut.ogg": ogg[: len(ogg) * 3 // 5],
        }
    )
    assert [problem.name for problem in examples.problems] == ["train.jsonl:6 (floats.wav)", "train.jsonl:7 (cut.ogg)"]
    assert "a peak of 32,767" in examples.problems[0].message and "truncated" in examples.problems[1].message
    notes = "\n".join(examples.notes)
    assert "No announced length, so that a cut-off end might not show: 2 clips, browser.webm, pipe.mp3." in notes
    assert "Several Ogg streams one after another, all of them read: 1 clip, chained.ogg." in notes


def test_odd_but_usable_audio_is_used(tmp_path, write_tone, faulty):
    generator = np.random.default_rng(0)
    examples = faulty(
        {
            "studio.wav": (0.1 * generator.standard_normal((96000, 6)), 96000),
            "offset.wav": (np.full(8000, 0.4, np.float32) + 0.1 * generator.standard_normal(8000), 8000),
            "silent.wav": (np.zeros(8000, np.float32), 8000),
            "clipped.wav": (np.sign(np.sin(np.arange(8000) / 9)).astype(np.float32), 8000),
            "really_mp3.wav": bytes_of(tmp_path, write_tone, "whole.mp3"),
        }
    )
    assert examples.problems == () and len(examples.items) == 6
    for name in ("offset.wav", "silent.wav", "clipped.wav"):
        assert any(name in note for note in examples.notes), (name, examples.notes)
    assert not any("studio.wav" in note for note in examples.notes)


def test_a_truncated_file_is_named(tmp_path, write_tone, faulty):
    whole = bytes_of(tmp_path, write_tone)
    examples = faulty({"cut.wav": whole[: len(whole) // 2]})
    (problem,) = examples.problems
    assert problem.name == "train.jsonl:2 (cut.wav)" and "truncated" in problem.message


@pytest.mark.parametrize("text", [None, 7, "", "  ", " -- !"])
def test_a_transcript_without_words_is_named(write_tone, tmp_path, faulty, text):
    examples = faulty({"b.wav": (np.full(8000, 0.1, np.float32), 8000)}, text=text)
    (problem,) = examples.problems
    assert problem.name == "train.jsonl:2 (b.wav)" and "expected a transcript" in problem.message


def test_a_transcript_longer_than_its_audio_is_named_with_both_numbers(tmp_path, write_tone):
    # 0.1 s at 8 kHz: 11 frames of 80 samples, 6 steps. "aabcd" needs 6, "aabbcd" 8.
    for name, text in (("fits", "aabcd"), ("not", "aabbcd")):
        write_tone(tmp_path / f"{name}.wav", 0.1)
        with open(tmp_path / "train.tsv", "a", encoding="utf-8") as file:
            file.write("audio\ttext\n" * (name == "fits") + f"{name}.wav\t{text}\n")
    examples = read(tmp_path, SMALL)
    assert [example.target for example in examples.items] == ["aabcd"]
    (problem,) = examples.problems
    assert problem.name == "train.tsv:3 (not.wav)"
    assert "needs 8 steps" in problem.message and "make 6 steps of 20 ms" in problem.message


def test_pieces_of_words_need_fewer_steps_than_characters(tmp_path, write_tone):
    rows = ["audio\ttext"]
    for number in range(4):
        write_tone(tmp_path / f"{number}.wav", 0.1 if number == 3 else 1.0, 300 + 50 * number)
        rows.append(f"{number}.wav\tbananas" + " bananas" * (number == 3))  # 15 characters, 3 pieces, 6 steps
    write(tmp_path / "train.tsv", rows)
    assert [problem.name for problem in read(tmp_path, SMALL).problems] == ["train.tsv:5 (3.wav)"]
    pieces = SMALL.model_copy(update={"tokens": "subword"})
    assert read(tmp_path, pieces).problems == ()
    trained = read(tmp_path, SMALL, assets=prepare(read(tmp_path, pieces).part("train"), pieces))
    assert trained.problems == ()


def test_long_clips_are_noted_and_read_to_their_end(tmp_path, write_tone, monkeypatch, faulty):
    monkeypatch.setattr("suite.data.clips.LONG_SECONDS", 2.0)
    broken = np.full(40000, 0.1, np.float32)
    broken[39000] = np.nan
    examples = faulty({"long.wav": (np.full(20000, 0.1, np.float32), 8000), "broken.wav": (broken, 8000)})
    assert "Longer than 2 s: 1 clip, long.wav." in examples.notes
    assert [problem.name for problem in examples.problems] == ["train.jsonl:3 (broken.wav)"]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"train.csv": "audio,said\na.wav,one\n"},
            r"expected a column 'text'; --set text_column=NAME .*'audio', 'said'",
        ),
        ({"train.csv": "path,text\na.wav,one\n"}, r"expected a column 'audio'; --set audio_column=NAME"),
        ({"train.csv": "audio,text\n"}, r"expected at least one usable example; the files hold none"),
        ({"train.csv": "audio,text\na.wav,one\n"}, r"the first fault: train.csv:2 \(a.wav\): .*no such file"),
        ({"train.csv": "audio,text\na,b\n", "dev.tsv": "audio\ttext\na\tb\n"}, r"expected manifests of one kind"),
        ({"notes.txt": "none"}, r"format not recognised. Received: notes.txt"),
    ],
)
def test_a_data_set_that_cannot_be_read_says_why(tmp_path, files, message):
    for name, text in files.items():
        write(tmp_path / name, text.splitlines())
    with pytest.raises(UserError, match=message):
        read(tmp_path, SMALL)


def test_a_format_that_does_not_fit_says_what_it_wants(tmp_path, write_tone):
    write_tone(tmp_path / "a.wav")
    for format, wanted in (
        ("digits", "DIGIT_SPEAKER_INDEX"),
        ("ljspeech", "metadata.csv"),
        ("librispeech", "trans.txt"),
    ):
        with pytest.raises(UserError, match=wanted):
            read(tmp_path, SMALL, format)


# -- notes and assets


@pytest.fixture
def commands(tmp_path, write_tone):
    """A manifest with parts: train says "on" and "off", dev "own"."""
    rows = ["audio,text,split", "a.wav,on,train", "b.wav,off,train", "c.wav,own,dev"]
    for number, row in enumerate(rows[1:]):
        write_tone(tmp_path / row.split(",")[0], 1.0, 300 + 100 * number)
    write(tmp_path / "all.csv", rows)
    return tmp_path


def test_notes_tell_durations_and_characters_that_train_lacks(commands):
    examples = read(commands, SMALL)
    assert any(re.search(r"Audio: train 0\.0 min, dev 0\.0 min; .* 1\.0 s", note) for note in examples.notes)
    assert "Transcripts hold 1 character that train does not have ('w'), as c.wav." in examples.notes
    examples = read(commands, SMALL, assets={"symbols": ["", "n", "o", "w"]})
    assert "Transcripts hold 1 character that the model has no symbol for ('f'), as b.wav." in examples.notes


def test_assets_come_from_train_alone(commands):
    train = read(commands, SMALL).part("train")
    assert prepare(train, SMALL) == {"symbols": ["", "f", "n", "o"]}
    assets = prepare(train, SMALL)
    assert encode_transcript("off", assets) == [3, 1, 1] and encode_transcript("own", assets) is None


def test_a_warm_start_keeps_symbols_that_spell_everything(commands):
    train = read(commands, SMALL).part("train")
    known = {"symbols": ["", "a", "f", "n", "o", "z"]}
    assert prepare(train, SMALL, known) == known
    assert prepare(train, SMALL, {"symbols": ["", "n", "o"]}) == {"symbols": ["", "f", "n", "o"]}


@pytest.mark.parametrize("deltas", [0, 2])
def test_statistics_of_features_are_those_of_train(commands, deltas):
    import librosa

    settings = SMALL.model_copy(update={"normalization": "global", "n_mels": 20, "n_mfcc": 8, "deltas": deltas})
    train = read(commands, settings).part("train")
    assets = prepare(train, settings)
    frames = []
    for example in train:
        samples = raw_arrays(example.input, settings)["samples"]
        mfcc = librosa.feature.mfcc(
            y=samples, sr=8000, n_mfcc=8, n_fft=256, hop_length=80, n_mels=20, norm="ortho", pad_mode="constant"
        )
        mels = librosa.feature.melspectrogram(
            y=samples, sr=8000, n_fft=256, hop_length=80, n_mels=20, pad_mode="constant"
        )
        mfcc = librosa.feature.mfcc(S=librosa.power_to_db(mels, top_db=None), n_mfcc=8)
        orders = [librosa.feature.delta(mfcc, order=order, mode="nearest") for order in range(1, deltas + 1)]
        frames.append(np.concatenate([mfcc, *orders]))
    frames = np.concatenate(frames, axis=1)
    np.testing.assert_allclose(assets["feature_mean"], frames.mean(axis=1), atol=0.05)
    np.testing.assert_allclose(assets["feature_std"], frames.std(axis=1), atol=0.05)
    inherited = {"symbols": ["", "f", "n", "o"], "feature_mean": [1.0] * 8 * (1 + deltas), "feature_std": [2.0] * 8}
    assert prepare(train, settings, inherited)["feature_mean"] == inherited["feature_mean"]


def test_the_language_model_is_learned_from_train(commands):
    from suite.decoding.ngram import parse_arpa

    settings = SMALL.model_copy(update={"language_model_order": 2})
    lines = prepare(read(commands, settings).part("train"), settings)["language_model"]
    assert json.loads(json.dumps(lines)) == lines and all(isinstance(line, str) for line in lines)
    assert any("off" in line for line in lines) and not any("own" in line for line in lines)
    assert parse_arpa(lines, "assets").score("on") > parse_arpa(lines, "assets").score("own")


def test_raw_arrays_are_samples_at_the_rate_of_the_model(tmp_path, write_tone):
    arrays = raw_arrays(write_tone(tmp_path / "a.flac", 0.5, rate=44100), SMALL)
    assert arrays["samples"].shape == (4000,) and arrays["samples"].dtype == np.float32
    assert arrays["length"] == 4000 and arrays["length"].dtype == np.int32 and arrays["length"].shape == ()
    again = raw_arrays(arrays["samples"].astype(np.float64), SMALL)
    assert np.array_equal(again["samples"], arrays["samples"]) and again["samples"].dtype == np.float32


def test_the_command_makes_and_checks_data(suite, workdir, write_tone):
    write_tone(workdir / "data" / "1_ann_0.wav")
    write_tone(workdir / "data" / "2_ann_0.wav", frequency=500)
    checked = suite("data", "check", "speech", "--data", "data", "--json")
    assert checked.status == 0 and checked.json["format"] == "digits" and sum(checked.json["sizes"].values()) == 2
    refused = suite("data", "make", "sentiment", "new", "--from", "data")
    assert refused.status == 2 and "--from: the sentiment sample is made of nothing else. Received: data" in refused.err


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "settings", "count"),
    [
        ("fsdd", Settings(sample_rate=8000, n_fft=256, hop_length=80), 2250),
        ("ljspeech", Settings(), 345),
    ],
)
def test_real_data_sets_are_read_whole(name, settings, count):
    if (
        not (folder := Path(os.environ.get("SUITE_DATA", "")) / "speech" / name).is_dir()
        or "SUITE_DATA" not in os.environ
    ):
        pytest.skip("SUITE_DATA does not name the folder of the real data sets")
    examples = read(folder, settings)
    assert len(examples.items) == count and examples.problems == ()
    assert all(set(example.target) <= set("abcdefghijklmnopqrstuvwxyz '") for example in examples.items)
