"""Data sets of videos as people keep them: folders in folders, official lists of another split, endings of cameras.

What is right is what the test itself put there: the clips of each class, and the lines of the lists.
"""

import os
import shutil

import pytest

from pipelines.video.config import Settings
from suite.errors import UserError
from tests.reading import reader
from tests.video_files import bars, write_video

read = reader("video")


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Twelve small clips, all different."""
    folder = tmp_path_factory.mktemp("clips")
    return [write_video(folder / f"{number}.avi", bars(3 + number, 16, 16)) for number in range(12)]


@pytest.fixture
def put(tmp_path, clips):
    """Copy clips to these places, below a new folder, and return it."""

    def run(*places):
        for place, clip in zip(places, clips, strict=False):
            (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(clip, tmp_path / place)
        return tmp_path

    return run


def classes(examples):
    return {example.name: example.target for example in examples.items}


def test_clips_at_any_depth_count_for_the_class_of_the_top_folder(put):
    places = ["run/1.avi", "run/a/2.avi", "run/a/b/3.avi", "jump/c/4.avi", "jump/c/d/e/5.avi"]
    examples = read(put(*places), Settings())
    assert classes(examples) == {place: place.partition("/")[0] for place in places}
    assert any("4 files lie in sub-folders" in note for note in examples.notes)


def test_below_parts_too(put):
    places = ["train/run/1.avi", "train/run/a/2.avi", "train/jump/3.avi", "test/run/a/4.avi", "test/jump/5.avi"]
    examples = read(put(*places), Settings(dev_fraction=0))
    assert {example.name: (example.part, example.target) for example in examples.items} == {
        place: tuple(place.split("/")[:2]) for place in places
    }


def test_a_link_that_leads_in_a_circle_is_followed_once(put):
    root = put("run/1.avi", "run/a/2.avi", "jump/3.avi", "jump/4.avi")
    try:
        os.symlink(root / "run", root / "run" / "a" / "again")
    except OSError:
        pytest.skip("no links here")
    assert len(read(root, Settings()).items) == 4


def test_files_of_another_kind_are_counted_at_any_depth(put):
    root = put("run/1.avi", "run/a/2.avi", "jump/3.avi", "jump/4.avi")
    (root / "run" / "a" / "notes.txt").write_text("x")
    (root / "jump" / "poses").mkdir()
    (root / "jump" / "poses" / "4.json").write_text("{}")
    notes = read(root, Settings()).notes
    assert "2 files in class folders: not read, since the ending is no video's, as jump/poses/4.json." in notes


@pytest.mark.parametrize("ending", [".MTS", ".m2ts", ".vob", ".3g2", ".asf", ".ts"])
def test_the_endings_of_cameras_are_videos(put, ending):
    assert len(read(put(f"run/1{ending}", f"jump/2{ending}"), Settings()).items) == 2


def lists(root, folder="", **lines):
    (root / folder).mkdir(exist_ok=True)
    for name, text in lines.items():
        (root / folder / f"{name}.txt").write_text(text)
    return root


VIDEOS = ["Run/v_Run_g01_c01.avi", "Run/v_Run_g02_c01.avi", "Jump/v_Jump_g01_c01.avi", "Jump/v_Jump_g02_c01.avi"]
SECOND = {"trainlist02": f"{VIDEOS[1]} 1\n{VIDEOS[3]} 2\n", "testlist02": f"{VIDEOS[0]}\n{VIDEOS[2]}\n"}


@pytest.mark.parametrize("folder", ["", "ucfTrainTestlist"])
def test_the_second_official_split_alone(put, folder):
    examples = read(lists(put(*VIDEOS), folder, **SECOND), Settings(dev_fraction=0))
    assert examples.format == "ucf101"
    assert {example.name for example in examples.part("train")} == {VIDEOS[1], VIDEOS[3]}
    assert {example.name for example in examples.part("test")} == {VIDEOS[0], VIDEOS[2]}


def test_a_train_list_without_its_test_list_is_a_split(put):
    examples = read(lists(put(*VIDEOS), trainlist03=SECOND["trainlist02"]), Settings(dev_fraction=0))
    assert {example.name for example in examples.items} == {VIDEOS[1], VIDEOS[3]}


def test_lists_of_two_splits_that_do_not_belong_together_are_asked_about(put):
    root = lists(put(*VIDEOS), trainlist02=SECOND["trainlist02"], testlist01=SECOND["testlist02"])
    with pytest.raises(UserError, match=r"expected lists of split 1. Received: lists of 1, 2; --set ucf_split=N"):
        read(root, Settings())


def test_the_folder_that_holds_the_listed_videos_is_taken(put):
    root = put(*(f"UCF-101/{name}" for name in VIDEOS), "UCF-101-flow/Run/other.avi", "UCF-101-flow/Jump/other.avi")
    (root / "UCF-101-flow").rename(root / "A-flow")  # sorts before the videos
    examples = read(lists(root, **SECOND), Settings(dev_fraction=0))
    assert len(examples.items) == 4 and examples.problems == ()
