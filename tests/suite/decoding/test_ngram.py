"""N-gram models against the formulas written out, sums over the vocabulary, and ARPA files in and out."""

import gzip
import math
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from suite.decoding.ngram import END, START, UNKNOWN, arpa_lines, parse_arpa, read_arpa, tokens, train, write_arpa
from suite.errors import UserError

TEXTS = {
    "tiny": ["a b", "a b c", "b", "c c c a"],
    "longer": ["the cat sat on the mat", "the dog sat", "a cat and a dog", "on and on the cat sat", "dog dog cat", "a"]
    * 2
    + ["the mat and the cat and the dog", "sat"],
}


class Formula:
    """Chen and Goodman's equations, with plain counters."""

    def __init__(self, lines, order, level):
        sentences = [[START, *tokens(line, level), END] for line in lines]
        grams = {
            k: Counter(tuple(s[i : i + k]) for s in sentences for i in range(len(s) - k + 1))
            for k in range(1, order + 1)
        }
        self.counts = {order: grams[order]}
        for k in range(1, order):
            preceded = Counter(gram[1:] for gram in grams[k + 1])
            self.counts[k] = {g: c if g[0] == START else preceded[g] for g, c in grams[k].items()}
        self.counts[1] = {g: c for g, c in self.counts[1].items() if g != (START,)}
        self.words = {word for s in sentences for word in s} - {START} | {UNKNOWN}
        self.discounts = {k: self.estimate(list(c.values())) for k, c in self.counts.items()}

    @staticmethod
    def estimate(counts):
        n = {k: counts.count(k) for k in (1, 2, 3, 4)}
        if not (n[1] and n[2] and n[3]):
            return {1: 0.5, 2: 1.0, 3: 1.5}
        y = n[1] / (n[1] + 2 * n[2])
        found = {1: 1 - 2 * y * n[2] / n[1], 2: 2 - 3 * y * n[3] / n[2], 3: 3 - 4 * y * n[4] / n[3]}
        return found if all(0 < d <= k for k, d in found.items()) else {1: 0.5, 2: 1.0, 3: 1.5}

    def probability(self, context, word):
        k = len(context) + 1
        following = {g[-1]: c for g, c in self.counts[k].items() if g[:-1] == context and c}
        lower = self.probability(context[1:], word) if context else 1 / len(self.words)
        if not following:
            return lower
        total = sum(following.values())
        discount = self.discounts[k]
        freed = sum(discount[min(c, 3)] for c in following.values())
        count = following.get(word, 0)
        kept = count - discount[min(count, 3)] if count else 0
        return kept / total + freed / total * lower

    def sentence(self, words, order):
        words = [START, *(word if word in self.words else UNKNOWN for word in words), END]
        return sum(
            math.log(self.probability(tuple(words[max(0, i - order + 1) : i]), words[i])) for i in range(1, len(words))
        )


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("level", ["character", "word"])
@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_probabilities_are_those_of_the_formula(text, level, order):
    model, formula = train(TEXTS[text], order, level), Formula(TEXTS[text], order, level)
    for sentence in [*TEXTS[text][:6], "b a", "the the cat", "a zebra sat", "", "z"]:
        assert model.score(sentence) == pytest.approx(formula.sentence(tokens(sentence, level), order), rel=1e-9)


@pytest.mark.parametrize("order", [1, 2, 4])
@pytest.mark.parametrize("level", ["character", "word"])
def test_probabilities_after_every_context_sum_to_one(level, order, tmp_path):
    model = train(TEXTS["longer"], order, level)
    write_arpa(model, tmp_path / "model.arpa")
    for candidate in (model, read_arpa(tmp_path / "model.arpa")):
        choices = [index for index, text in enumerate(candidate.vocabulary) if text != START]
        for state in range(len(candidate.backoff)):
            total = sum(math.exp(candidate.step(state, token)[0]) for token in choices)
            assert total == pytest.approx(1, abs=1e-5)


def test_discounts_are_estimated_where_the_text_allows():
    generator = np.random.default_rng(0)
    lines = ["".join(generator.choice(list("abcdef"), size=8, p=[0.4, 0.3, 0.1, 0.1, 0.05, 0.05])) for _ in range(40)]
    model, formula = train(lines, 3, "character"), Formula(lines, 3, "character")
    assert formula.discounts[3] != {1: 0.5, 2: 1.0, 3: 1.5}
    assert model.score("abcabd") == pytest.approx(formula.sentence("abcabd", 3), rel=1e-9)


def test_perplexity_counts_the_end_of_a_sentence():
    model = train(["a b"], 1, "word")
    assert model.perplexity(["a b", "a"]) == pytest.approx(math.exp(-(model.score("a b") + model.score("a")) / 5))


@pytest.mark.parametrize("name", ["model.arpa", "model.arpa.gz"])
@pytest.mark.parametrize("level", ["character", "word"])
def test_an_arpa_file_holds_the_same_model(tmp_path, name, level):
    model = train([*TEXTS["longer"], "naïve 字 \u00a0x"], 3, level)
    write_arpa(model, tmp_path / name)
    again = read_arpa(tmp_path / name)
    assert (again.level, again.order, again.vocabulary) == (model.level, model.order, model.vocabulary)
    for field in ("first", "token", "target", "suffix"):
        np.testing.assert_array_equal(getattr(again, field), getattr(model, field))
    np.testing.assert_allclose(again.log_prob, model.log_prob, rtol=1e-6)
    np.testing.assert_allclose(again.backoff, model.backoff, rtol=1e-6, atol=1e-9)
    assert arpa_lines(again) == arpa_lines(model)


ARPA = """made by hand

\\data\\
ngram 1=4
ngram 2=2
ngram 3=1

\\1-grams:
-99\t<s>\t-0.5
-0.7 </s>
-0.4\tyes -0.25
-0.6\tno\t-0.125

\\2-grams:
-0.1\t<s> yes\t-0.3
-0.2\tyes no

\\3-grams:
-0.05\t<s> yes no

\\end\\
"""


def test_a_foreign_arpa_file_is_read_as_it_says(tmp_path):
    path = tmp_path / "hand.arpa"
    path.write_text(ARPA, newline="\r\n")
    model = read_arpa(path)
    assert (model.level, model.order) == ("word", 3)
    log10 = {
        "yes no": -0.1 - 0.05 + (0 - 0.125 - 0.7),
        "no yes": (-0.5 - 0.6) + (-0.125 - 0.4) + (-0.25 - 0.7),
        "yes yes": -0.1 + (-0.3 - 0.25 - 0.4) + (-0.25 - 0.7),
        "maybe": (-0.5 - 100) + -0.7,
    }
    for sentence, expected in log10.items():
        assert model.score(sentence) == pytest.approx(expected * math.log(10))


def test_a_context_whose_end_is_no_context_goes_on_from_the_longest_that_is():
    lines = ARPA.replace("ngram 2=2", "ngram 2=1").replace("-0.2\tyes no\n", "").splitlines()
    model = parse_arpa(lines, "pruned")
    expected = -0.1 - 0.05 + (-0.125 - 0.7)
    assert model.score("yes no") == pytest.approx(expected * math.log(10))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("\\data\\", "data"), r"expected an ARPA file"),
        (("ngram 2=2", "ngram 3=2"), r"line 5: expected ngram 2=COUNT"),
        (("ngram 2=2", "ngram 2=5"), r"line 18: expected 5 2-grams, as \\data\\ says. Received: 2"),
        (("-0.4\tyes", "minus\tyes"), r"line 11: expected a log10 probability"),
        (("-0.4\tyes", "nan\tyes"), r"line 11: expected a log10 probability"),
        (("-0.4\tyes", "0.4\tyes"), r"line 11: expected a log10 probability"),
        (("yes no\n\n", "yes no now then\n\n"), r"line 16: expected a log10 probability of at most 0, 2 token"),
        (("-0.2\tyes no", "-0.2\tyes now"), r"line 16: 'now' is not among the 1-grams"),
        (("-0.05\t<s> yes", "-0.05\tno yes"), r"line 19: the context 'no yes' is not among the 2-grams"),
        (("-0.2\tyes no", "-0.2\t<s> yes"), r"line 16: this n-gram is there twice"),
        (("\\end\\", ""), r"expected \\end\\. Received: the end"),
        (("\\2-grams:", "\\4-grams:"), r"line 14: expected \\2-grams"),
    ],
)
def test_a_bad_arpa_file_is_named_by_line(tmp_path, change, message):
    path = tmp_path / "bad.arpa"
    assert change[0] in ARPA
    path.write_text(ARPA.replace(*change))
    with pytest.raises(UserError, match=message) as raised:
        read_arpa(path)
    assert str(path) in str(raised.value)


def test_files_that_are_no_text_are_named(tmp_path):
    (tmp_path / "a.arpa.gz").write_bytes(gzip.compress(ARPA.encode())[:60])
    (tmp_path / "b.arpa").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "c.arpa").write_bytes(b"")
    for name in ("a.arpa.gz", "b.arpa", "c.arpa", "missing.arpa"):
        with pytest.raises(UserError, match=name):
            read_arpa(tmp_path / name)


@pytest.mark.parametrize("lines", [[], ["", " "], ["a <s> b"]])
def test_a_text_that_no_model_can_be_made_of_is_refused(lines):
    with pytest.raises(UserError):
        train(lines, 2, "word")


@pytest.mark.real_data
def test_more_context_predicts_real_sentences_better():
    path = Path(os.environ.get("SUITE_DATA", "")) / "speech/ljspeech/metadata.csv"
    if not path.is_file():
        pytest.skip("SUITE_DATA names no folder with speech/ljspeech/metadata.csv")
    lines = [line.split("|")[-1].lower() for line in path.read_text(encoding="utf-8").splitlines()]
    perplexities = [train(lines[:-40], order, "character").perplexity(lines[-40:]) for order in (1, 2, 3, 5)]
    assert perplexities == sorted(perplexities, reverse=True)
    assert perplexities[-1] < 6
