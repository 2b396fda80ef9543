"""Errors that nobody thought of, while one file of a data set is read: the file is named, and the others are used."""

import importlib
import struct

import numpy as np
import pytest
import soundfile
from PIL import Image

from suite.data.examples import Problem
from suite.data.inspection import inspect_files
from suite.errors import UserError, naming
from suite.registry import load_pipeline
from suite.runs import read_data
from suite.vision.opencv import import_cv2

COUNT = 12
STRUCT_ERROR = struct.error("argument out of range")
FAULTS = (STRUCT_ERROR, TypeError(), SyntaxError("?"))


def write_sentiment(folder):
    for number in range(COUNT):
        path = folder / ("pos", "neg")[number % 2] / f"{number}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"text {number}", encoding="utf-8")
    return "neg/3.txt"


def write_speech(folder):
    for number in range(COUNT):
        samples = np.random.default_rng(number).normal(0, 0.1, 4000)
        soundfile.write(folder / f"{number % 10}_ann_{number}.wav", samples, 8000)
    return "3_ann_3.wav"


def write_sound(folder):
    for number in range(COUNT):
        path = folder / ("go", "stop")[number % 2] / f"{number}.wav"
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, np.random.default_rng(number).normal(0, 0.1, 4000), 8000)
    return "stop/3.wav"


def write_video(folder):
    cv2 = import_cv2()
    for number in range(COUNT):
        path = folder / ("run", "walk")[number % 2] / f"{number}.avi"
        path.parent.mkdir(exist_ok=True)
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (16, 16))
        for frame in range(3):
            writer.write(np.full((16, 16, 3), 10 * number + frame, np.uint8))
        writer.release()
    return "walk/3.avi"


def write_captioning(folder):
    rows = []
    for number in range(COUNT):
        Image.new("RGB", (8, 8), (20 * number, 0, 0)).save(folder / f"{number}.png")
        rows.append(f'{{"image": "{number}.png", "captions": ["a dog"]}}\n')
    (folder / "captions.jsonl").write_text("".join(rows))
    return "3.png"


TASKS = {  # what writes the data, and the function that looks into a file
    "sentiment": (write_sentiment, "suite.data.texts", "read_lines"),
    "speech": (write_speech, "suite.data.clips", "inspect_clip"),
    "sound": (write_sound, "suite.data.clips", "inspect_clip"),
    "video": (write_video, "pipelines.video.data", "video_info"),
    "captioning": (write_captioning, "pipelines.captioning.data", "inspect_image"),
}


@pytest.mark.parametrize("task", TASKS)
def test_the_file_is_named_and_can_be_left_out(tmp_path, monkeypatch, task):
    write, module, name = TASKS[task]
    broken = tmp_path / write(tmp_path)
    look = getattr(importlib.import_module(module), name)

    def look_or_fail(path, *arguments):
        if path == broken:
            raise STRUCT_ERROR
        return look(path, *arguments)

    monkeypatch.setattr(importlib.import_module(module), name, look_or_fail)
    settings = load_pipeline(task).Settings()
    with pytest.raises(UserError, match=rf"{broken.name}.*which was not expected: error: argument out of range"):
        read_data(task, tmp_path, settings, None, "fail")
    examples = read_data(task, tmp_path, settings, None, "skip")
    (problem,) = examples.problems
    assert broken.name in f"{problem.name} {problem.message}" and len(examples.items) == COUNT - 1


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_an_error_of_any_kind_is_one_sentence_with_its_cause(fault):
    with pytest.raises(UserError) as raised, naming("a/b.jpg"):
        raise fault
    assert str(raised.value).startswith(
        f"a/b.jpg: the file cannot be read, which was not expected: {type(fault).__name__}"
    )
    assert raised.value.__cause__ is fault


def test_what_is_expected_goes_through_as_it_is(tmp_path):
    with pytest.raises(UserError, match=r"^the reason$"), naming("a.jpg"):
        raise UserError("the reason")
    with pytest.raises(UserError, match=r"^a.jpg: cannot be read: No such file or directory$"), naming("a.jpg"):
        (tmp_path / "a.jpg").read_bytes()
    with pytest.raises(KeyboardInterrupt), naming("a.jpg"):
        raise KeyboardInterrupt


def test_answers_are_in_the_order_of_the_files(tmp_path):
    files = [(f"list:{number}", tmp_path / str(number)) for number in range(30)]

    def inspect(path):
        if int(path.name) % 7 == 3:
            raise ValueError(f"not\n{path.name}")
        return int(path.name)

    answers = inspect_files(files, inspect)
    assert [answer for answer in answers if isinstance(answer, int)] == [n for n in range(30) if n % 7 != 3]
    assert answers[3] == Problem("list:3", "the file cannot be read, which was not expected: ValueError: not")
