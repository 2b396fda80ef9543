"""The captioning formats, and every fault of a picture or caption by name."""

import io
import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.captioning.config import Settings
from pipelines.captioning.data import FORMATS, prepare, raw_arrays
from suite.errors import UserError
from suite.text.words import words_of
from tests.reading import reader

read = reader("captioning")

SETTINGS = Settings(height=16, width=16, grid=1)
CAPTIONS = {name: [f"A {name} on the grass .", f"The {name} ."] for name in ("dog", "cat", "cow", "hen", "pig", "rat")}


def picture(number=0, mode="RGB", form="PNG", size=(12, 16), exif=None):
    """The bytes of a small picture, another one for each number."""
    pixels = np.random.default_rng(number).integers(0, 256, (*size, 3), np.uint8)
    made = (
        Image.fromarray(pixels).convert(mode) if mode != "I;16" else Image.fromarray(pixels[:, :, 0] * np.uint16(257))
    )
    file = io.BytesIO()
    made.save(file, form, **({"exif": exif} if exif else {}))
    return file.getvalue()


def write(root, files):
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def pictures(folder):
    return {f"{folder}{name}.jpg": picture(number) for number, name in enumerate(CAPTIONS)}


def token_file(captions):
    return "".join(f"{name}.jpg#{index}\t{one}\n" for name, own in captions.items() for index, one in enumerate(own))


def coco(captions, numbers):
    images = [{"id": numbers[name], "file_name": f"{name}.jpg"} for name in captions]
    notes = [{"image_id": numbers[name], "caption": one} for name, own in captions.items() for one in own]
    return json.dumps({"images": images, "annotations": notes, "licenses": []})


def rows(captions, **more):
    return "".join(
        json.dumps({"image": f"{name}.jpg", "captions": own, **more}) + "\n" for name, own in captions.items()
    )


NUMBERS = {name: 7 * number + 100 for number, name in enumerate(CAPTIONS)}
FEW, OTHERS = dict(list(CAPTIONS.items())[:4]), dict(list(CAPTIONS.items())[4:])
LAYOUTS = {
    "flickr8k": {**pictures("Flicker8k_Dataset/"), "Flickr8k.token.txt": token_file(CAPTIONS)},
    "coco": {**pictures("images/"), "captions.json": coco(CAPTIONS, NUMBERS)},
    "manifest": {**pictures(""), "pictures.jsonl": rows(CAPTIONS)},
}
PARTED = {
    "flickr8k": {
        **pictures("a/b/"),
        "text/Flickr8k.token.txt": token_file(CAPTIONS),
        "text/Flickr_8k.trainImages.txt": "".join(f"{name}.jpg\r\n" for name in FEW),
        "text/Flickr_8k.devImages.txt": "".join(f"{name}.jpg\n" for name in OTHERS),
    },
    "coco": {
        **pictures("train2014/"),
        "annotations/captions_train2014.json": coco(FEW, NUMBERS),
        "annotations/captions_val2014.json": coco(OTHERS, NUMBERS),
        "annotations/instances_train2014.json": "{}",
    },
    "manifest": {**pictures(""), "all.jsonl": rows(FEW, split="train") + rows(OTHERS, split="valid")},
}
PARTED["coco"].update({f"val2014/{name}.jpg": picture(number + 4) for number, name in enumerate(OTHERS)})


@pytest.mark.parametrize("format", FORMATS)
def test_a_format_is_recognised_and_read(tmp_path, format):
    examples = read(write(tmp_path, LAYOUTS[format]), SETTINGS)
    assert examples.format == format and examples.problems == () and examples.named_parts == frozenset()
    assert {(one.name, one.target) for one in examples.items} == {
        (f"{name}.jpg", tuple(own)) for name, own in CAPTIONS.items()
    }
    assert all(one.input.is_file() for one in examples.items) and len({one.key for one in examples.items}) == 6
    assert "Captions: 12, 2 a picture; 3.5 words on average, 5 at most." in examples.notes
    assert read(tmp_path, SETTINGS, format).fingerprint == examples.fingerprint


@pytest.mark.parametrize("format", FORMATS)
def test_parts_that_the_data_names(tmp_path, format):
    examples = read(write(tmp_path, PARTED[format]), SETTINGS)
    assert examples.problems == () and examples.named_parts == {"train", "dev"}
    assert {one.name for one in examples.part("dev")} == {f"{name}.jpg" for name in OTHERS}
    assert all(one.input.is_file() for one in examples.items)


def test_a_file_by_itself_is_read(tmp_path):
    for format, name in (("flickr8k", "Flickr8k.token.txt"), ("coco", "captions.json"), ("manifest", "pictures.jsonl")):
        root = write(tmp_path / format, LAYOUTS[format])
        examples = read(root / name, SETTINGS)
        assert examples.format == format and len(examples.items) == 6 and examples.problems == ()
    root = write(tmp_path / "parted", PARTED["coco"]) / "annotations" / "captions_val2014.json"
    assert len(read(root, SETTINGS).items) == 2


def test_only_listed_pictures_count_where_there_are_lists(tmp_path):
    files = dict(PARTED["flickr8k"])
    del files["text/Flickr_8k.devImages.txt"], files["a/b/pig.jpg"]
    examples = read(write(tmp_path, files), SETTINGS)
    assert examples.problems == () and {one.name for one in examples.items} == {f"{name}.jpg" for name in FEW}
    assert "2 pictures with captions on no list: left out, as pig.jpg." in examples.notes


def test_manifest_rows_of_one_picture_belong_together(tmp_path):
    lines = [{"image": f"{name}.jpg", "captions": one} for name, own in CAPTIONS.items() for one in own]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    examples = read(write(tmp_path, {**pictures(""), "x.jsonl": text}), SETTINGS)
    assert {(one.name, one.target) for one in examples.items} == {
        (f"{name}.jpg", tuple(own)) for name, own in CAPTIONS.items()
    }
    other = [{"file": f"{name}.jpg", "text": own} for name, own in CAPTIONS.items()]
    root = write(tmp_path / "b", {**pictures(""), "x.jsonl": "".join(json.dumps(line) + "\n" for line in other)})
    settings = Settings(image_column="file", captions_column="text")
    assert read(root, settings).fingerprint == examples.fingerprint
    with pytest.raises(UserError, match=r"x.jsonl: expected a column 'image'; --set image_column=NAME.*'file', 'text'"):
        read(root, SETTINGS)


KINDS = {
    "CMYK": picture(1, "CMYK", "JPEG"),
    "grey": picture(1, "L", "JPEG"),
    "alpha": picture(1, "RGBA"),
    "16 bits": picture(1, "I;16"),
    "palette": picture(1, "P"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_of_any_kind_is_three_channels_of_eight_bits(tmp_path, kind):
    root = write(tmp_path, LAYOUTS["manifest"] | {"dog.jpg": KINDS[kind]})
    assert read(root, SETTINGS).problems == ()
    seen = raw_arrays(root / "dog.jpg", SETTINGS)["picture"]
    assert seen.shape == (16, 16, 3) and seen.dtype == np.uint8
    assert not seen[:2].any() and not seen[-2:].any() and seen[2:-2].any()  # 12 rows of 16, black above and below


def test_a_picture_is_turned_as_its_exif_says(tmp_path):
    turned = Image.Exif()
    turned[0x0112] = 6
    write(tmp_path, {"plain.png": picture(3), "turned.png": picture(3, exif=turned)})
    plain, turned = (raw_arrays(tmp_path / name, SETTINGS)["picture"] for name in ("plain.png", "turned.png"))
    assert np.array_equal(np.rot90(plain, -1), turned)


FAULTS = {
    "text": ({"dog.jpg": b"no picture at all"}, r"pictures.jsonl:1 \(dog.jpg\)", r"dog.jpg: expected a picture"),
    "empty": ({"dog.jpg": b""}, r"pictures.jsonl:1 \(dog.jpg\)", "the file is empty"),
    "cut off": ({"dog.jpg": picture(0, form="JPEG", size=(64, 64))[:-500]}, "dog.jpg", "damaged or cut off"),
    "missing": (
        {"pictures.jsonl": rows(CAPTIONS | {"ox": ["An ox ."]})},
        r"pictures.jsonl:7 \(ox.jpg\)",
        "no such file",
    ),
    "no caption": ({"pictures.jsonl": rows(CAPTIONS | {"dog": []})}, r"pictures.jsonl:1 \(dog.jpg\)", "has no caption"),
    "null": ({"pictures.jsonl": rows(CAPTIONS | {"dog": None})}, r"pictures.jsonl:1 \(dog.jpg\)", "has no caption"),
    "number": (
        {"pictures.jsonl": rows(CAPTIONS | {"dog": [3]})},
        "pictures.jsonl:1",
        r"expected a caption. Received: '3'",
    ),
    "blank": ({"pictures.jsonl": rows(CAPTIONS | {"dog": [" "]})}, "pictures.jsonl:1", "dog.jpg: the caption is empty"),
    "no word": ({"pictures.jsonl": rows(CAPTIONS | {"dog": ["..!"]})}, "pictures.jsonl:1", "with a word in it"),
    "no name": (
        {"pictures.jsonl": rows(CAPTIONS) + '{"image": 3, "captions": "a"}\n'},
        "pictures.jsonl:7",
        "path of a pict",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_and_the_rest_is_used(tmp_path, fault):
    changed, place, message = FAULTS[fault]
    examples = read(write(tmp_path, LAYOUTS["manifest"] | changed), SETTINGS)
    (problem,) = examples.problems
    assert re.search(place, problem.name) and re.search(message, problem.message)
    assert len(examples.items) >= 5


def test_a_bad_caption_costs_the_picture_that_one_alone(tmp_path):
    captions = token_file(CAPTIONS | {"dog": ["A dog .", "  ", "It runs ."]})
    examples = read(write(tmp_path, LAYOUTS["flickr8k"] | {"Flickr8k.token.txt": captions}), SETTINGS)
    (problem,) = examples.problems
    assert problem.name == "Flickr8k.token.txt:2" and problem.message == "dog.jpg: the caption is empty"
    assert next(one for one in examples.items if one.name == "dog.jpg").target == ("A dog .", "It runs .")


def test_flickr8k_lists_that_name_what_is_not_there(tmp_path):
    files = PARTED["flickr8k"] | {
        "text/Flickr_8k.trainImages.txt": "dog.jpg\ncat.jpg\nox.jpg\npig.jpg\n",
        "text/Flickr8k.token.txt": token_file(CAPTIONS | {"ox": ["An ox ."]}).replace("cat", "lynx") + "no tab\n",
    }
    found = {
        (one.name, one.message.removeprefix(f"{tmp_path}/a/b/"))
        for one in read(write(tmp_path, files), SETTINGS).problems
    }
    assert found == {
        ("text/Flickr8k.token.txt:14", "expected NAME#N, a tab and the caption. Received: 'no tab'"),
        ("text/Flickr_8k.trainImages.txt:2 (cat.jpg)", "the picture has no caption"),
        ("text/Flickr_8k.trainImages.txt:3 (ox.jpg)", "ox.jpg: no such file"),
        ("text/Flickr_8k.trainImages.txt:4", "pig.jpg is listed already, at text/Flickr_8k.devImages.txt:1 (pig.jpg)"),
    }


def test_coco_faults(tmp_path):
    held = json.loads(coco(CAPTIONS, NUMBERS))
    held["annotations"] += [{"image_id": 1, "caption": "A fox ."}, {"image_id": 100, "caption": ""}, 3]
    held["images"] += [{"id": 100, "file_name": "x.jpg"}, {"id": 2}]
    examples = read(write(tmp_path, LAYOUTS["coco"] | {"captions.json": json.dumps(held)}), SETTINGS)
    assert [(one.name.removeprefix("captions.json: "), one.message) for one in examples.problems] == [
        ("images[6]", "the id 100 is that of another picture too"),
        ("images[7]", "expected id and file_name. Received: {'id': 2}"),
        ("annotations[12]", "a caption of the picture 1, which is not among the images"),
        ("annotations[14]", "expected image_id and caption. Received: 3"),
        ("annotations[13]", "dog.jpg: the caption is empty"),
    ]
    with pytest.raises(UserError, match=r"expected the keys 'images' and 'annotations', lists. Received: 'a'"):
        read(write(tmp_path / "b", {"captions.json": '{"a": 1}'}), SETTINGS)
    with pytest.raises(UserError, match=r"captions.json: not valid JSON"):
        read(write(tmp_path / "c", {"captions.json": "{"}), SETTINGS)


def test_data_without_a_usable_picture_is_refused(tmp_path):
    root = write(tmp_path, {"x.jsonl": rows(CAPTIONS)})
    with pytest.raises(UserError, match=r"at least one picture with a caption; the first fault: x.jsonl:1 \(dog.jpg\)"):
        read(root, SETTINGS)


def test_words_are_lower_case_without_punctuation():
    assert words_of("A Dog 's T-shirt , isn\u2019t it ? 3 .") == ["a", "dog", "s", "t-shirt", "isn't", "it", "3"]
    assert words_of(" \u00c9t\u00e9 \u2014 na\u00efve_x!") == ["\u00e9t\u00e9", "na\u00efve", "x"]


def test_the_vocabulary_is_of_the_training_captions_the_frequent_words_first(tmp_path):
    train = read(write(tmp_path, PARTED["manifest"]), SETTINGS).part("train")
    words = prepare(train, SETTINGS)["words"]
    assert words[:6] == ["<end>", "<start>", "<unknown>", "the", "a", "grass"]
    assert set(words[3:]) == {"a", "on", "the", "grass", *FEW}
    assert prepare(train, Settings(min_count=3))["words"][3:] == ["the", "a", "grass", "on"]
    inherited = {"words": [*words[:5], "zebra"], "training_captions": []}
    assert prepare(train, SETTINGS, inherited)["words"][:6] == inherited["words"]
    with pytest.raises(UserError, match="setting 'min_count': no word of the training captions occurs 99 times"):
        prepare(train, Settings(min_count=99))


@pytest.mark.real_data
def test_flickr8k_is_read_whole():
    if "SUITE_DATA" not in os.environ:
        pytest.skip("SUITE_DATA does not name the folder of the real data sets")
    folder = Path(os.environ["SUITE_DATA"]) / "captioning" / "flickr8k"
    if not folder.is_dir():
        pytest.skip(f"{folder} does not exist")
    examples = read(folder, Settings())
    assert examples.sizes == {"train": 6000, "dev": 1000, "test": 0} and examples.problems == ()
    assert all(len(one.target) == 5 for one in examples.items)
