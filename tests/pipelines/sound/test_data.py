"""Every documented format, and what is wrong with data, said in one sentence."""

import numpy as np
import pytest

from pipelines.sound.config import Settings
from pipelines.sound.data import check_parts, raw_arrays
from pipelines.sound.stretches import Stretch
from suite.config import load_settings
from suite.errors import UserError
from tests.reading import reader

read = reader("sound")

SPEAKERS = ("ann", "bob", "cyd", "dan")
WORDS = ("yes", "no", "up")
COMMANDS = {
    f"{word}/{speaker}_nohash_{take}.wav": 200 + 100 * WORDS.index(word) + 10 * SPEAKERS.index(speaker) + take
    for word in WORDS
    for speaker in SPEAKERS
    for take in (0, 1)
}
NOISE = {"_background_noise_/tap.wav": (90, 12.0), "_background_noise_/README.md": "noise"}
LISTS = {
    "validation_list.txt": "yes/bob_nohash_0.wav\r\nno/bob_nohash_1.wav\r\n",
    "testing_list.txt": "up/cyd_nohash_0.wav\n",
}
RATE = Settings(sample_rate=8000)


def test_class_folders_name_speakers_and_their_lists_name_parts(make):
    drawn = read(make(COMMANDS | NOISE), RATE)
    assert drawn.format == "folders" and not drawn.problems
    assert {example.target for example in drawn.items} == set(WORDS)
    assert all(example.group == example.name.split("/")[1].split("_")[0] for example in drawn.items)
    assert any("_background_noise_: left out" in note for note in drawn.notes)
    groups = [{example.group for example in drawn.part(part)} for part in ("train", "dev", "test")]
    assert all(groups) and sum(map(len, groups)) == len(SPEAKERS)

    listed = read(make(LISTS), RATE)
    parts = {example.name: example.part for example in listed.items if example.part != "train"}
    assert parts == {"yes/bob_nohash_0.wav": "dev", "no/bob_nohash_1.wav": "dev", "up/cyd_nohash_0.wav": "test"}


def test_a_list_of_files_that_are_not_there_is_refused(make):
    with pytest.raises(UserError, match=r"testing_list\.txt:2: .*'yes/zoe_nohash_0\.wav', no such file"):
        read(make(COMMANDS | {"testing_list.txt": "up/cyd_nohash_0.wav\nyes/zoe_nohash_0.wav\n"}), RATE)


def test_what_is_no_keyword_is_unknown_and_silence_is_cut_from_noise(make):
    settings = RATE.model_copy(update={"keywords": ("yes",), "silence_fraction": 0.2, "window_seconds": 0.5})
    examples = read(make(COMMANDS | NOISE | LISTS), settings)
    counts = {
        label: sum(example.target == label for example in examples.items) for label in ("yes", "_unknown_", "_silence_")
    }
    assert counts == {"yes": 8, "_unknown_": 16, "_silence_": 6}
    silent = [example for example in examples.items if example.target == "_silence_"]
    assert {example.part for example in silent} == {"train", "test"}  # the last tenth of the noise
    assert all(len(raw_arrays(example.input, settings)["samples"]) == 4000 for example in silent)
    fewer = read(examples.path, settings.model_copy(update={"unknown_fraction": 0.5}))
    assert 0 < sum(example.target == "_unknown_" for example in fewer.items) < 16


def test_keywords_and_silence_that_the_data_lacks_are_noted(make):
    examples = read(make(COMMANDS), RATE.model_copy(update={"keywords": ("yes", "yess"), "silence_fraction": 0.1}))
    assert "No clip has the label 'yess' of 'keywords'." in examples.notes
    assert any(note.startswith("No clip of _silence_ was cut") for note in examples.notes)


def test_unknown_sounds_to_train_on_are_windows_of_other_recordings(make):
    root = make({f"word/{number}.wav": 200 + number for number in range(8)} | {"other/0.wav": 90, "other/1.wav": 95})
    talks = make({"long.wav": (400, 6.0), "short.wav": (500, 0.3)}, root.parent / "talks")
    settings = RATE.model_copy(update={"keywords": ("word",), "negatives": (str(talks),), "negative_windows": 10})
    examples, plain = read(root, settings), read(root, settings.model_copy(update={"negatives": ()}))
    windows = [example for example in examples.items if example.name.startswith(("long", "short"))]
    assert {(example.target, example.part) for example in windows} == {("_unknown_", "train")} and len(windows) == 6
    assert sorted(len(raw_arrays(example.input, settings)["samples"]) for example in windows) == [2400, *[8000] * 5]
    # They are none of the data: what is evaluated has none, and is known as what was trained on.
    assert examples.fingerprint == plain.fingerprint and set(examples.items) > set(plain.items)
    assert check_parts(plain, settings, {"labels": ["_unknown_", "word"]}).items == plain.items
    assert len(check_parts(examples, settings).items) == len(examples.items)
    empty = make({"a.txt": "no"}, root.parent / "empty")
    with pytest.raises(UserError, match=r"setting 'negatives': expected folders of recordings. Received: .*empty"):
        read(root, settings.model_copy(update={"negatives": (str(empty),)}))


def test_rows_may_be_stretches_of_long_recordings(make):
    rows = [
        ["audio", "label", "start", "end", "split"],
        ["long.wav", "a", 0, 1.5, "train"],
        ["long.wav", "b", "2", "", "train"],
    ]
    rows += [
        ["long.wav", "a", 3, 2, "train"],
        ["long.wav", "a", 3, "x", "train"],
        ["long.wav", "b", 5, 6, "train"],
        ["no.wav", "b", 0, 1, "train"],
    ]
    examples = read(make({"table.csv": rows, "long.wav": (300, 4.0)}), RATE)
    assert [example.input for example in examples.items] == [
        Stretch(examples.path / "long.wav", 0.0, 1.5),
        Stretch(examples.path / "long.wav", 2.0, 4.0),
    ]
    assert len({example.key for example in examples.items}) == 2
    whole = raw_arrays(examples.path / "long.wav", RATE)["samples"]
    np.testing.assert_allclose(raw_arrays(examples.items[1].input, RATE)["samples"], whole[16000:], atol=1e-4)
    assert [problem.name for problem in examples.problems] == [f"table.csv:{line}" for line in (4, 5, 6, 7)]
    assert "Received: '3' and '2'" in examples.problems[0].message
    assert "within the 4.00 s. Received: 5 to 6 s" in examples.problems[2].message


def test_any_column_may_be_the_label_and_then_it_is_no_group(make):
    rows = [
        ["audio", "word", "speaker"],
        *([name, name.partition("/")[0], name.split("/")[1][:3]] for name in COMMANDS),
    ]
    root = make(COMMANDS | {"clips.csv": rows})
    words = read(root, RATE.model_copy(update={"label_column": "word"}))
    assert words.format == "manifest" and {example.group for example in words.items} == set(SPEAKERS)
    speakers = read(root, RATE.model_copy(update={"label_column": "speaker"}))
    assert {example.target for example in speakers.items} == set(SPEAKERS)
    assert all(example.group is None for example in speakers.items)


@pytest.mark.parametrize(
    ("assignments", "message"),
    [
        (["margin=0.2"], "margin: expected an embedding"),
        (["mixup=0.3", "margin=0.2", "embedding=8"], "mixup: expected no margin"),
        (["statistics=true"], "statistics: expected an embedding"),
        (["noise=somewhere"], "noise: expected noise_snr_db"),
        (["causal=true"], "causal: expected bidirectional: false"),
        (["subsampling=4", "conv_channels=[8]"], "subsampling: each convolution halves"),
        (["speed=[1.2, 0.8]"], "speed: expected two factors"),
    ],
)
def test_settings_that_contradict_one_another(assignments, message):
    with pytest.raises(UserError, match=message):
        load_settings(Settings, None, assignments)
