"""The drawn scenes: what their captions say is in the picture, and what is held out."""

import numpy as np
import pytest

from pipelines.captioning.config import Settings
from pipelines.captioning.sample_data import COLOURS, RELATIONS, SIDE, SIZES, WRITERS, make_sample, make_scenes
from suite.errors import UserError
from tests.reading import reader

read = reader("captioning")


@pytest.fixture(scope="module")
def scenes():
    return make_scenes(0)


def said(caption):
    """`(things, relation)` of a caption, a thing as its colour and shape, the small one first."""
    (relation,) = [one for one in RELATIONS if f" {one} " in caption]
    small, large = caption.removeprefix("there is ").replace(" is ", " ").split(f" {relation} ")
    assert small.split()[:2] == ["a", "small"] and large.split()[0] == "a"
    return [tuple(one.split()[-2:]) for one in (small, large)], relation


def test_a_scene_has_three_captions_that_say_the_same(scenes):
    for picture, captions in scenes["test"]:
        assert picture.shape == (SIDE, SIDE, 3) and picture.dtype == np.uint8
        first, *others = map(said, captions)
        assert all(other == first for other in others) and len(set(captions)) == 3


def test_the_shapes_stand_as_the_caption_says(scenes):
    checked = 0
    for picture, captions in scenes["train"][:200]:
        things, relation = said(captions[0])
        if things[0][0] == things[1][0]:
            continue
        near = [np.abs(picture.astype(int) - COLOURS[colour]).sum(-1) < 100 for colour, _ in things]
        (y0, x0), (y1, x1) = (np.argwhere(one).mean(axis=0) for one in near)
        assert {"left of": x0 + 9 < x1, "right of": x0 > x1 + 9, "above": y0 + 9 < y1, "below": y0 > y1 + 9}[relation]
        assert near[0].sum() < near[1].sum()
        checked += 1
    assert checked > 100


def test_held_out_combinations_are_never_trained(scenes):
    def combinations(part):
        found = set()
        for _, captions in scenes[part]:
            for caption in captions:
                (first, second), relation = said(caption)
                found.add((first, relation, second))
        return found

    train, held_out = combinations("train"), combinations("dev") | combinations("test")
    assert not train & held_out and len(train) > 300
    words = {word for combination in train for word in str(combination).split()}
    assert {word for combination in held_out for word in str(combination).split()} == words


@pytest.mark.parametrize("format", WRITERS)
def test_every_format_is_read_back(tmp_path, monkeypatch, format):
    monkeypatch.setattr("pipelines.captioning.sample_data.SIZES", {"train": 6, "dev": 3, "test": 3})
    examples = read(make_sample(tmp_path / "sample", 3, format), Settings())
    assert examples.format == format and examples.problems == ()
    assert examples.sizes == {"train": 6, "dev": 3, "test": 3}
    again = make_sample(tmp_path / "again", 3, "manifest")
    assert {one.key for one in read(again, Settings()).items} == {one.key for one in examples.items}


def test_sizes_and_what_cannot_be_written(tmp_path, scenes):
    assert {part: len(own) for part, own in scenes.items()} == SIZES
    with pytest.raises(UserError, match="--format: expected one of manifest, flickr8k, coco"):
        make_sample(tmp_path / "x", format="csv")
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="expected a new or empty folder"):
        make_sample(tmp_path)
