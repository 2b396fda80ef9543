import numpy as np
import pytest

from suite.audio.augment import add_noise, add_room, apply_gain, change_speed, shift

RATE = 16000


def tone(frequency, seconds=0.5):
    return (0.3 * np.sin(2 * np.pi * frequency * np.arange(int(seconds * RATE)) / RATE)).astype("float32")


@pytest.mark.parametrize("factor", [0.8, 1.0, 1.1])
def test_faster_is_shorter_and_higher(factor):
    found = change_speed(tone(400), factor)
    assert found.dtype == np.float32 and abs(len(found) - 8000 / factor) <= 1
    peak = np.argmax(np.abs(np.fft.rfft(found))) * RATE / len(found)
    assert abs(peak - 400 * factor) < 3
    np.testing.assert_allclose(found[500:-500], tone(400 * factor, 1)[500 : len(found) - 500], atol=5e-3)


@pytest.mark.parametrize("snr_db", [0.0, 10.0, 25.0])
@pytest.mark.parametrize("noise", ["white", "pink", np.random.default_rng(1).normal(size=300)])
def test_noise_has_the_ratio_asked_for_and_is_drawn_by_the_generator(snr_db, noise):
    samples = tone(400)
    found = [add_noise(samples, snr_db, np.random.default_rng(seed), noise) for seed in (0, 0, 1)]
    assert np.array_equal(found[0], found[1]) and not np.array_equal(found[0], found[2])
    added = found[0] - samples
    assert found[0].dtype == np.float32
    assert abs(10 * np.log10(np.mean(samples**2) / np.mean(added**2)) - snr_db) < 0.3


def test_pink_noise_falls_by_three_decibels_with_each_octave():
    samples = np.full(2**16, 0.01, "float32")
    power = np.abs(np.fft.rfft(add_noise(samples, 0, np.random.default_rng(0), "pink") - samples)) ** 2
    octaves = [10 * np.log10(power[2**k : 2 ** (k + 1)].mean()) for k in range(8, 14)]
    np.testing.assert_allclose(np.diff(octaves), -3, atol=0.7)


def test_silence_stays_silent():
    silence = np.zeros(100, "float32")
    assert np.array_equal(add_noise(silence, 10, np.random.default_rng(0)), silence)
    assert len(add_noise(silence[:0], 10, np.random.default_rng(0), "pink")) == 0


def test_gain():
    samples = tone(400)
    np.testing.assert_allclose(apply_gain(samples, 6.0206), 2 * samples, rtol=1e-4)
    assert apply_gain(samples, 40).max() == 1 and apply_gain(samples, 3).dtype == np.float32


def test_what_cannot_be():
    with pytest.raises(ValueError, match="Received: factor=0"):
        change_speed(tone(400), 0)
    with pytest.raises(ValueError, match="Received: noise='brown'"):
        add_noise(tone(400), 10, np.random.default_rng(0), "brown")


def test_a_shift_keeps_the_length_and_fills_with_silence():
    samples = np.arange(1, 6, dtype=np.float32)
    assert shift(samples, 2).tolist() == [0, 0, 1, 2, 3] and shift(samples, -2).tolist() == [3, 4, 5, 0, 0]
    assert (
        shift(samples, 0).tolist() == samples.tolist() and not shift(samples, 9).any() and not shift(samples, -9).any()
    )


def test_a_room_falls_silent_in_its_time_and_is_as_loud_as_the_clip():
    click = np.zeros(8000, np.float32)
    click[100] = 0.5
    heard = add_room(click, 2000, np.random.default_rng(0))
    assert heard.dtype == np.float32 and len(heard) == 8000
    assert max(np.abs(heard[:99]).max(), np.abs(heard[2100:]).max()) < 1e-6 < 1e-3 < np.abs(heard[101:600]).max()
    loud = np.mean(heard[100:600] ** 2) / np.mean(heard[1600:2100] ** 2)
    assert 40 < 10 * np.log10(loud) < 55  # 60 dB in 2000 samples: 45 from a quarter to the last one
    speech = tone(400)
    assert np.std(add_room(speech, 2000, np.random.default_rng(0))) == pytest.approx(np.std(speech), rel=0.01)
