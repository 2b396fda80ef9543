"""The figures of captions are those of pycocoevalcap 1.2, whose results on these captions stand below."""

import numpy as np
import pytest

from pipelines.captioning.cider import CiderD
from pipelines.captioning.metrics import caption_figures, cider_scores
from suite.answers.sentence_figures import overlap_figures, rouge_l
from suite.sequence.vocabulary import digest_of
from suite.text.words import words_of

CAPTIONS = [
    "a dog runs through the grass",
    "two children are playing on a swing in the park",
    "a man in a red shirt is climbing a rock",
    "a boy",
    "",
    "a brown dog is running through the water with a ball in its mouth and a dog",
]
REFERENCES = [
    ["A brown dog runs through the tall grass .", "The dog is running in a grassy field .", "A dog in the grass ."],
    ["Two girls play on swings .", "Two children on a swing set in the park", "Children are playing in the park ."],
    ["A man climbs a rock wall .", "A rock climber in a red shirt .", "A man in red is climbing a steep rock face ."],
    ["A boy jumps into a swimming pool .", "A child in mid-air over a pool ."],
    ["A crowd of people .", "People watch a parade ."],
    ["A dog with a ball in its mouth runs through the water .", "A wet dog carries a ball .", "A dog 's toy"],
]
# Bleu(4), Rouge() and Cider() on these captions, as words_of gives them, joined by spaces.
ORACLE = {
    "bleu1": 0.8077353796511033,
    "bleu2": 0.7484323787342558,
    "bleu3": 0.5984406003128144,
    "bleu4": 0.42642471789324954,
    "rouge_l": 0.591982252738007,
    "cider": 1.6848571208967373,
}
CIDER_SCORES = [2.553551711870349, 2.629210769891454, 2.9270794574419705, 0.7556383356115604, 0.0, 1.2436624505650893]


@pytest.fixture(scope="module")
def words():
    return [caption.split() for caption in CAPTIONS], [[words_of(one) for one in some] for some in REFERENCES]


def test_the_figures_are_those_of_pycocoevalcap(words):
    found = {**overlap_figures(*words), "cider": cider_scores(*words).mean()}
    for name, value in ORACLE.items():
        assert found[name] == pytest.approx(value, abs=1e-6), name
    np.testing.assert_allclose(cider_scores(*words), CIDER_SCORES, atol=1e-9)
    # Words and references are the same, and no count is 0: with its own tokens sacrebleu finds much the same.
    assert found["sacrebleu"] == pytest.approx(found["bleu4"], abs=0.02)
    assert found["exact_match"] == 0


def test_a_caption_that_is_a_reference_is_an_exact_match():
    references = [[["a", "dog"], ["the", "dog"]], [["a", "cat"]]]
    assert overlap_figures([["the", "dog"], ["a", "cat", "sits"]], references)["exact_match"] == 0.5
    assert overlap_figures([["the", "dog"], ["a", "cat"]], references)["bleu1"] == pytest.approx(1)


def test_only_the_reference_itself_scores_ten():
    pictures = [[list("abcdef")], [list("ghijkl")], [list("mnopqr")]]
    scorer = CiderD(pictures)
    assert scorer.score(list("abcdef"), scorer.prepare(pictures[0])) == pytest.approx(10)
    assert scorer.score(list("ghijkl"), scorer.prepare(pictures[0])) == 0
    assert 0 < scorer.score(list("abcdex"), scorer.prepare(pictures[0])) < 10
    numbers = CiderD([[[ord(letter) for letter in caption] for caption in captions] for captions in pictures])
    same = numbers.score([ord(letter) for letter in "abcdex"], numbers.prepare([[ord(one) for one in "abcdef"]]))
    assert same == pytest.approx(scorer.score(list("abcdex"), scorer.prepare(pictures[0])))


def test_captions_without_a_common_word_score_zero():
    found = overlap_figures([["x"], []], [[["a", "b"]], [["c"]]])
    assert all(found[name] == 0 for name in found)
    assert rouge_l([], [["a"]]) == 0


def test_what_captions_are_like_by_themselves():
    assets = {
        "words": ["<end>", "<start>", "<unknown>", "a", "dog", "runs", "cat"],
        "training_captions": [digest_of(["a", "dog"]), digest_of(["a", "cat", "runs"])],
    }
    found = caption_figures([["a", "dog"], ["a", "dog", "runs"], ["a", "dog"], []], assets)
    assert found == {"vocabulary_used": 0.75, "mean_length": 1.75, "copied": 0.5}
