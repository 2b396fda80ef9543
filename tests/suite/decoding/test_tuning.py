"""Weights of beam search fitted to utterances that a language model can mend."""

import jiwer
import numpy as np
import pytest

from suite.decoding import tuning
from suite.decoding.beam import prefix_beam_search
from suite.decoding.greedy import greedy
from suite.decoding.ngram import train

SYMBOLS = ["", " ", *"acdeghnosty"]
SENTENCES = ["the dog sat", "a cat sat on a dog", "the cat and the dog", "a dog sat on the cat", "the dog and a cat"]


@pytest.fixture(scope="module")
def utterances():
    """Log-probabilities of the sentences, in which a wrong symbol often sounds as likely as the right one."""
    generator = np.random.default_rng(3)
    found = []
    for sentence in SENTENCES:
        path = [symbol for character in sentence for symbol in (SYMBOLS.index(character), 0)]
        probabilities = np.full((len(path), len(SYMBOLS)), 0.01)
        probabilities[np.arange(len(path)), path] = 0.6
        for frame in range(0, len(path), 2):
            probabilities[frame, generator.integers(2, len(SYMBOLS))] += generator.choice([0.2, 0.7])
        found.append(np.log(probabilities / probabilities.sum(-1, keepdims=True)))
    return found


def test_the_weights_give_the_lowest_error_rate_tried(utterances, monkeypatch):
    monkeypatch.setattr(tuning, "LM_WEIGHTS", (0.0, 0.5, 1.0))
    monkeypatch.setattr(tuning, "WORD_BONUSES", (0.0, 1.0))
    model, calls = train(SENTENCES, 3, "word"), []
    found = tuning.tune(utterances, SENTENCES, SYMBOLS, model, beam_width=10, progress=lambda *call: calls.append(call))

    assert found.greedy_wer == jiwer.wer(SENTENCES, [greedy(one).text(SYMBOLS) for one in utterances])
    texts = [
        prefix_beam_search(one, SYMBOLS, 10, model, lm_weight=found.lm_weight, word_bonus=found.word_bonus)[0].text
        for one in utterances
    ]
    assert found.wer == jiwer.wer(SENTENCES, texts) == min(rate for *_, rate in found.trials)
    assert found.wer < found.greedy_wer
    assert calls[-1][0] == calls[-1][1]
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)
    assert found == tuning.tune(utterances, SENTENCES, SYMBOLS, model, beam_width=10)


def test_words_heard_where_nothing_was_said_are_errors(utterances, monkeypatch):
    monkeypatch.setattr(tuning, "LM_WEIGHTS", (0.0, 0.5))
    monkeypatch.setattr(tuning, "WORD_BONUSES", (0.0, 1.0))
    model = train(SENTENCES, 2, "word")
    found = tuning.tune(utterances[:2], ["the dog sat", ""], SYMBOLS, model, beam_width=5)
    heard = [greedy(one).text(SYMBOLS).split() for one in utterances[:2]]
    first = jiwer.process_words("the dog sat", " ".join(heard[0]))
    assert found.greedy_wer == pytest.approx(
        (first.substitutions + first.deletions + first.insertions + len(heard[1])) / 3
    )


def test_utterances_without_words_cannot_be_fitted_to(utterances):
    with pytest.raises(ValueError, match="must be as many"):
        tuning.tune(utterances[:1], [""], SYMBOLS, None)
