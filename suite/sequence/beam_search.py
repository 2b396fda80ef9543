"""Sentences from a model that gives the next word's probabilities: greedy, beam search, sampling; for many inputs at once."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

State = dict[str, Any]
Step = Callable[[np.ndarray, State], tuple[Any, State]]

BLOCK = 32  # numbers whose largest stands for them in the search for the best ones


class Hypothesis(NamedTuple):
    """A sentence that was found.

    Attributes:
        tokens: Its words, without start and end.
        log_prob: Sum of the natural log-probabilities of its words and of its end.
        score: `log_prob / (words + 1) ** length_penalty`; the end counts as a word.
    """

    tokens: tuple[int, ...]
    log_prob: float
    score: float


def beam_search(
    step: Step,
    state: State,
    *,
    start: int,
    end: int,
    beam_width: int,
    max_length: int,
    length_penalty: float = 0.0,
    no_repeat_ngram: int = 0,
    n_best: int = 1,
    forbidden: Sequence[int] = (),
    candidates: Sequence[Hypothesis] | None = None,
) -> list[list[Hypothesis]]:
    """Return the sentences with the highest scores found for each input, best first.

    1. One beginning, without words, stands at the start of each input.
    2. Each beginning's ending is a candidate. Of all beginnings one word longer the `beam_width` most probable go on.
    3. That repeats until beginnings have `max_length` words, of which only the ending is left, or until none can get
       ahead of the `n_best` candidates: an end never adds probability, so no beginning scores above
       `log_prob / (max_length + 1) ** length_penalty`.
    4. The greedy sentence joins the candidates, so no answer scores below it.

    With room for every beginning in the beam this is the exhaustive search. Beginnings of equal probability are kept in
    the order of their parents, then of their tokens; of equal scores the greedy sentence comes first, then the shorter.
    One input's answer does not depend on the others.

    Args:
        step: `step(tokens int32 (n, width), state) -> (log_probs (n, width, vocabulary), state)`: natural logarithms
            of the next word's probabilities after one more word of each beginning; `width` is 1 at first, then
            `beam_width`.
        state: What `step` needs before the first word: name -> `(n, 1, ...)`; at least one array. What `step` returns,
            `(n, width, ...)`, is arranged for the beginnings that go on.
        start, end: Tokens that begin and end every sentence.
        max_length: Most words of a sentence, without the end, at least 1. A sentence of that length is scored with the
            probability of its end too, so that one torn off is not preferred.
        length_penalty: Exponent of the length in the score; 0 compares plain log-probabilities.
        no_repeat_ngram: No sequence of that many words comes twice in a sentence; 0 allows it.
        n_best: Sentences wanted; there may be fewer.
        forbidden: Tokens that no sentence may hold.
        candidates: One sentence of each input that joins in place of the greedy one, where that is known.
    """
    if beam_width < 1 or n_best < 1 or max_length < 1 or length_penalty < 0:
        raise ValueError(
            "`beam_width`, `n_best` and `max_length` must be at least 1, `length_penalty` at least 0. Received: "
            f"beam_width={beam_width}, n_best={n_best}, max_length={max_length}, length_penalty={length_penalty}"
        )
    if candidates is None:
        rules: dict[str, Any] = {
            "no_repeat_ngram": no_repeat_ngram,
            "forbidden": forbidden,
            "length_penalty": length_penalty,
        }
        candidates = greedy(step, state, start=start, end=end, max_length=max_length, **rules)
    count = _inputs(state)
    rows = np.arange(count)[:, None]
    words = np.zeros((count, 1, 0), np.int32)
    log_prob = np.zeros((count, 1))
    last = np.full((count, 1), start, np.int32)
    ended, best = [], np.full((count, n_best), -np.inf)
    highest_power = (max_length + 1) ** length_penalty
    while True:
        log_probs, state = step(last, state)
        log_probs = np.asarray(log_probs)
        length = words.shape[2]
        closed = log_prob + log_probs[:, :, end]
        ended.append((words, closed))
        best = -np.sort(-np.concatenate([best, closed / (length + 1) ** length_penalty], axis=1))[:, :n_best]
        if length == max_length:
            break
        allowed = _without(log_probs, words, [end, *forbidden], no_repeat_ngram)
        log_prob, parents, last = _continue(log_prob, allowed, beam_width)
        # An input whose beginnings are all behind is finished; its rows go on as ballast until the others are.
        log_prob[log_prob.max(axis=1) / highest_power <= best[:, -1]] = -np.inf
        if not np.isfinite(log_prob).any():
            break
        words = np.concatenate([words[rows, parents], last[:, :, None]], axis=2)
        state = {name: np.asarray(array)[rows, parents] for name, array in state.items()}
    return [_best(row, ended, candidates[row], length_penalty, n_best) for row in range(count)]


def greedy(
    step: Step,
    state: State,
    *,
    start: int,
    end: int,
    max_length: int,
    length_penalty: float = 0.0,
    no_repeat_ngram: int = 0,
    forbidden: Sequence[int] = (),
) -> list[Hypothesis]:
    """Return the sentence of each input whose every word is the most probable one; arguments as in `beam_search`.

    A sentence of `max_length` words is ended there, and its end counts in `log_prob` like any other.
    """

    def choose(log_probs: np.ndarray, _: int) -> np.ndarray:
        return log_probs.argmax(axis=-1)

    return _extend(choose, step, state, start, end, max_length, length_penalty, no_repeat_ngram, forbidden)


def sample(
    step: Step,
    state: State,
    *,
    start: int,
    end: int,
    max_length: int,
    seed: int | Sequence[int],
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    length_penalty: float = 0.0,
    no_repeat_ngram: int = 0,
    forbidden: Sequence[int] = (),
) -> list[Hypothesis]:
    """Return a sentence of each input whose words are drawn by their probabilities; arguments as in `beam_search`.

    Of the words allowed, probabilities `p ** (1 / temperature)` are kept of the `top_k` most probable and of those the
    fewest that make up `top_p` of the whole (Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration"),
    then scaled to add up to 1. `log_prob` is the model's own, as everywhere.

    Args:
        seed: Input `i` draws from the generator of `(seed, i)`; or a seed for each input, and then an input's sentence
            does not depend on its place.
        temperature: Above 0; below 1 prefers probable words.
        top_k: 0 is all.
        top_p: Above 0, at most 1.
    """
    if temperature <= 0 or top_k < 0 or not 0 < top_p <= 1:
        raise ValueError(
            "`temperature` must be above 0, `top_k` at least 0, `top_p` above 0 and at most 1. "
            f"Received: temperature={temperature}, top_k={top_k}, top_p={top_p}"
        )
    count = _inputs(state)
    seeds = [(seed, row) for row in range(count)] if isinstance(seed, int | np.integer) else list(seed)
    numbers = np.stack([np.random.default_rng(seed_of_input).random(max_length) for seed_of_input in seeds])

    def choose(log_probs: np.ndarray, length: int) -> np.ndarray:
        scaled = np.asarray(log_probs, np.float64) / temperature
        order = np.argsort(-scaled, axis=-1, kind="stable")
        shares = np.take_along_axis(scaled, order, -1)
        shares = np.exp(shares - shares[:, :1])
        if top_k:
            shares[:, top_k:] = 0
        shares /= shares.sum(axis=-1, keepdims=True)
        if top_p < 1:
            shares[np.cumsum(shares, axis=-1) - shares >= top_p] = 0
        sums = np.cumsum(shares, axis=-1)
        drawn = numbers[:, length, None] * sums[:, -1:]
        # The first place whose sum exceeds the number; never one of no probability.
        place = np.minimum((sums <= drawn).sum(axis=-1), (shares > 0).sum(axis=-1) - 1)
        return np.take_along_axis(order, place[:, None], -1)[:, 0]

    return _extend(choose, step, state, start, end, max_length, length_penalty, no_repeat_ngram, forbidden)


def _extend(
    choose: Callable[[np.ndarray, int], np.ndarray],
    step: Step,
    state: State,
    start: int,
    end: int,
    max_length: int,
    length_penalty: float,
    no_repeat_ngram: int,
    forbidden: Sequence[int],
) -> list[Hypothesis]:
    """Return sentences of which `choose(log_probs (n, vocabulary), length)` says each next word."""
    count = _inputs(state)
    words = np.zeros((count, 1, 0), np.int32)
    last = np.full((count, 1), start, np.int32)
    log_prob, lengths = np.zeros(count), np.full(count, -1)
    for length in range(max_length + 1):
        log_probs, state = step(last, state)
        log_probs = np.asarray(log_probs)
        if length < max_length:
            following = choose(_without(log_probs, words, forbidden, no_repeat_ngram)[:, 0], length)
        else:
            following = np.full(count, end)
        going = lengths < 0
        log_prob[going] += log_probs[going, 0, following[going]]
        lengths[going & (following == end)] = length
        if (lengths >= 0).all():
            break
        last = following[:, None].astype(np.int32)
        words = np.concatenate([words, last[:, :, None]], axis=2)
    return [
        Hypothesis(
            tuple(words[row, 0, : lengths[row]].tolist()),
            float(log_prob[row]),
            float(log_prob[row] / (lengths[row] + 1) ** length_penalty),
        )
        for row in range(count)
    ]


def _inputs(state: State) -> int:
    if not state:
        raise ValueError("`state` must hold at least one array `(n, 1, ...)`, which tells how many inputs there are")
    return next(iter(state.values())).shape[0]


def _without(log_probs: np.ndarray, words: np.ndarray, forbidden: Sequence[int], ngram: int) -> np.ndarray:
    """Return log-probabilities `(n, width, vocabulary)`, -inf for forbidden words and those that would repeat an n-gram."""
    allowed = np.array(log_probs)
    allowed[:, :, list(forbidden)] = -np.inf
    length = words.shape[2]
    if ngram:
        begun = words[:, :, max(0, length - ngram + 1) :]
        for place in range(length - ngram + 1):
            row, beam = np.nonzero((words[:, :, place : place + ngram - 1] == begun).all(axis=2))
            allowed[row, beam, words[row, beam, place + ngram - 1]] = -np.inf
    return allowed


def _continue(log_prob: np.ndarray, log_probs: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the `width` most probable continuations: log-probability, parent and word of each, `(n, width)`."""
    count, _, vocabulary = log_probs.shape
    totals = (log_prob[:, :, None] + log_probs).reshape(count, -1)
    continuations = np.full((count, width), -np.inf), np.zeros((count, width), int), np.zeros((count, width), np.int32)
    for row, (total, limit) in enumerate(zip(totals, _limits(totals, width), strict=True)):
        places = np.flatnonzero((total >= limit) & (total > -np.inf))
        places = places[np.argsort(-total[places], kind="stable")][:width]
        continuations[0][row, : len(places)] = total[places]
        continuations[1][row, : len(places)], continuations[2][row, : len(places)] = np.divmod(places, vocabulary)
    return continuations


def _limits(totals: np.ndarray, width: int) -> np.ndarray:
    """Return for each row a number that at least `width` of its numbers reach, and few more; -inf where it is short."""
    count, size = totals.shape
    maxima = totals[:, : size // BLOCK * BLOCK].reshape(count, -1, BLOCK).max(axis=2)
    if maxima.shape[1] < width:
        return np.full(count, -np.inf)
    return np.partition(maxima, -width, axis=1)[:, -width]


def _best(
    row: int, ended: Sequence[tuple[np.ndarray, np.ndarray]], candidate: Hypothesis, length_penalty: float, n_best: int
) -> list[Hypothesis]:
    """Return the best endings of one input; `candidate` is one of them."""
    hypotheses = {candidate.tokens: candidate}
    for length, (words, log_prob) in enumerate(ended):
        for beam in np.flatnonzero(np.isfinite(log_prob[row])):
            tokens, value = tuple(words[row, beam].tolist()), float(log_prob[row, beam])
            hypotheses.setdefault(tokens, Hypothesis(tokens, value, value / (length + 1) ** length_penalty))
    return sorted(hypotheses.values(), key=lambda hypothesis: -hypothesis.score)[:n_best]
