"""Batches of clips: padding, shapes, order, and augmentation."""

import numpy as np
import pytest

from pipelines.speech.augmentation import augment, is_augmented
from pipelines.speech.config import Settings
from pipelines.speech.data import batches
from pipelines.speech.transcripts import step_count
from suite.data.examples import Example
from suite.decoding.greedy import frames_needed
from suite.inputs.recordings import raw_arrays

SMALL = Settings(sample_rate=8000, n_fft=256, hop_length=80, batch_size=4)
CHANGES = {"speed": (0.8, 1.25), "noise_snr_db": (5.0, 20.0), "gain_db": 6.0, "shift_seconds": 0.1}
ASSETS = {"symbols": ["", " ", "a", "b", "c"]}
TEXTS = ("a", "ab", "abc cab", "c", "aabbcc", "b a")


@pytest.fixture
def clips(tmp_path, write_tone):
    """Eighteen clips of 0.2 to 1.9 s."""
    examples = []
    for number in range(18):
        path = write_tone(tmp_path / f"{number}.wav", 0.2 + 0.1 * number, 200 + 10 * number)
        examples.append(Example(path.name, path, TEXTS[number % 6], "train", key=str(number)))
    return examples


def collect(source, epoch):
    return [
        (inputs["samples"].numpy(), inputs["length"].numpy(), targets.numpy())
        for inputs, targets in source.dataset(epoch)
    ]


def same(one, other):
    return len(one) == len(other) and all(
        np.array_equal(a, b) for x, y in zip(one, other, strict=True) for a, b in zip(x, y, strict=True)
    )


def with_changes(**changes):
    return SMALL.model_copy(update=CHANGES | changes)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("batch_seconds", [None, 4.0])
def test_every_clip_is_in_an_epoch_once_with_its_samples_and_symbols(clips, training, batch_seconds):
    settings = SMALL.model_copy(update={"batch_seconds": batch_seconds})
    source = batches(clips, ASSETS, settings, training)
    by_name, names = {clip.name: clip for clip in clips}, []
    for step, (samples, length, targets) in enumerate(collect(source, 2)):
        assert samples.dtype == np.float32 and length.dtype == targets.dtype == np.int32
        assert samples.shape[1] % (4 * settings.step_samples) == 0
        if batch_seconds:
            assert samples.size <= batch_seconds * 8000 or len(samples) == 1
        for name, row, count, target in zip(source.names(2, step), samples, length, targets, strict=True):
            expected = raw_arrays(by_name[name].input, settings)["samples"]
            assert count == len(expected)
            np.testing.assert_allclose(row[:count], expected, atol=1 / 32768)
            assert not row[count:].any()
            said = "".join(ASSETS["symbols"][number] for number in target[1 : 1 + target[0]])
            assert said == by_name[name].target and not target[1 + target[0] :].any()
            names.append(name)
    assert step + 1 == source.steps and sorted(names) == sorted(by_name)


def test_characters_without_a_symbol_are_left_out(clips):
    source = batches(clips, {"symbols": ["", "b"]}, SMALL, False)
    for step, (_, _, targets) in enumerate(collect(source, 0)):
        counts = [next(clip.target for clip in clips if clip.name == name).count("b") for name in source.names(0, step)]
        assert targets[:, 0].tolist() == counts


def test_order_and_augmentation_depend_on_seed_and_epoch_alone(clips):
    settings = with_changes(batch_seconds=4.0)
    source = batches(clips, ASSETS, settings, True)
    first, second = collect(source, 0), collect(source, 1)
    assert same(collect(batches(clips, ASSETS, settings, True), 1), second)  # as a resumed run sees it
    assert same(collect(source, 0), first)
    assert not same(first, second)
    assert not same(collect(batches(clips, ASSETS, with_changes(batch_seconds=4.0, seed=1), True), 1), second)


def test_first_epochs_go_from_short_to_long(clips):
    source = batches(clips, ASSETS, SMALL.model_copy(update={"sorted_epochs": 2}), True)
    for epoch in (0, 1):
        lengths = np.concatenate([length for _, length, _ in collect(source, epoch)])
        assert list(lengths) == sorted(lengths)
    lengths = np.concatenate([length for _, length, _ in collect(source, 2)])
    assert list(lengths) != sorted(lengths)


def test_augmentation_is_for_training_alone_and_sets_in_when_told(clips):
    settings = with_changes(augment_from_epoch=1)
    plain = batches(clips, ASSETS, SMALL, False)
    assert same(collect(batches(clips, ASSETS, settings, False), 5), collect(plain, 5))

    def lengths(epoch):
        source = batches(clips, ASSETS, settings, True)
        return {
            name: int(count)
            for step, (_, length, _) in enumerate(collect(source, epoch))
            for name, count in zip(source.names(epoch, step), length, strict=True)
        }

    own = {clip.name: len(raw_arrays(clip.input, SMALL)["samples"]) for clip in clips}
    assert lengths(0) == own and all(lengths(1)[name] != own[name] for name in own)
    assert not is_augmented(SMALL, 9) and not is_augmented(settings, 0) and is_augmented(settings, 1)


def test_shapes_are_few_and_the_same_in_every_epoch(clips):
    settings = with_changes()
    source = batches(clips * 8, ASSETS, settings, True)
    widths = {samples.shape[1] for epoch in range(3) for samples, _, _ in collect(source, epoch)}
    assert len(widths) <= 8
    assert len(collect(source, 0)) == len(collect(source, 1)) == source.steps


def test_no_speed_makes_a_target_longer_than_its_steps():
    settings = SMALL.model_copy(update={"speed": (1.5, 2.0)})
    samples = np.sin(np.arange(1600) / 5).astype(np.float32)
    needed = frames_needed(list("abcdefgh"))  # of 11 steps
    for index in range(20):
        assert len(augment(samples, settings, 0, index, needed)) == 1600
        assert 800 <= len(augment(samples, settings, 0, index, 2)) < 1100
        assert step_count(len(augment(samples, settings, 0, index, 6)), settings) >= 6


def test_each_change_does_what_it_says():
    samples = np.sin(2 * np.pi * 440 * np.arange(8000) / 8000).astype(np.float32) / 4

    def changed(index=0, **changes):
        return augment(samples, SMALL.model_copy(update=changes), 3, index)

    assert np.array_equal(changed(), samples)
    slow = changed(speed=(0.5, 0.5))
    assert abs(len(slow) - 16000) < 3 and abs(np.abs(np.fft.rfft(slow)).argmax() - 440) <= 1
    for index in range(5):
        gain = 20 * np.log10(np.std(changed(index, gain_db=6.0)) / np.std(samples))
        assert -6 <= gain <= 6
        noise = changed(index, noise_snr_db=(10.0, 12.0)) - samples
        assert 9.5 <= 20 * np.log10(np.std(samples) / np.std(noise)) <= 12.5
        shifted = changed(index, shift_seconds=0.25)
        start = next(at for at in range(2001) if np.array_equal(shifted[at : at + 8000], samples))
        assert not shifted[:start].any() and not shifted[start + 8000 :].any() and len(shifted) <= 12000
    assert len({len(changed(index, shift_seconds=0.25)) for index in range(5)}) == 5
    assert np.array_equal(changed(7, **CHANGES), changed(7, **CHANGES))
