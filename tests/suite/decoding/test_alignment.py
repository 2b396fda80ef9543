"""Forced alignment against every alignment written out, and word times of constructed utterances."""

import itertools

import numpy as np
import pytest

from suite.decoding.alignment import align, word_times
from suite.errors import UserError

SYMBOLS = ["", " ", "a", "b", "th"]


def log_probs_of(path, probability=0.9, symbols=5):
    probabilities = np.full((len(path), symbols), (1 - probability) / (symbols - 1))
    probabilities[np.arange(len(path)), path] = probability
    return np.log(probabilities)


@pytest.mark.parametrize("ids", [[], [1], [2, 2], [1, 2, 1], [3, 3, 1], [1, 2, 3, 1]])
def test_the_path_is_the_best_of_all(random_log_probs, collapse, ids):
    for seed in range(4):
        log_probs = random_log_probs(6, 4, seed)
        paths = [path for path in itertools.product(range(4), repeat=6) if collapse(path) == tuple(ids)]
        scores = [log_probs[np.arange(6), path].sum() for path in paths]
        best = np.array(paths[int(np.argmax(scores))])
        alignment = align(log_probs, ids)
        assert alignment.log_prob == pytest.approx(max(scores))
        said = np.zeros(6, int)
        for symbol, start, end in zip(ids, alignment.starts, alignment.ends, strict=True):
            said[start:end] = symbol
        np.testing.assert_array_equal(said, best)


def test_words_last_from_their_first_symbol_to_the_end_of_their_last():
    path = [0, 0, 2, 2, 0, 3, 0, 1, 0, 4, 4, 4, 0, 2, 0, 0]
    words = word_times(log_probs_of(path), [2, 3, 1, 4, 2], SYMBOLS, frame_seconds=0.04, offset_seconds=10)
    assert [word.text for word in words] == ["ab", "tha"]
    assert [(word.start, word.end) for word in words] == [(10.08, 10.24), (10.36, 10.56)]
    np.testing.assert_allclose([word.confidence for word in words], 0.9)


def test_confidence_is_the_geometric_mean_over_the_symbols():
    log_probs = log_probs_of([2, 0, 3])
    log_probs[2, 3] = np.log(0.4)
    assert word_times(log_probs, [2, 3], SYMBOLS, 1.0)[0].confidence == pytest.approx(np.sqrt(0.9 * 0.4))


def test_symbols_with_spaces_inside_part_words():
    symbols = ["", " a", "b c", "d "]
    words = word_times(log_probs_of([1, 0, 2, 3, 0, 1], symbols=4), [1, 2, 3, 1], symbols, 1.0)
    assert [(word.text, word.start, word.end) for word in words] == [("ab", 0, 3), ("cd", 2, 4), ("a", 5, 6)]


def test_impossible_frames_still_give_an_alignment():
    log_probs = np.full((5, 3), -np.inf)
    alignment = align(log_probs, [1, 2])
    assert (alignment.starts < alignment.ends).all()
    assert alignment.starts[1] >= alignment.ends[0]


def test_nothing_said():
    assert word_times(log_probs_of([0, 0]), [], SYMBOLS, 1.0) == []
    assert word_times(np.zeros((0, 5)), [], SYMBOLS, 1.0) == []


def test_a_text_longer_than_its_frames_is_refused():
    with pytest.raises(UserError, match=r"needs at least 5 frames.*Received: 4 frames"):
        align(log_probs_of([2] * 4), [2, 2, 2])
