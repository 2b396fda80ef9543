"""An evaluation says what the captions are worth, and shows them."""

import math

import numpy as np
import pytest

from pipelines.captioning import METRICS
from pipelines.captioning.evaluate import evaluate
from suite.data.examples import Example
from suite.sequence.search import find_attention, find_sequences, search_rules
from suite.sequence.vocabulary import END, START
from tests.pipelines.captioning.conftest import WORDS, ColourPredictor


@pytest.fixture(scope="module")
def examples(colour_files):
    captions = {
        "red": ("A red picture .", "Nothing but red."),
        "green": ("A wall that is green", "A green wall"),
        "blue": ("The blue sky",),
    }
    return [Example(f"{name}.png", colour_files[name], said) for name, said in captions.items()]


@pytest.fixture(scope="module")
def found(colour_predictor, colour_assets, colour_settings, examples):
    return evaluate(colour_predictor, examples, colour_assets, colour_settings)


def test_the_metrics_are_those_that_the_pipeline_names(found):
    assert set(found.metrics) == set(METRICS)
    assert found.metrics["exact_match"] == pytest.approx(1 / 3) == pytest.approx(found.metrics["copied"])
    assert found.metrics["mean_length"] == 3 and found.metrics["vocabulary_used"] == pytest.approx(5 / 6)
    # 9 words, of which red: 3, green: 2 (a green), blue: 1 stand in a reference; references of 3, 3 and 3 words.
    assert found.metrics["bleu1"] == pytest.approx(6 / 9)
    assert found.metrics["greedy_cider"] == found.metrics["cider"] > 0
    assert found.metrics["greedy_bleu4"] == found.metrics["bleu4"]


def test_the_worst_caption_comes_first(found):
    assert found.samples["example"] == ["blue.png", "green.png", "red.png"]
    assert found.samples["caption"] == ["a blue picture", "a green picture", "a red picture"]
    assert found.samples["references"][1] == "A wall that is green / A green wall"
    assert found.samples["cider"] == sorted(found.samples["cider"]) and found.samples["cider"][-1] > 0


def test_the_pictures_can_be_drawn(found):
    import matplotlib.pyplot as plt

    assert set(found.pictures) == {"captions", "attention"}
    captions, attention = (found.pictures[name]() for name in ("captions", "attention"))
    shown = [axes.get_title() for axes in captions.axes if axes.get_title()]
    assert [title.splitlines()[0] for title in shown] == ["a blue picture", "a green picture", "a red picture"]
    said = [axes.get_title() for axes in attention.axes if axes.get_title()]
    assert said[:4] == ["a", "blue", "picture", "<end>"]
    plt.close(captions)
    plt.close(attention)


def test_the_search_says_the_most_probable_sentence(colour_predictor, colour_settings):
    pictures = np.zeros((2, 32, 32, 3), np.uint8)
    pictures[0, ..., 2] = pictures[1, ..., 1] = 200
    best, plain = find_sequences(colour_predictor, {"picture": pictures}, search_rules(colour_settings), n_best=4)
    assert [some[0] for some in best] == plain and [len(some) for some in best] == [4, 4]
    assert best[0][0].tokens == (3, 6, 7) and best[1][0].tokens == (3, 5, 7)
    assert best[0][0].log_prob == pytest.approx(4 * math.log(0.9), rel=1e-5)
    assert best[0][0].score == pytest.approx(4 * math.log(0.9) / 4**0.8, rel=1e-5)
    assert not any(token in (START, 2) for some in best for one in some for token in one.tokens)
    alone, _ = find_sequences(colour_predictor, {"picture": pictures}, search_rules(colour_settings, 1))
    assert [some[0] for some in alone] == plain


def test_attention_is_that_of_each_word_and_the_end(colour_predictor):
    looked = find_attention(colour_predictor, {"picture": np.zeros((2, 32, 32, 3), np.uint8)}, [(3, 4, 7), ()])
    assert [one.shape for one in looked] == [(4, 4), (1, 4)]
    np.testing.assert_array_equal(looked[0].argmax(-1), [0, 1, 2, 3])
    np.testing.assert_allclose(looked[0].sum(-1), 1, rtol=1e-6)


class SilentPredictor(ColourPredictor):
    """Ends every caption before its first word, as a model at the beginning of its training may."""

    def sibling(self, name):
        return SilentPredictor(name)

    def _decode_step(self, tokens, state, values, keys):
        answer = super()._decode_step(tokens, state, values, keys)
        shares = np.full_like(answer["log_probs"], np.log(0.1 / (len(WORDS) - 1)))
        shares[..., END] = np.log(0.9)
        return answer | {"log_probs": shares}


def test_captions_that_are_all_empty_are_worth_nothing_and_are_shown(examples, colour_assets, colour_settings):
    evaluation = evaluate(SilentPredictor(), examples, colour_assets, colour_settings)
    assert set(evaluation.metrics) == set(METRICS) and not any(evaluation.metrics.values())
    assert evaluation.samples["caption"] == ["", "", ""] and set(evaluation.pictures) == {"captions"}
    evaluation.pictures["captions"]()
