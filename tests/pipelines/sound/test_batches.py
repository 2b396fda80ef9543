"""What training hears of a clip depends on seed, epoch and clip alone."""

import numpy as np
import pytest

from pipelines.sound.augmentation import augment, longest, read_noise
from pipelines.sound.config import Settings
from pipelines.sound.data import batches, raw_arrays
from suite.errors import UserError
from tests.reading import reader

read = reader("sound")
CHANGES = {
    "sample_rate": 8000,
    "speed": (0.8, 1.2),
    "gain_db": 6,
    "shift_seconds": 0.1,
    "noise_snr_db": (0, 20),
    "reverb": 0.5,
}
CLIP = (0.3 * np.sin(np.arange(4000) / 5)).astype(np.float32)


def test_a_clip_is_heard_anew_in_every_epoch_and_the_same_in_every_run(make):
    settings = Settings(**CHANGES, noise=str(make({"noise/a.wav": (150, 2.0)}) / "noise"))
    noises = read_noise(settings)
    heard = [augment(CLIP, settings, (epoch, 7), noises) for epoch in (0, 0, 1, 2)]
    np.testing.assert_array_equal(heard[0], heard[1])
    assert len({clip.tobytes() for clip in heard}) == 3
    for clip in heard:
        assert clip.dtype == np.float32 and np.abs(clip).max() <= 1 and len(clip) <= longest(len(CLIP), settings)
    np.testing.assert_array_equal(augment(CLIP, Settings(sample_rate=8000), (0, 7), ()), CLIP)


def test_noise_is_a_folder_with_sound_in_it(make, tmp_path):
    make({"silent/a.txt": "nothing"})
    for folder, message in (("silent", r"setting 'noise'.*Received: .*silent"), ("missing", "no such file or folder")):
        with pytest.raises(UserError, match=message):
            read_noise(Settings(noise=str(tmp_path / folder), noise_snr_db=(0, 10)))


def test_batches_hold_whole_clips_and_their_classes(make):
    files = {
        f"{label}/{number}.wav": (200 + 100 * number, 0.25 + 0.125 * number) for label in "ab" for number in range(5)
    }
    settings = Settings(sample_rate=8000, batch_size=4, dev_fraction=0, test_fraction=0)
    examples = read(make(files), settings).items
    source = batches(examples, {"labels": ["a", "b"]}, settings, False)
    rows = [
        row
        for step, batch in enumerate(source.dataset(0))
        for row in zip(source.names(0, step), *flat(batch), strict=True)
    ]
    assert sorted(name for name, *_ in rows) == sorted(files)
    for name, samples, length, target in rows:
        assert length == int(files[name][1] * 8000) and not np.any(samples[length:]) and target == "ab".index(name[0])


def test_mixed_clips_are_of_two_classes_by_the_share_of_each(make):
    files = {
        f"{label}/{row}.wav": (130 + 170 * row + 60 * "abc".index(label), 0.5) for label in "abc" for row in range(3)
    }
    settings = Settings(sample_rate=8000, batch_size=9, dev_fraction=0, test_fraction=0, mixup=0.4)
    examples = read(make(files), settings).items
    labels = {"labels": ["a", "b", "c"]}
    clips = {example.name: raw_arrays(example.input, settings)["samples"] for example in examples}

    def epoch(number, training=True):
        source = batches(examples, labels, settings, training)
        ((samples, _, targets),) = [flat(batch) for batch in source.dataset(number)]
        return source.names(number, 0), samples, targets

    names, samples, targets = epoch(0)
    assert targets.dtype == np.float32 and np.allclose(targets.sum(1), 1) and targets.max(1).min() < 1
    for row, name in enumerate(names):
        pair = np.stack([clips[name], clips[names[row - 1]]], axis=1)
        shares = np.linalg.lstsq(pair, samples[row, :4000], rcond=None)[0]
        expected = np.zeros(3)
        np.add.at(expected, ["abc".index(of[0]) for of in (name, names[row - 1])], shares)
        np.testing.assert_allclose(targets[row], expected, atol=1e-4)
    np.testing.assert_array_equal(samples, epoch(0)[1])
    assert not np.array_equal(samples, epoch(1)[1]) and epoch(0, training=False)[2].dtype == np.int32


def flat(batch):
    inputs, targets = batch
    return inputs["samples"].numpy(), inputs["length"].numpy(), targets.numpy()
