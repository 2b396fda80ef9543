"""Assets and batches of the video pipeline."""

import numpy as np
import pytest

from pipelines.video.config import Settings
from pipelines.video.data import batches, prepare, raw_arrays
from tests.reading import reader

read = reader("video")

SMALL = {"height": 24, "width": 32, "channels": 1, "batch_size": 4, "frames": 12}
VARIED = {**SMALL, "flip": True, "crop": 0.2, "brightness": 0.2, "speed": 0.2, "frame_drop": 0.2}


@pytest.fixture(scope="module")
def examples(tmp_path_factory, write_clip):
    """Eleven clips of 4 to 14 frames in eleven classes."""
    root = tmp_path_factory.mktemp("clips")
    for number in range(11):
        for copy in range(2):
            write_clip(root / f"{number}/{copy}.avi", 2 * number + copy, 4 + number)
    return read(root, Settings(dev_fraction=0, test_fraction=0)).part("train")


def everything(examples, settings, epoch, training=True):
    """Return `{name: (frames, class)}` of an epoch, each clip cut to its length."""
    source = batches(examples, prepare(examples, settings), settings, training)
    found = {}
    for step, (inputs, targets) in enumerate(source.dataset(epoch)):
        for row, name in enumerate(source.names(epoch, step)):
            length = int(inputs["length"][row])
            assert name not in found and not inputs["frames"][row, length:].numpy().any()
            found[name] = (inputs["frames"][row, :length].numpy(), int(targets[row]))
    assert step + 1 == source.steps
    return found


def test_labels_are_in_natural_order(examples):
    assert prepare(examples, Settings()) == {"labels": [str(number) for number in range(11)]}


def test_every_clip_is_in_an_epoch_once_with_its_class_and_its_frames(examples):
    settings = Settings(**SMALL)
    found = everything(examples, settings, 3)
    assert sorted(found) == sorted(one.name for one in examples)
    for one in examples:
        frames, target = found[one.name]
        assert str(target) == one.target
        assert np.array_equal(frames, raw_arrays(one.input, settings)["frames"])
        assert len(frames) == min(4 + int(one.target), 12)


def test_augmentation_depends_on_seed_epoch_and_clip_alone(examples):
    def same(one, other):
        return [np.array_equal(one[name][0], other[name][0]) for name in one if name in other]

    settings = Settings(**VARIED)
    first = everything(examples, settings, 1)
    assert all(same(first, everything(examples, settings, 1)))
    assert all(same(first, everything(examples[::-2], settings, 1)))
    assert all(same(first, everything(examples, Settings(**VARIED | {"batch_size": 3, "cache_megabytes": 0}), 1)))
    assert not any(same(first, everything(examples, settings, 2)))
    assert not any(same(first, everything(examples, Settings(**VARIED, seed=1), 1)))


def test_only_training_is_augmented(examples):
    settings = Settings(**VARIED)
    for name, (frames, _) in everything(examples, settings, 0, training=False).items():
        (one,) = [one for one in examples if one.name == name]
        assert np.array_equal(frames, raw_arrays(one.input, settings)["frames"])


def test_random_sampling_takes_another_part_of_the_clip_each_epoch(examples):
    settings = Settings(**SMALL | {"frames": 5, "sampling": "random"})
    whole = Settings(**SMALL | {"frames": 99})
    starts = {one.name: set() for one in examples}
    for epoch in range(8):
        for name, (frames, _) in everything(examples, settings, epoch).items():
            (one,) = [one for one in examples if one.name == name]
            full = raw_arrays(one.input, whole)["frames"]
            found = [n for n in range(len(full)) if np.array_equal(full[n : n + 5][: len(frames)], frames)]
            assert found and len(frames) == min(5, len(full))
            starts[name].add(found[0])
    assert all(len(starts[one.name]) > 2 for one in examples if int(one.target) > 6)


def test_shapes_are_few_and_the_same_in_every_epoch(examples):
    settings = Settings(**VARIED)
    source = batches(examples, prepare(examples, settings), settings, True)
    shapes = {inputs["frames"].shape[1] for epoch in range(4) for inputs, _ in source.dataset(epoch)}
    assert shapes <= {4, 8, 12}


def test_frames_per_second_are_taken_from_the_times(examples):
    (longest,) = [one for one in examples if one.name == "10/0.avi"]
    arrays = raw_arrays(longest.input, Settings(**SMALL, frame_rate=5))
    every = raw_arrays(longest.input, Settings(**SMALL | {"frames": 99}))
    assert np.array_equal(arrays["frames"], every["frames"][::2])
