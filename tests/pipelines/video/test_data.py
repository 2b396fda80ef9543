import json
import os
import wave
from pathlib import Path

import numpy as np
import pytest

import suite.vision.read
from pipelines.video.config import Settings
from pipelines.video.data import FORMATS, raw_arrays
from suite.errors import UserError
from tests.reading import reader

read = reader("video")

CLIPS = {"run/1.avi": 1, "run/2.avi": 2, "jump/1.avi": 3, "jump/2.avi": 4}
ROWS = [["video", "label"], *([name, name.partition("/")[0]] for name in CLIPS)]
JSONL = "".join(json.dumps({"video": name, "label": label}) + "\n" for name, label in ROWS[1:])
UCF = {
    "UCF-101/Run/v_Run_g01_c01.avi": 1,
    "UCF-101/Run/v_Run_g02_c01.avi": 2,
    "UCF-101/Jump/v_Jump_g01_c01.avi": 3,
    "UCF-101/Jump/v_Jump_g02_c01.avi": 4,
    "ucfTrainTestlist/classInd.txt": "1 Run\n2 Jump\n",
    "ucfTrainTestlist/trainlist01.txt": "Run/v_Run_g01_c01.avi 1\r\nJump/v_Jump_g01_c01.avi 2\r\n",
    "ucfTrainTestlist/testlist01.txt": "Run/v_Run_g02_c01.avi\nJump/v_Jump_g02_c01.avi\n",
}


def test_class_folders_with_and_without_parts(make, tmp_path):
    plain = read(make(CLIPS, tmp_path / "plain"), Settings())
    assert plain.format == "folders" and plain.named_parts == frozenset() and plain.problems == ()
    assert {(one.name, one.target) for one in plain.items} == {(name, name.partition("/")[0]) for name in CLIPS}
    parts = {
        f"{part}/{name}": number + 10 * (part == "val") for part in ("train", "val") for name, number in CLIPS.items()
    }
    named = read(make(parts, tmp_path / "named"), Settings())
    assert named.sizes == {"train": 4, "dev": 4, "test": 0} and named.items[0].name == "train/jump/1.avi"
    assert plain.fingerprint == named.with_items(named.part("train")).fingerprint


MANIFESTS = {
    "csv": {"clips.csv": ROWS},
    "tsv": {"clips.tsv": "".join("\t".join(row) + "\n" for row in ROWS)},
    "jsonl": {"clips.jsonl": JSONL},
    "columns by setting": {"clips.csv": [["id", "CLASS", "file"], *([7, label, name] for name, label in ROWS[1:])]},
}


@pytest.mark.parametrize("kind", MANIFESTS)
def test_a_manifest_names_its_videos_relative_to_itself(make, tmp_path, kind):
    settings = Settings(video_column="file", label_column="class") if kind == "columns by setting" else Settings()
    make({f"data/{name}": content for name, content in {**CLIPS, **MANIFESTS[kind]}.items()})
    (table,) = MANIFESTS[kind]
    for path in (tmp_path / "data", tmp_path / "data" / table):
        examples = read(path, settings)
        assert examples.format == "manifest" and examples.problems == ()
        assert {(one.name, one.target) for one in examples.items} == {(name, name.partition("/")[0]) for name in CLIPS}
        assert all(Path(one.input).is_file() for one in examples.items)
    assert read(tmp_path / "data", settings, "folders").fingerprint == examples.fingerprint


def test_group_and_split_columns_and_a_pattern(make):
    header, *rows = ROWS
    splits, groups = ("train", "train", "valid", "TEST"), ("ann1", "bob1", "ann2", "")
    table = [[*header, "split", "group"], *([*row, *more] for row, *more in zip(rows, splits, groups, strict=True))]
    table.append(["run/3.avi", "jump", "train", "cid1"])
    root = make({**CLIPS, "run/3.avi": 5, "clips.csv": table})
    examples = read(root, Settings())
    assert [one.part for one in examples.items] == ["train", "train", "dev", "test", "train"]
    assert [one.group for one in examples.items] == ["ann1", "bob1", "ann2", None, "cid1"]
    assert [one.group for one in read(root, Settings(group_pattern=r"/(\d)")).items] == ["1", "2", "1", "2", "3"]


def test_a_table_of_something_else_beside_class_folders_is_no_manifest(make):
    examples = read(make({**CLIPS, "sizes.csv": [["name", "bytes"], ["x", 1]]}), Settings())
    assert examples.format == "folders" and len(examples.items) == 4


def test_ucf101_lists_give_parts_and_groups(make, tmp_path):
    examples = read(make(UCF), Settings(dev_fraction=0))
    assert examples.format == "ucf101" and examples.problems == ()
    assert {(one.name, one.target, one.part, one.group) for one in examples.items} == {
        ("Run/v_Run_g01_c01.avi", "Run", "train", "v_Run_g01"),
        ("Jump/v_Jump_g01_c01.avi", "Jump", "train", "v_Jump_g01"),
        ("Run/v_Run_g02_c01.avi", "Run", "test", "v_Run_g02"),
        ("Jump/v_Jump_g02_c01.avi", "Jump", "test", "v_Jump_g02"),
    }
    flat = {
        name.partition("/")[2] if name.startswith("UCF") else name.rpartition("/")[2]: own for name, own in UCF.items()
    }
    assert read(make(flat, tmp_path / "flat"), Settings(dev_fraction=0)).fingerprint == examples.fingerprint


def silence(path):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\0" * 16000)
    return path.read_bytes()


def cut(data):
    return data[: len(data) * 6 // 10]


BAD = {
    "zero bytes": (b"", "the file is empty (zero bytes)"),
    "text": ("hello", "expected a video. Received: a file that cannot be decoded as one"),
    "audio only": (silence, "expected a video. Received: audio without any picture"),
    "one frame": ((5, 1), "expected a video of at least 2 frames. Received: one frame, a still picture"),
    "truncated": (cut, "the video is cut off or damaged. Received: "),
}


@pytest.mark.parametrize(("content", "message"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("manifest", [False, True], ids=["folders", "manifest"])
def test_a_bad_video_is_a_problem_by_name_and_spoils_no_other(make, write_clip, tmp_path, content, message, manifest):
    make(
        {
            "data/" + name: own
            for name, own in {**CLIPS, **({"clips.csv": [*ROWS, ["run/bad.avi", "run"]]} if manifest else {})}.items()
        }
    )
    if content is silence:
        content = silence(tmp_path / "silence")
    elif content is cut:
        content = cut(write_clip(tmp_path / "whole.avi", 5, 40).read_bytes())
    make({"data/run/bad.avi": content})
    examples = read(tmp_path / "data", Settings())
    (problem,) = examples.problems
    assert problem.name == "run/bad.avi" and problem.message.startswith(message)
    assert len(examples.items) == 4


def test_huge_frames_are_a_problem(make, monkeypatch):
    monkeypatch.setattr(suite.vision.read, "MOST_PIXELS", 32 * 24)
    examples = read(make({**CLIPS, "run/huge.avi": (5, 4, 2)}), Settings())
    assert [(one.name, one.message) for one in examples.problems] == [
        ("run/huge.avi", "expected frames of at most 768 pixels. Received: 64x48")
    ]


BAD_ROWS = {
    "missing file": (["run/9.avi", "run"], "run/9.avi", "no such file"),
    "empty label": (["run/1.avi", " "], "clips.csv:6", "the label is empty"),
    "empty video": (["", "run"], "clips.csv:6", "the video is empty"),
    "too few columns": (["run/1.avi"], "clips.csv:6", "expected 2 columns (video, label). Received: 1"),
}


@pytest.mark.parametrize(("row", "place", "message"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_a_bad_row_is_a_problem_with_its_place(make, row, place, message):
    examples = read(make({**CLIPS, "clips.csv": [*ROWS, row]}), Settings())
    (problem,) = examples.problems
    assert (problem.name, problem.message) == (place, message) and len(examples.items) == 4


def test_bad_cells_of_jsonl_and_bad_splits(make, tmp_path):
    odd = '{"video": 7, "label": "run"}\n{"video": "run/1.avi", "label": ["run"]}\n{"label": "run"}\n'
    examples = read(make({**CLIPS, "clips.jsonl": JSONL + odd}), Settings())
    assert [(one.name, one.message.partition(". Received")[0]) for one in examples.problems] == [
        ("clips.jsonl:5", "expected a video"),
        ("clips.jsonl:6", "expected a label"),
        ("clips.jsonl:7", "the video is empty"),
    ]
    rows = [[*ROWS[0], "split"], *([*row, "train"] for row in ROWS[1:]), ["run/1.avi", "run", "holdout"]]
    (problem,) = read(make({**CLIPS, "clips.csv": rows}, tmp_path / "b"), Settings()).problems
    assert problem.name == "clips.csv:6" and "'holdout'" in problem.message


def test_a_video_that_the_lists_name_and_nobody_has(make):
    lists = "Run/v_Run_g09_c01.avi\nRun/v_Run_g02_c01.avi\n"
    examples = read(make({**UCF, "ucfTrainTestlist/testlist01.txt": lists}), Settings(dev_fraction=0))
    (problem,) = examples.problems
    assert (problem.name, problem.message) == ("Run/v_Run_g09_c01.avi", "no such file")


REFUSED = {
    "missing path": ({}, "nowhere", None, ["nowhere", "no such file or folder"]),
    "empty folder": ({}, "", None, ["an empty folder", "Looked for a table", "a folder per class", "trainlist01.txt"]),
    "label folder empty": ({**CLIPS, "sit/readme.md": "x"}, "", None, ["sit", "expected", ".avi", "Received: none"]),
    "one class": ({"run/1.avi": 1, "run/2.avi": 2}, "", None, ["at least two different labels", "'run'"]),
    "all bad": ({"run/1.avi": b"", "jump/1.avi": b""}, "", None, ["usable video", "jump/1.avi: the file is empty"]),
    "missing column": (
        {"clips.csv": [["clip", "label"], ["x.avi", "run"]]},
        "",
        None,
        ["clips.csv", "'video'", "'clip', 'label'", "video_column=NAME"],
    ),
    "missing label": ({**CLIPS, "clips.csv": [["video"], ["run/1.avi"]]}, "", None, ["'label'", "label_column=NAME"]),
    "a video alone": ({"a.avi": 1}, "a.avi", None, ["a.avi", "format not recognised", "--format"]),
    "two kinds of table": ({"a.csv": ROWS, "b.jsonl": JSONL}, "", None, ["one kind", "a.csv", "b.jsonl"]),
    "unknown format": (CLIPS, "", "xml", ["--format: expected one of manifest, folders, ucf101. Received: 'xml'"]),
    "format that is not there": (CLIPS, "", "ucf101", ["trainlist01.txt", "--format ucf101", "jump/, run/"]),
    "a list of something else": ({"trainlist01.txt": "a.avi 1\n"}, "", None, ["trainlist01.txt:1", "CLASS/FILE"]),
}


@pytest.mark.parametrize(("files", "path", "format", "parts"), REFUSED.values(), ids=REFUSED)
def test_bad_data_is_refused_with_file_and_fault(make, files, path, format, parts):
    root = make(files)
    with pytest.raises(UserError) as error:
        read(root / path, Settings(), format)
    assert not [part for part in parts if part not in str(error.value)], str(error.value)
    assert len(str(error.value).splitlines()) <= 2


def test_clips_in_sub_folders_of_a_class_count(make):
    files = {
        f"{label}/{number}.avi": 20 * place + number
        for place, label in enumerate(("run", "jump"))
        for number in range(6)
    }
    files |= {name.replace("/", "/night/1/"): 50 + number for name, number in files.items()}
    examples = read(make(files), Settings())
    assert len(examples.items) == 24 and {(one.name, one.target) for one in examples.items} == {
        (name, name.partition("/")[0]) for name in files
    }
    assert any("12 files lie in sub-folders of class folders and count" in note for note in examples.notes)


def test_sub_folders_of_a_class_that_name_parts_give_them(make):
    files = {
        f"{label}/{part}/{label}.avi": 3 * (label == "run") + number
        for label in ("run", "jump")
        for number, part in enumerate(("train", "test"))
    }
    files |= {"run/0.avi": 10, "jump/0.avi": 11}
    examples = read(make(files), Settings(dev_fraction=0))
    assert {one.name: one.part for one in examples.items} == {
        **dict.fromkeys(files, "train"),
        "run/test/run.avi": "test",
        "jump/test/jump.avi": "test",
    }


def test_classes_whose_clips_all_lie_deeper_must_be_named_as_folders(make):
    root = make({name.replace("/", "/session1/"): number for name, number in CLIPS.items()})
    with pytest.raises(UserError, match=r"format not recognised"):
        read(root, Settings())
    assert {one.target for one in read(root, Settings(), "folders").items} == {"run", "jump"}


def split_of(number, swapped=False):
    """The lists of an official split; swapped: what the other one trains on is its test."""
    train, test = UCF["ucfTrainTestlist/trainlist01.txt"], UCF["ucfTrainTestlist/testlist01.txt"]
    train, test = (test, train) if swapped else (train, test)
    return {f"ucfTrainTestlist/trainlist0{number}.txt": train, f"ucfTrainTestlist/testlist0{number}.txt": test}


VIDEOS = {name: number for name, number in UCF.items() if name.endswith(".avi")}


def trained_on(root, split=None):
    examples = read(root, Settings(dev_fraction=0, ucf_split=split))
    assert examples.format == "ucf101"
    return {one.group for one in examples.part("train")}, examples.notes


def test_the_only_official_split_is_taken_whatever_its_number(make):
    groups, notes = trained_on(make({**VIDEOS, **split_of(2, swapped=True)}))
    assert groups == {"v_Run_g02", "v_Jump_g02"} and not any("split" in note for note in notes)


def test_of_several_official_splits_the_first_is_read_and_said_or_the_one_asked_for(make):
    root = make({**VIDEOS, **split_of(1), **split_of(2, swapped=True), **split_of(3)})
    groups, notes = trained_on(root)
    assert groups == {"v_Run_g01", "v_Jump_g01"}
    assert "Official split 1 is read, not 2, 3; --set ucf_split=N chooses." in notes
    assert trained_on(root, 2)[0] == {"v_Run_g02", "v_Jump_g02"}
    with pytest.raises(UserError, match=r"setting 'ucf_split': expected one of 1, 2, 3, .* Received: 4"):
        trained_on(root, 4)


def test_official_splits_without_the_first_are_asked_for(make):
    root = make({**VIDEOS, **split_of(2), **split_of(3, swapped=True)})
    with pytest.raises(
        UserError, match=r"expected lists of split 1. Received: lists of 2, 3; --set ucf_split=N chooses"
    ):
        read(root, Settings())
    assert trained_on(root, 3)[0] == {"v_Run_g02", "v_Jump_g02"}


def test_lists_or_videos_in_two_places_are_refused(make, tmp_path):
    twice = {"old/trainlist01.txt": "Run/v_Run_g02_c01.avi 1\n"}
    with pytest.raises(UserError, match=r"one list of each part. Received: old/trainlist01.txt and ucfTrainTestlist/"):
        read(make({**UCF, **twice}, tmp_path / "lists"), Settings())
    small = {name.replace("UCF-101", "UCF-101-small"): number + 10 for name, number in VIDEOS.items()}
    with pytest.raises(UserError, match=r"in one folder. Received: videos in .*UCF-101 and .*UCF-101-small"):
        read(make({**UCF, **small}, tmp_path / "videos"), Settings())


def test_two_clips_the_same_are_noted(make):
    examples = read(
        make(
            {
                **{f"train/{name}": own for name, own in CLIPS.items()},
                "test/run/7.avi": 1,
                "test/jump/7.avi": 9,
                "train/jump/8.avi": 4,
            }
        ),
        Settings(dev_fraction=0),
    )
    assert "1 input occurs in both train and test, for example train/run/1.avi and test/run/7.avi." in examples.notes
    assert (
        "1 input occurs more than once in train, for example train/jump/2.avi and train/jump/8.avi." in examples.notes
    )


def test_files_with_another_ending_are_noted_in_folders_and_read_from_a_manifest(make, tmp_path):
    files = {**CLIPS, "run/3.avi": 5}
    make(files)
    (tmp_path / "run/3.avi").rename(tmp_path / "run/3.dat")
    examples = read(tmp_path, Settings())
    assert "1 file in class folders: not read, since the ending is no video's, as run/3.dat." in examples.notes
    make({"clips.csv": [*ROWS, ["run/3.dat", "run"]]})
    assert len(read(tmp_path, Settings()).items) == 5


def test_a_trained_model_scores_only_its_labels(make):
    examples = read(make(CLIPS), Settings(), assets={"labels": ["jump", "sit"]})
    assert {one.target for one in examples.items} == {"jump"}
    assert "'run' is none of the model's labels (jump, sit)" in examples.problems[0].message


def test_raw_arrays_are_what_the_model_sees(make, tmp_path):
    make({"long.avi": (1, 40)})
    settings = Settings(height=24, width=40, channels=1, frames=10, cache_megabytes=1)
    arrays = raw_arrays(tmp_path / "long.avi", settings)
    assert arrays["frames"].shape == (10, 24, 40, 1) and arrays["frames"].dtype == np.uint8
    assert arrays["length"] == 10 and arrays["length"].dtype == np.int32
    assert not arrays["frames"][:, :, :4].any() and not arrays["frames"][:, :, -4:].any()  # letterbox
    with pytest.raises(UserError, match=r"nowhere\.avi: no such file"):
        raw_arrays(str(tmp_path / "nowhere.avi"), settings)


def test_formats_are_named():
    assert tuple(FORMATS) == ("manifest", "folders", "ucf101")


@pytest.fixture
def real_data():
    """The folder of the real data sets."""
    if "SUITE_DATA" not in os.environ:
        pytest.skip("SUITE_DATA does not name the folder of the real data sets")
    folder = Path(os.environ["SUITE_DATA"]) / "video"
    if not folder.is_dir():
        pytest.skip(f"{folder} does not exist")
    return folder


@pytest.mark.real_data
@pytest.mark.parametrize(("name", "size", "classes"), [("avletters", 520, 26), ("surveillance_fight", 240, 2)])
def test_real_data_sets_are_read_whole(real_data, name, size, classes):
    examples = read(real_data / name, Settings())
    assert examples.format == "manifest" and examples.problems == ()
    assert len(examples.items) == size and len({one.target for one in examples.items}) == classes
    assert all(one.group for one in examples.items)
    assert len(read(real_data / name, Settings(), "folders").items) == size


def test_a_table_beside_class_folders_that_cannot_be_read_is_noted(make, tmp_path):
    table = "video,label\n" + "".join(f"{name},{name.partition('/')[0]}\n" for name in CLIPS)
    make({**CLIPS, "clips.csv": table.encode("utf-16")})
    examples = read(tmp_path, Settings())
    assert examples.format == "folders" and len(examples.items) == len(CLIPS)
    assert any(note.startswith("No manifest was read") and "encoding=utf-16" in note for note in examples.notes)
    assert read(tmp_path, Settings(encoding="utf-16")).format == "manifest"


def test_two_columns_of_videos_are_not_passed_over_for_class_folders(make, tmp_path):
    make({**CLIPS, "clips.csv": [["video", "label", "video"], ["run/1.avi", "run", "jump/1.avi"]]})
    with pytest.raises(UserError, match=r"clips\.csv: expected one column 'video'\. Received: 2"):
        read(tmp_path, Settings())
