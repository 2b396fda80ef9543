"""Fingerprints of a data set: of its content, of its parts, of its order."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from suite.data.examples import Example, Examples


def data(*items):
    return Examples(items, Path("data"), "csv", "a test")


ANN = Example("data.csv:2", "héllo", "pos", "train", None, "héllo")
BOB = Example("data.csv:3", "bye", "neg", "test", "g", "bye")


def test_the_fingerprint_is_sha256_of_sorted_digests_of_content_and_target():
    rows = sorted(hashlib.sha256(text.encode()).digest() for text in ("héllo\0pos", "bye\0neg"))
    assert data(ANN, BOB).fingerprint == hashlib.sha256(b"".join(rows)).hexdigest()
    captions = replace(ANN, target=("a dog", "it's"))
    text = """héllo\0('a dog', "it's")"""
    assert data(captions).row_digests == [hashlib.sha256(text.encode()).digest()]


def test_each_fingerprint_sees_what_is_its_own():
    moved = data(replace(ANN, part="test"), replace(BOB, part="train"))
    turned, elsewhere = data(BOB, ANN), data(replace(ANN, name="other:9"), BOB)
    for name, differs in (
        ("fingerprint", (0, 0, 0)),
        ("parts_fingerprint", (1, 0, 0)),
        ("order_fingerprint", (1, 1, 0)),
    ):
        values = [getattr(examples, name) for examples in (data(ANN, BOB), moved, turned, elsewhere)]
        assert tuple(int(value != values[0]) for value in values[1:]) == differs, name


LONG = np.arange(5000, dtype="float32")
CHANGED = np.where(LONG == 2500, 0, LONG)


@pytest.mark.parametrize(
    ("value", "another"),
    [
        (LONG, CHANGED),  # str() of both is "[0. 1. 2. ... 4997. 4998. 4999.]"
        (LONG, LONG.astype("float64")),
        (LONG, LONG.reshape(50, 100)),
        ({"y": LONG}, {"y": CHANGED}),
        ([LONG, 1], [CHANGED, 1]),
        (([1, 2], [3]), ([1], [2, 3])),
        (np.array(["a", None], object), np.array(["a", "b"], object)),
    ],
)
def test_all_of_an_array_counts_in_input_and_target(value, another):
    for field in ("input", "target"):
        first, second = (data(replace(ANN, key="", **{field: content})) for content in (value, another))
        assert first.fingerprint != second.fingerprint


def test_equal_content_has_one_fingerprint():
    pairs = [
        (LONG.reshape(50, 100), np.asfortranarray(LONG.reshape(50, 100))),
        ({"a": 1, "b": LONG}, {"b": LONG.copy(), "a": 1}),
        ({"x", "y", "z"}, {"z", "y", "x"}),
    ]
    for value, same in pairs:
        assert data(replace(ANN, target=value)).fingerprint == data(replace(ANN, target=same)).fingerprint
