"""The kind: what a model learned stands in an order, and that order must not depend on Python's hashes or on luck.

Labels, vocabularies, symbols, language models, parts and folds are compared between processes that hash differently; the
order of numbers is compared with Python's own order of floats.
"""

import hashlib
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import tensorflow as tf
from PIL import Image

from suite.config import TrainingSettings
from suite.data.examples import Example, Examples
from suite.data.folds import folds
from suite.data.labels import natural_order
from suite.data.reading import read_examples, with_parts
from suite.pipeline import Pipeline
from suite.registry import load_pipeline

ROOT = Path(__file__).resolve().parents[2]
# Beside this process: one that hashes otherwise, whatever seed this one was begun with.
SEEDS = [
    ("1" if os.environ.get("PYTHONHASHSEED") == "0" else "0",),
    pytest.param(("2", "3", "4"), marks=pytest.mark.slow),
]
LABELS = [
    "v1",
    "v01",
    "v001",
    "5 stars",
    "05 stars",
    "-1",
    "0",
    "1",
    "+1",
    "01",
    "0.5",
    ".5",
    "NO",
    "no",
    "é",
    "e\u0301",
]


def learned(root: Path) -> dict[str, list[Any]]:
    """What four tasks learn of the files in a folder, how they cut them into parts and folds, and what one draws of them."""
    result = {}

    def note(name: str, pipeline: Pipeline, examples: Examples, settings: TrainingSettings) -> None:
        parts = [(example.name, example.part) for example in examples.items]
        cuts = [[example.name for example in fold.part("dev")] for fold in folds(examples, 3, by_group=False)]
        result[name] = [pipeline.prepare(examples.part("train"), settings), parts, cuts, examples.notes]

    pipeline = load_pipeline("sentiment")
    for tokenizer in ("bytes", "wordpiece"):
        settings = pipeline.Settings(tokenizer=tokenizer, class_weights="balanced", vocabulary_size=64)
        note(tokenizer, pipeline, read_examples(pipeline, root / "reviews.csv", settings), settings)
    pipeline = load_pipeline("speech")
    speech = {"vocabulary_size": 24, "closed_vocabulary": True, "language_model_order": 3}
    for tokens in ("characters", "subword"):
        settings = pipeline.Settings(tokens=tokens, n_fft=256, sample_rate=8000, **speech)
        note(tokens, pipeline, read_examples(pipeline, root / "clips.csv", settings), settings)
    # Order and augmentation of batches are drawn, too.
    drawn = {"batch_size": 4, "speed": (0.8, 1.25), "noise_snr_db": (5.0, 20.0), "gain_db": 6.0, "shift_seconds": 0.1}
    settings = pipeline.Settings(n_fft=256, sample_rate=8000, **drawn)
    clips = read_examples(pipeline, root / "clips.csv", settings).part("train")
    source = pipeline.batches(clips, pipeline.prepare(clips, settings), settings, True)
    result["batches"] = [
        [hashlib.sha256(array.numpy().tobytes()).hexdigest() for array in tf.nest.flatten(batch)]
        for batch in source.dataset(3)
    ]
    pipeline = load_pipeline("captioning")
    settings = pipeline.Settings(min_count=1)
    note("captioning", pipeline, read_examples(pipeline, root / "pictures.jsonl", settings), settings)
    pipeline = load_pipeline("video")
    names = [f"{number}.avi" for number in range(400)]
    items = tuple(
        Example(name, name, LABELS[number % len(LABELS)], None, f"scene {number % 40}", str(number))
        for number, name in enumerate(names)
    )
    examples = with_parts(pipeline, Examples(items, root, "folders", ""), pipeline.Settings())
    note("video", pipeline, examples, pipeline.Settings())
    return json.loads(json.dumps(result, default=list))


PRINT_LEARNED = """
import json, sys
from pathlib import Path
from tests.field.test_label_order import learned
print(json.dumps(learned(Path(sys.argv[1]))))
"""


@pytest.fixture(scope="module", params=SEEDS, ids="-".join)
def prepared(request, tmp_path_factory):
    """What all four tasks learn and how they cut the same files, under each hash seed."""
    root = tmp_path_factory.mktemp("order")
    words = ["one", "two", "due", "owe", "wet", "net", "ten"]  # with the same counts
    rows = [
        f'"{words[n % 7]} {words[n * 3 % 7]} {words[n * 5 % 7]} {n}","{LABELS[n % len(LABELS)]}",ann {n % 30}'
        for n in range(320)
    ]
    (root / "reviews.csv").write_text("text,label,group\n" + "\n".join(rows) + "\n", encoding="utf-8")
    rows = []
    for number in range(14):
        sound = np.random.default_rng(number).normal(0, 0.1, 16000)
        soundfile.write(root / f"{number}.wav", sound, 8000)
        rows.append(f"{number}.wav,{words[number % 7]} {words[number * 3 % 7]},speaker {number % 5}")
    (root / "clips.csv").write_text("audio,text,speaker\n" + "\n".join(rows) + "\n")
    rows = []
    for number in range(14):
        Image.new("RGB", (8, 8), (number, 0, 0)).save(root / f"{number}.png")
        captions = [f"a {words[number % 7]}", f"{words[number * 3 % 7]} b"]
        rows.append(json.dumps({"image": f"{number}.png", "captions": captions, "group": f"camera {number % 6}"}))
    (root / "pictures.jsonl").write_text("\n".join(rows) + "\n")
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PRINT_LEARNED, str(root)],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for seed in request.param
    ]
    results = [learned(root)]
    for process in processes:
        out, errors = process.communicate()
        assert process.returncode == 0, errors
        results.append(json.loads(out))
    return results


@pytest.mark.parametrize("case", ["bytes", "wordpiece", "characters", "subword", "captioning", "video"])
def test_assets_parts_folds_and_notes_are_the_same_whatever_the_hash_seed(prepared, case):
    assert all(result[case] == prepared[0][case] for result in prepared[1:])
    assets, parts, cuts, _ = prepared[0][case]
    assert any(assets.values()) and {part for _, part in parts} == {"train", "dev", "test"} and len(cuts) == 3


def test_batches_are_drawn_alike_whatever_the_hash_seed(prepared):
    assert all(result["batches"] == prepared[0]["batches"] for result in prepared[1:])
    assert len({digest for batch in prepared[0]["batches"] for digest in batch}) > 3


@pytest.mark.parametrize("case", ["bytes", "video"])
def test_labels_that_read_alike_have_one_order(prepared, case):
    order = prepared[0][case][0]["labels"]
    assert order == [
        "-1",
        "0",
        ".5",
        "0.5",
        "+1",
        "01",
        "1",
        "05 stars",
        "5 stars",
        "NO",
        "e\u0301",
        "no",
        "v001",
        "v01",
        "v1",
        "é",
    ]


def test_any_two_labels_have_different_places():
    pieces = ["1", "01", "-", "+", ".", "0", " ", "a", "A", "e5", "٣", "3", "²", "−"]
    generator = random.Random(0)
    labels = {"".join(generator.choices(pieces, k=generator.randint(0, 4))) for _ in range(3000)}
    keys = {label: natural_order(label) for label in labels}
    assert len(set(map(repr, keys.values()))) == len(labels)
    shuffled = random.Random(1).sample(sorted(labels), len(labels))
    assert sorted(labels, key=natural_order) == sorted(shuffled, key=natural_order)


def test_numbers_stand_in_the_order_of_floats():
    generator = random.Random(0)
    numbers = [round(generator.uniform(-50, 50), generator.randint(0, 3)) for _ in range(500)]
    labels = (
        {f"{number:g}" for number in numbers} | {f"{number / 1e6:.3e}" for number in numbers} | {"-0.25", "1e3", "7"}
    )
    floats = [float(label) for label in sorted(labels, key=natural_order)]
    assert floats == sorted(floats)


@pytest.mark.parametrize(
    "labels",
    [
        ["-1", "0", "1"],
        ["−2", "-1", "0"],  # the minus sign of typesetters
        ["0.25 l", "0.5 l", "1 l", "1.5 l", "10 l"],
        ["-10 °C", "-2 °C", "5 °C"],
        ["1.2.3", "1.2.10", "1.10.1"],  # versions are whole numbers between points
        ["2019-12-31", "2020-01-02", "2020-10-01"],
        ["2-3", "5-10", "10-20"],
        ["take 2", "take 10"],
        ["0", "1" * 5000],  # longer than int() reads
    ],
)
def test_what_people_write_stands_as_they_count(labels):
    shuffled = random.Random(0).sample(labels, len(labels))
    assert sorted(shuffled, key=natural_order) == labels
