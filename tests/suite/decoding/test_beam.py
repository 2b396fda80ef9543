"""Beam search against every alignment and every text written out, with and without language models and words."""

import numpy as np
import pytest
import tensorflow as tf

from suite.decoding.beam import prefix_beam_search
from suite.decoding.greedy import greedy
from suite.decoding.ngram import train
from suite.errors import UserError

SYMBOLS = ["", " ", "a", "b"]
LINES = ["a b", "ab ba", "b a b", "aa b", "bab a", "ba"]
EVERYTHING = {"beam_width": 5000, "symbol_threshold": 0.0}


def expected_scores(
    totals, symbols, language_model=None, lm_weight=0.5, word_bonus=0.0, symbol_bonus=0.0, lexicon=None, hot_words=None
):
    """{ids: score} by the formula of `prefix_beam_search`, from the acoustic scores of every text."""
    scores = {}
    for ids, total in totals.items():
        text = "".join(symbols[index] for index in ids)
        words = text.split()
        hot = hot_words or {}
        if lexicon is not None and not set(words) <= {*lexicon, *hot}:
            continue
        score = total + word_bonus * len(words) + symbol_bonus * len(ids) + sum(hot.get(word, 0) for word in words)
        scores[ids] = score + (lm_weight * language_model.score(text) if language_model else 0)
    return scores


CASES = {
    "plain": {},
    "symbols": {"symbol_bonus": 0.7},
    "characters": {"language_model": train(LINES, 3, "character"), "lm_weight": 0.8, "symbol_bonus": 0.5},
    "words": {"language_model": train(LINES, 2, "word"), "lm_weight": 1.5, "word_bonus": 1.0},
    "lexicon": {"lexicon": ["ab", "b", "bab"]},
    "word bonus": {"word_bonus": 2.0},
    "hot words": {"hot_words": {"bab": 6.0, "aa": 3.0, "b": -1.0}},
    "all": {
        "language_model": train(LINES, 3, "word"),
        "lm_weight": 0.7,
        "word_bonus": 0.5,
        "symbol_bonus": -0.2,
        "lexicon": ["a", "ab", "ba"],
        "hot_words": {"bb": 4.0},
    },
    "lexicon and characters": {"language_model": train(LINES, 4, "character"), "lexicon": ["a", "ab", "ba"]},
}


@pytest.mark.parametrize("case", CASES)
def test_equals_every_text_written_out(random_log_probs, all_alignments, case):
    for seed in range(4):
        log_probs = random_log_probs(6, 4, seed, scale=1.0)
        expected = expected_scores(all_alignments(log_probs), SYMBOLS, **CASES[case])
        ranked = sorted(expected, key=expected.get, reverse=True)
        found = prefix_beam_search(log_probs, SYMBOLS, n_best=10**6, **EVERYTHING, **CASES[case])
        assert {tuple(one.ids) for one in found} == set(expected)
        np.testing.assert_allclose([one.score for one in found], [expected[ids] for ids in ranked], rtol=1e-9)
        assert found[0].text == "".join(SYMBOLS[index] for index in ranked[0])


@pytest.mark.parametrize("case", CASES)
def test_a_narrow_beam_gives_true_scores_and_never_less_than_greedy(random_log_probs, all_alignments, case):
    for seed in range(6):
        log_probs = random_log_probs(7, 4, seed + 50, scale=1.5)
        expected = expected_scores(all_alignments(log_probs), SYMBOLS, **CASES[case])
        path = tuple(greedy(log_probs).ids)
        for width in (1, 2, 5):
            best = prefix_beam_search(log_probs, SYMBOLS, beam_width=width, **CASES[case])[0]
            assert best.score == pytest.approx(expected[tuple(best.ids)], rel=1e-9)
            assert best.score >= expected.get(path, -np.inf) - 1e-9


def test_symbols_of_several_characters_are_scored_as_their_text(random_log_probs, all_alignments):
    symbols = ["", "a", "b ", " ab", "ba"]
    cases = {
        "characters": {"language_model": train(LINES, 3, "character")},
        "words": {"language_model": train(LINES, 3, "word"), "word_bonus": 0.3},
        "lexicon": {"lexicon": ["ab", "b", "bab"], "hot_words": {"baba": 5.0}},
    }
    for seed, case in enumerate(cases.values()):
        log_probs = random_log_probs(5, 5, seed, scale=1.0)
        expected = expected_scores(all_alignments(log_probs), symbols, **case)
        found = prefix_beam_search(log_probs, symbols, n_best=10**6, **EVERYTHING, **case)
        assert {tuple(one.ids) for one in found} == set(expected)
        np.testing.assert_allclose([one.score for one in found], sorted(expected.values(), reverse=True), rtol=1e-9)


def test_scores_are_no_worse_than_those_of_tensorflow(random_log_probs):
    for seed in range(4):
        log_probs = random_log_probs(60, 8, seed, scale=2.0)
        rolled = np.roll(log_probs, -1, -1)[:, None].astype(np.float32)
        decoded, _ = tf.nn.ctc_beam_search_decoder(rolled, [60], beam_width=20, top_paths=1)
        theirs = tf.sparse.to_dense(decoded[0])[0].numpy() + 1
        symbols = ["", *"abcdefg"]
        ours = prefix_beam_search(log_probs, symbols, beam_width=20)[0]
        loss = tf.nn.ctc_loss(
            theirs[None].astype(np.int32), log_probs[:, None].astype(np.float32), [len(theirs)], [60], blank_index=0
        )
        assert ours.score >= -float(loss[0]) - 1e-3


def test_a_language_model_chooses_among_what_sounds_alike():
    symbols = ["", " ", *"abcdefghijklmnopqrstuvwxyz"]
    probabilities = np.full((9, len(symbols)), 1e-3)
    for frame, letters in enumerate(["t", "h", "ei", "", "d", "o", "gj", "", ""]):
        for rank, letter in enumerate(letters):
            probabilities[frame, symbols.index(letter)] = 0.4 + 0.1 * rank
        if not letters:
            probabilities[frame, 1 if frame == 3 else 0] = 0.9
    log_probs = np.log(probabilities / probabilities.sum(-1, keepdims=True))
    assert greedy(log_probs).text(symbols) == "thi doj"
    sentences = ["the dog sat", "a dog", "the cat"]
    for level in ("character", "word"):
        model = train(sentences, 3, level)
        assert prefix_beam_search(log_probs, symbols, language_model=model, lm_weight=1.0)[0].text == "the dog"
    assert prefix_beam_search(log_probs, symbols, hot_words={"the": 1.0})[0].text == "the doj"
    assert prefix_beam_search(log_probs, symbols, lexicon=["thi", "dog", "the"])[0].text == "thi dog"


def test_frames_are_where_each_symbol_begins():
    log_probs = np.log(np.full((7, 4), 0.02))
    for frame, symbol in enumerate([0, 2, 2, 0, 2, 3, 3]):
        log_probs[frame, symbol] = np.log(0.94)
    best = prefix_beam_search(log_probs, SYMBOLS)[0]
    assert (best.text, best.frames.tolist()) == ("aab", [1, 4, 5])


@pytest.mark.parametrize("log_probs", [np.zeros((0, 4)), np.log([[1.0, 1e-9, 1e-9, 1e-9]])])
def test_nothing_said(log_probs):
    assert [one.text for one in prefix_beam_search(log_probs, SYMBOLS)] == [""]


def test_certainty_and_impossibility_are_borne():
    with np.errstate(divide="ignore"):
        log_probs = np.log(np.eye(4)[[2, 0, 3, 1, 2]])
    assert prefix_beam_search(log_probs, SYMBOLS)[0].text == "ab a"
    assert prefix_beam_search(log_probs, SYMBOLS)[0].score == pytest.approx(0)
    assert prefix_beam_search(log_probs, SYMBOLS, lexicon=["b"])[0].text == ""


def test_long_utterances_keep_their_scores():
    """The probability of every text is far below the least float."""
    generator = np.random.default_rng(0)
    path = generator.integers(0, 4, 900)
    probabilities = np.full((900, 4), 0.2)
    probabilities[np.arange(900), path] = 0.4
    log_probs = np.log(probabilities)
    best = prefix_beam_search(log_probs, SYMBOLS, language_model=train(LINES, 3, "character"), beam_width=10)[0]
    target = tf.sparse.from_dense(best.ids[None])  # with sparse labels TensorFlow takes its fast kernel
    loss = tf.nn.ctc_loss(target, log_probs[:, None].astype(np.float32), None, [900], blank_index=0)
    beside = 0.5 * train(LINES, 3, "character").score(best.text)
    assert best.score == pytest.approx(beside - float(loss[0]), rel=1e-4)
    assert best.score < -400


@pytest.mark.parametrize("word", ["xyz", "a b", ""])
def test_a_hot_word_that_cannot_be_said_is_refused(word):
    with pytest.raises(UserError, match="Hot words"):
        prefix_beam_search(np.zeros((2, 4)), SYMBOLS, hot_words={word: 1.0})


def test_other_shapes_and_numbers_are_refused():
    with pytest.raises(ValueError, match="`log_probs` must have shape"):
        prefix_beam_search(np.zeros((2, 5)), SYMBOLS)
    with pytest.raises(ValueError, match="must be at least"):
        prefix_beam_search(np.zeros((2, 4)), SYMBOLS, beam_width=0)
