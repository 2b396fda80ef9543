"""Sequence search beside the list of all sentences there are."""

import itertools
import math

import numpy as np
import pytest

from suite.sequence.beam_search import Rules, Sampling, beam_search, greedy, sample

VOCABULARY, MOST = 5, 4
END, START = 0, 1


def rules(max_length=MOST, **options):
    return Rules(START, END, max_length, **options)


class TinyModel:
    """A random recurrent network: what comes next depends on all words so far and on the input."""

    def __init__(self, seed, vocabulary=VOCABULARY):
        generator = np.random.default_rng(seed)
        self.embeddings = generator.normal(size=(vocabulary, 6))
        self.recurrent = generator.normal(size=(6, 6))
        self.output = generator.normal(size=(6, vocabulary)) * 1.5
        self.widths = []

    def state(self, inputs):
        return {"hidden": np.random.default_rng(inputs).normal(size=(len(inputs), 1, 6))}

    def __call__(self, tokens, state):
        assert tokens.dtype == np.int32 and tokens.shape == state["hidden"].shape[:2]
        self.widths.append(tokens.shape[1])
        hidden = np.tanh(state["hidden"] @ self.recurrent + self.embeddings[tokens])
        logits = hidden @ self.output
        return logits - np.log(np.exp(logits).sum(-1, keepdims=True)), {"hidden": hidden}

    def log_prob(self, state, tokens):
        state, total = {"hidden": state["hidden"]}, 0.0
        for before, token in itertools.pairwise([START, *tokens, END]):
            log_probs, state = self(np.array([[before]], np.int32), state)
            total += log_probs[0, 0, token]
        return total

    def every_sentence(self, state, penalty, allowed):
        found = []
        for length in range(MOST + 1):
            for tokens in itertools.product(allowed, repeat=length):
                log_prob = self.log_prob(state, tokens)
                found.append((log_prob / (length + 1) ** penalty, log_prob, tokens))
        return sorted(found, reverse=True)


def states(model, count):
    """The states of `count` inputs, one by one and as one batch."""
    alone = [model.state([seed]) for seed in range(count)]
    return alone, {"hidden": np.concatenate([state["hidden"] for state in alone])}


@pytest.mark.parametrize("penalty", [0.0, 0.8, 1.5])
def test_a_beam_with_room_for_all_is_the_exhaustive_search(penalty):
    for seed in range(3):
        model = TinyModel(seed)
        state = model.state([seed])
        width = (VOCABULARY - 1) ** MOST
        (found,) = beam_search(model, state, rules(length_penalty=penalty), beam_width=width, n_best=7)
        expected = model.every_sentence(state, penalty, [1, 2, 3, 4])[:7]
        assert [one.tokens for one in found] == [tokens for _, _, tokens in expected]
        np.testing.assert_allclose([one.score for one in found], [score for score, _, _ in expected])
        np.testing.assert_allclose([one.log_prob for one in found], [log_prob for _, log_prob, _ in expected])


def test_forbidden_words_are_never_said_and_the_search_stays_exhaustive():
    model = TinyModel(3)
    state = model.state([0])
    (found,) = beam_search(model, state, rules(length_penalty=0.8, forbidden=[START]), beam_width=3**MOST, n_best=5)
    assert [one.tokens for one in found] == [tokens for _, _, tokens in model.every_sentence(state, 0.8, [2, 3, 4])[:5]]
    assert START not in greedy(model, state, rules(forbidden=[START]))[0].tokens


def test_every_answer_scores_at_least_as_much_as_the_greedy_one():
    below = 0
    for seed in range(40):
        model = TinyModel(seed)
        _, state = states(model, 4)
        for width in (1, 2):
            found = beam_search(model, state, rules(length_penalty=0.8), beam_width=width)
            plain = greedy(model, state, rules(length_penalty=0.8))
            assert all(best[0].score >= one.score for best, one in zip(found, plain, strict=True))
        below += any(one.tokens != best[0].tokens for best, one in zip(found, plain, strict=True))
    assert below > 5  # and beam search is not greedy


def test_the_greedy_sentence_takes_the_most_probable_word_each_time():
    model = TinyModel(5)
    alone, together = states(model, 6)
    found = greedy(model, together, rules(length_penalty=0.8))
    for state, one in zip(alone, found, strict=True):
        last, words, log_prob = START, [], 0.0
        while last != END:
            log_probs, state = model(np.array([[last]], np.int32), state)
            last = int(log_probs[0, 0].argmax()) if len(words) < MOST else END
            log_prob += log_probs[0, 0, last]
            words += [last] * (last != END)
        assert one.tokens == tuple(words) and one.log_prob == pytest.approx(log_prob)
        assert one.score == pytest.approx(log_prob / (len(words) + 1) ** 0.8)


def test_a_batch_gives_the_answers_of_one_by_one():
    model = TinyModel(7)
    alone, together = states(model, 9)
    options = {"rules": rules(length_penalty=0.8), "beam_width": 3, "n_best": 3}
    assert beam_search(model, together, **options) == [beam_search(model, one, **options)[0] for one in alone]
    seeds = range(20, 29)
    drawn = sample(model, together, rules(), seed=seeds)
    assert drawn == [sample(model, one, rules(), seed=[seed])[0] for one, seed in zip(alone, seeds, strict=True)]


def test_a_narrow_beam_over_many_words_keeps_the_most_probable_beginnings():
    model, width = TinyModel(2, vocabulary=300), 4
    state = model.state([1])
    kept, ended = [(0.0, ())], []
    for length in range(MOST + 1):
        longer = []
        for total, tokens in kept:
            after, log_probs = {"hidden": state["hidden"]}, None
            for token in (START, *tokens):
                log_probs, after = model(np.array([[token]], np.int32), after)
            ended.append(((total + log_probs[0, 0, END]) / (length + 1) ** 0.8, tokens))
            longer += [(total + log_probs[0, 0, word], (*tokens, word)) for word in range(START, 300)]
        kept = sorted(longer, reverse=True)[:width]
    (found,) = beam_search(model, state, rules(length_penalty=0.8), beam_width=width, n_best=3)
    assert [one.tokens for one in found] == [tokens for _, tokens in sorted(ended, reverse=True)[:3]]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_no_words_come_twice(size):
    repeated = 0
    for seed in range(20):
        model = TinyModel(seed)
        model.output[:, END] -= 4
        _, state = states(model, 3)
        for once in (0, size):
            allowed = rules(9, no_repeat_ngram=once)
            found = [*itertools.chain(*beam_search(model, state, allowed, beam_width=4, n_best=4))]
            found += greedy(model, state, allowed)
            found += sample(model, state, allowed, seed=seed)
            for one in found:
                grams = [one.tokens[place : place + size] for place in range(len(one.tokens) - size + 1)]
                twice = len(set(grams)) < len(grams)
                assert not (twice and once)
                repeated += twice
    assert repeated  # left to themselves these models do repeat


def test_without_any_word_allowed_the_sentence_is_empty():
    model = TinyModel(0)
    state = model.state([0])
    ((only,),) = beam_search(model, state, rules(forbidden=[1, 2, 3, 4]), beam_width=3, n_best=3)
    assert only.tokens == () and only.log_prob == pytest.approx(model.log_prob(state, ()))


def test_equal_words_come_in_their_order():
    def step(tokens, state):
        return np.full((*tokens.shape, 4), -math.log(4)), state

    (found,) = beam_search(step, {"any": np.zeros((1, 1))}, rules(2), beam_width=20, n_best=6)
    assert [one.tokens for one in found] == [(), (1,), (2,), (3,), (1, 1), (1, 2)]


def test_the_search_ends_when_no_beginning_can_get_ahead():
    def step(tokens, state):
        calls.append(tokens.shape)
        return np.log(np.broadcast_to([0.98, 0.01, 0.01], (*tokens.shape, 3))), state

    calls = []
    beam_search(step, {"any": np.zeros((2, 1))}, rules(50), beam_width=2, candidates=None)
    assert calls == [(2, 1), (2, 1)]  # greedy's and the first of the beam


def test_samples_come_as_often_as_they_are_probable():
    model, count = TinyModel(11), 20_000
    state = {"hidden": np.repeat(model.state([0])["hidden"], count, 0)}
    drawn = sample(model, state, rules(1), seed=0, sampling=Sampling(temperature=0.7))
    first, _ = model(np.array([[START]], np.int32), model.state([0]))
    shares = np.exp(first[0, 0] / 0.7) / np.exp(first[0, 0] / 0.7).sum()
    said = np.bincount([one.tokens[0] if one.tokens else END for one in drawn], minlength=VOCABULARY) / count
    np.testing.assert_allclose(said, shares, atol=0.015)
    one = drawn[0]
    assert one.log_prob == pytest.approx(model.log_prob(model.state([0]), one.tokens))
    assert drawn == sample(model, state, rules(1), seed=0, sampling=Sampling(temperature=0.7))
    assert drawn != sample(model, state, rules(1), seed=1, sampling=Sampling(temperature=0.7))


@pytest.mark.parametrize("chosen", [{"top_k": 2}, {"top_p": 0.6}, {"top_k": 3, "top_p": 0.9}, {"top_k": 1}])
def test_top_k_and_top_p_leave_the_most_probable_words(chosen):
    log_probs = np.log([0.4, 0.3, 0.15, 0.1, 0.05])

    def step(tokens, state):
        return np.broadcast_to(log_probs, (*tokens.shape, 5)), state

    count = 4000
    drawn = sample(step, {"any": np.zeros((count, 1))}, rules(1), seed=0, sampling=Sampling(**chosen))
    said = np.bincount([one.tokens[0] if one.tokens else 0 for one in drawn], minlength=5) / count
    # 0.6 of the whole takes two words (0.7); of three, 0.9 takes all three (0.4 + 0.3 are 0.82 of 0.85).
    kept = {2: 2, 3: 3, 1: 1}[chosen.get("top_k", 2)]
    np.testing.assert_allclose(said[:kept], np.exp(log_probs[:kept]) / np.exp(log_probs[:kept]).sum(), atol=0.03)
    assert not said[kept:].any()


@pytest.mark.parametrize("wrong", [{"beam_width": 0}, {"n_best": 0}, {"max_length": 0}, {"length_penalty": -1.0}])
def test_impossible_searches_are_refused(wrong):
    model = TinyModel(0)
    with pytest.raises(ValueError, match="Received"):
        options = {"max_length": MOST, "length_penalty": 0.0, "beam_width": 2, "n_best": 1} | wrong
        allowed = rules(options.pop("max_length"), length_penalty=options.pop("length_penalty"))
        beam_search(model, model.state([0]), allowed, **options)


@pytest.mark.parametrize("wrong", [{"temperature": 0.0}, {"top_k": -1}, {"top_p": 0.0}])
def test_impossible_draws_are_refused(wrong):
    model = TinyModel(0)
    with pytest.raises(ValueError, match="Received"):
        sample(model, model.state([0]), rules(), seed=0, sampling=Sampling(**wrong))
