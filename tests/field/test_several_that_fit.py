"""Folders where several files or folders could be meant: the one with the right name is taken, or the user is asked."""

import json

import numpy as np
import pytest
import soundfile
from PIL import Image

from pipelines.captioning.config import Settings as Captioning
from pipelines.speech.config import Settings as Speech
from pipelines.video.config import Settings as Video
from suite.errors import UserError
from suite.vision.opencv import import_cv2
from tests.reading import reader

read_captions = reader("captioning")
read_speech = reader("speech")
read_videos = reader("video")

NAMES = [f"{number:03d}.png" for number in range(6)]
CAPTIONS = {name: f"The boy number {number} was playing ." for number, name in enumerate(NAMES)}
LEMMAS = {name: caption.replace("was playing", "be play") for name, caption in CAPTIONS.items()}


def draw(folder, names=NAMES, blue=0):
    """Pictures of which the red part is their number and the blue part tells where they lie."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (number, 0, blue)).save(folder / name)


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def tokens(captions):
    return "".join(f"{name}#0\t{caption}\n" for name, caption in captions.items())


def coco(names=NAMES):
    images = [{"id": number, "file_name": name} for number, name in enumerate(names)]
    notes = [{"image_id": number, "caption": "A boy ."} for number in range(len(names))]
    return json.dumps({"images": images, "annotations": notes})


def folders_of(examples, root):
    return {one.input.parent.relative_to(root).as_posix() for one in examples.items}


def test_captions_are_those_as_written_not_their_lemmas(tmp_path):
    """The official Flickr8k_text folder, whose `Flickr8k.lemma.token.txt` is the first by name."""
    draw(tmp_path / "Flicker8k_Dataset")
    write(tmp_path / "Flickr8k_text/Flickr8k.lemma.token.txt", tokens(LEMMAS))
    write(tmp_path / "Flickr8k_text/Flickr8k.token.txt", tokens(CAPTIONS))
    write(tmp_path / "Flickr8k_text/Flickr_8k.trainImages.txt", "\n".join(NAMES[:4]))
    write(tmp_path / "Flickr8k_text/Flickr_8k.devImages.txt", "\n".join(NAMES[4:]))
    examples = read_captions(tmp_path, Captioning())
    assert {one.name: one.target for one in examples.items} == {name: (text,) for name, text in CAPTIONS.items()}
    assert "Flickr8k_text/Flickr8k.lemma.token.txt: not read, since there is Flickr8k.token.txt." in examples.notes
    alone = read_captions(
        tmp_path / "Flickr8k_text" / "Flickr8k.token.txt", Captioning(image_folder="../Flicker8k_Dataset")
    )
    assert {one.target for one in alone.items} == {(text,) for text in CAPTIONS.values()}


@pytest.mark.parametrize("names", [("Flickr8k.token.txt", "Flickr30k.token.txt"), ("a/x.token.txt", "b/x.token.txt")])
def test_two_files_of_captions_as_written_are_a_question(tmp_path, names):
    draw(tmp_path / "images")
    for name in names:
        write(tmp_path / name, tokens(CAPTIONS))
    with pytest.raises(UserError, match=r"expected one file NAME.token.txt. Received: .*; name one of them"):
        read_captions(tmp_path, Captioning())


def test_two_lists_of_one_part_are_a_question(tmp_path):
    draw(tmp_path / "images")
    write(tmp_path / "Flickr8k.token.txt", tokens(CAPTIONS))
    for name in ("Flickr_8k.devImages.txt", "old/Flickr_8k.devImages.txt"):
        write(tmp_path / name, "\n".join(NAMES))
    with pytest.raises(UserError, match=r"Flickr_8k.devImages.txt and old/.*devImages.txt are the same part twice"):
        read_captions(tmp_path, Captioning())


COCO_FOLDERS = {  # folders that hold all pictures, the one that is meant first
    "depth maps beside images": ("images", "depth"),
    "maps that sort first beside the split's": ("val2014", "a_depth", "segmentation"),
    "maps of the split below their own folder": ("val2014", "depth/val2014"),
    "two trees": ("images/val2014", "depth/val2014"),
    "in the folder itself": (".", "depth"),
    "another part": ("val", "train"),
    "thumbnails": ("JPEGImages", "Thumbs"),
}


@pytest.mark.parametrize("kind", COCO_FOLDERS)
def test_pictures_are_those_of_the_folder_whose_name_says_so(tmp_path, kind):
    right, *others = COCO_FOLDERS[kind]
    for folder in (right, *others):
        draw(tmp_path / folder)
    write(tmp_path / "annotations" / "captions_val2014.json", coco())
    examples = read_captions(tmp_path, Captioning())
    assert folders_of(examples, tmp_path) == {right} and examples.problems == ()
    (note,) = [note for note in examples.notes if note.startswith("Pictures are read from ")]
    assert all(other in note for other in others)


@pytest.mark.parametrize("folders", [("colour", "depth"), ("x/images", "y/images"), ("a", "b", "c")])
def test_folders_as_good_as_one_another_are_a_question_with_an_answer(tmp_path, folders):
    for blue, folder in enumerate(folders):
        draw(tmp_path / folder, blue=blue)
    write(tmp_path / "captions.json", coco())
    with pytest.raises(
        UserError, match=rf"000.png is in {folders[0]} and in {folders[1]}; --set image_folder=NAME says"
    ):
        read_captions(tmp_path, Captioning())
    for folder in folders:
        assert folders_of(read_captions(tmp_path, Captioning(image_folder=folder)), tmp_path) == {folder}
    with pytest.raises(UserError, match=r"setting 'image_folder': expected a folder below .*Received: 'nowhere'"):
        read_captions(tmp_path, Captioning(image_folder="nowhere"))


def test_pictures_of_one_file_may_lie_in_several_folders(tmp_path):
    draw(tmp_path / "train2014", NAMES[:4])
    draw(tmp_path / "val2014", NAMES[4:])
    draw(tmp_path / "depth")
    write(tmp_path / "captions.json", coco())
    with pytest.raises(UserError, match="is in depth and in train2014"):
        read_captions(tmp_path, Captioning())
    for path in (tmp_path / "depth").iterdir():
        path.unlink()
    assert folders_of(read_captions(tmp_path, Captioning()), tmp_path) == {"train2014", "val2014"}


def test_parts_whose_pictures_have_the_same_names(tmp_path):
    for part in ("train", "val"):
        draw(tmp_path / "images" / part, blue=len(part))
        write(tmp_path / f"captions_{part}.json", coco())
    examples = read_captions(tmp_path, Captioning())
    assert {(one.part, one.input.parent.name) for one in examples.items} == {("train", "train"), ("dev", "val")}


def test_captions_files_that_name_no_part_beside_those_that_do(tmp_path):
    draw(tmp_path / "train2014", NAMES[:4])
    write(tmp_path / "captions_train2014.json", coco(NAMES[:4]))
    write(tmp_path / "captions_val2014_fakecap_results.json", "[]")
    examples = read_captions(tmp_path, Captioning())
    assert len(examples.items) == 4
    assert any(note.startswith("captions_val2014_fakecap_results.json: not read, since") for note in examples.notes)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("captions.json", "captions_clean.json"), "expected one captions file, or one of each part"),
        (("captions_train2014.json", "captions_train2017.json"), "are the same part twice"),
        (("captions_val.json", "old/captions_val.json"), "are the same part twice"),
    ],
)
def test_captions_files_as_good_as_one_another_are_a_question(tmp_path, names, message):
    draw(tmp_path / "images")
    for name in names:
        write(tmp_path / name, coco())
    with pytest.raises(UserError, match=message):
        read_captions(tmp_path, Captioning())


def write_sound(path, seconds):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, int(8000 * seconds)), 8000)


@pytest.mark.parametrize("format", ["ljspeech", "librispeech"])
def test_of_clips_of_one_name_the_one_of_the_formats_own_kind(tmp_path, format):
    folder, right = (tmp_path / "wavs", ".wav") if format == "ljspeech" else (tmp_path / "1" / "2", ".flac")
    for number in range(12):
        for ending in (".flac", ".ogg", ".wav"):
            write_sound(folder / f"1-2-{number}{ending}", 2 if ending == right else 1)
    if format == "ljspeech":
        write(tmp_path / "metadata.csv", "".join(f"1-2-{number}|yes|yes\n" for number in range(12)))
    else:
        write(folder / "1-2.trans.txt", "".join(f"1-2-{number} YES\n" for number in range(12)))
    examples = read_speech(tmp_path, Speech(), format)
    assert {one.input.suffix for one in examples.items} == {right} and len(examples.items) == 12
    (folder / f"1-2-3{right}").unlink()
    with pytest.raises(UserError, match=r"expected one audio file named 1-2-3. Received: 1-2-3.\w+, 1-2-3.\w+$"):
        read_speech(tmp_path, Speech(), format)


def write_clips(folder):
    cv2 = import_cv2()
    for label in ("run", "walk"):
        for number in range(3):
            path = folder / label / f"v_{label}_g0{number}_c01.avi"
            path.parent.mkdir(parents=True, exist_ok=True)
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (16, 16))
            for frame in range(3):
                writer.write(np.full((16, 16, 3), 9 * number + frame + 60 * (label == "run"), np.uint8))
            writer.release()


def test_clips_of_the_official_lists_in_two_folders_are_a_question(tmp_path):
    clips = [f"{label}/v_{label}_g0{number}_c01.avi" for label in ("run", "walk") for number in range(3)]
    for part in ("train", "test"):
        write(tmp_path / "ucfTrainTestlist" / f"{part}list01.txt", "\n".join(clips[part == "test" :: 2]))
    for label in ("run", "walk"):  # a folder of the same classes that sorts first, without the clips
        (tmp_path / "UCF-101-flow" / label).mkdir(parents=True)
    write_clips(tmp_path / "UCF101")
    examples = read_videos(tmp_path, Video())
    assert {one.input.parents[1].name for one in examples.items} == {"UCF101"} and examples.problems == ()
    write_clips(tmp_path / "copy")
    with pytest.raises(
        UserError, match=r"expected the listed videos in one folder. Received: videos in .*UCF101 and .*copy"
    ):
        read_videos(tmp_path, Video())
