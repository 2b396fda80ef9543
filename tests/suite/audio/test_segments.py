import numpy as np
import pytest

from suite.audio.segments import split_by_silence

RATE = 1000


def recording(pauses, seconds=60):
    """Noise with half a second of near silence at each of `pauses`, seconds."""
    generator = np.random.default_rng(0)
    samples = generator.normal(0, 0.2, seconds * RATE).astype("float32")
    for pause in pauses:
        samples[int((pause - 0.25) * RATE) : int((pause + 0.25) * RATE)] *= 0.01
    return samples


def test_cuts_are_in_the_pauses_and_nothing_is_lost():
    samples = recording([8, 15, 23, 31, 37, 46, 55])
    pieces = list(split_by_silence(samples, RATE, 10))
    assert np.array_equal(np.concatenate([piece for _, piece in pieces]), samples)
    assert [round(start) for start, _ in pieces] == [0, 8, 15, 23, 31, 37, 46, 55]
    for start, _ in pieces[1:]:
        assert np.abs(samples[int(start * RATE) - 50 : int(start * RATE) + 50]).max() < 0.01


@pytest.mark.parametrize("block", [70, 999, 25_000])
def test_blocks_make_no_difference(block):
    samples = recording([7, 19, 33])
    whole = list(split_by_silence(samples, RATE, 10))
    blocks = (samples[start : start + block] for start in range(0, len(samples), block))
    pieces = list(split_by_silence(blocks, RATE, 10))
    assert [start for start, _ in pieces] == [start for start, _ in whole]
    assert all(np.array_equal(a, b) for (_, a), (_, b) in zip(pieces, whole, strict=True))
    assert all(RATE <= len(piece) <= 10 * RATE for _, piece in pieces[:-1])


def test_silence_and_short_recordings():
    assert len(next(split_by_silence(np.zeros(25 * RATE, "float32"), RATE, 10))[1]) > 9 * RATE
    ((start, piece),) = split_by_silence(np.ones(10 * RATE, "float32"), RATE, 10)
    assert start == 0 and len(piece) == 10 * RATE
    assert list(split_by_silence(np.zeros(0, "float32"), RATE, 10)) == []
    with pytest.raises(ValueError, match="Received: max_seconds=0"):
        next(split_by_silence(np.ones(10), RATE, 0))


def test_two_hours_pass_through_a_small_memory():
    blocks = (np.random.default_rng(at).normal(0, 0.1, 10 * RATE).astype("float32") for at in range(720))
    end = 0.0
    for start, piece in split_by_silence(blocks, RATE, 20):
        assert start == pytest.approx(end) and len(piece) <= 20 * RATE
        end = start + len(piece) / RATE
    assert end == pytest.approx(7200)
