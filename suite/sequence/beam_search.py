"""Sentences from a model that gives the next word's probabilities: greedy, beam search, sampling; for many inputs at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Rules:
    """What a sentence may be, and how one is scored.

    Attributes:
        start, end: Tokens that begin and end every sentence.
        max_length: Most words of a sentence, without the end, at least 1. A sentence of that length is scored with the
            probability of its end too, so that one torn off is not preferred.
        length_penalty: Exponent of the length in the score; 0 compares plain log-probabilities.
        no_repeat_ngram: No sequence of that many words comes twice in a sentence; 0 allows it.
        forbidden: Tokens that no sentence may hold.
    """

    start: int
    end: int
    max_length: int
    length_penalty: float = 0.0
    no_repeat_ngram: int = 0
    forbidden: Sequence[int] = ()

    def __post_init__(self) -> None:
        if self.max_length < 1 or self.length_penalty < 0:
            raise ValueError(
                "`max_length` must be at least 1, `length_penalty` at least 0. "
                f"Received: max_length={self.max_length}, length_penalty={self.length_penalty}"
            )

    def score(self, log_prob: Any, words: Any) -> Any:
        """Return the score of sentences of so many words and this sum of log-probabilities; the end counts as a word."""
        return log_prob / (words + 1) ** self.length_penalty


@dataclass(frozen=True)
class Sampling:
    """From which words the next one is drawn (Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration").

    Of the words allowed, probabilities `p ** (1 / temperature)` are kept of the `top_k` most probable and of those the
    fewest that make up `top_p` of the whole, then scaled to add up to 1.

    Attributes:
        temperature: Above 0; below 1 prefers probable words.
        top_k: 0 is all.
        top_p: Above 0, at most 1.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0

    def __post_init__(self) -> None:
        if self.temperature <= 0 or self.top_k < 0 or not 0 < self.top_p <= 1:
            raise ValueError(
                "`temperature` must be above 0, `top_k` at least 0, `top_p` above 0 and at most 1. "
                f"Received: temperature={self.temperature}, top_k={self.top_k}, top_p={self.top_p}"
            )

    def choose(self, log_probs: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """Return a word of each row of `(n, vocabulary)` by a random number of each, `(n,)` in [0, 1)."""
        scaled = np.asarray(log_probs, np.float64) / self.temperature
        order = np.argsort(-scaled, axis=-1, kind="stable")
        shares = np.take_along_axis(scaled, order, -1)
        shares = np.exp(shares - shares[:, :1])
        if self.top_k:
            shares[:, self.top_k :] = 0
        shares /= shares.sum(axis=-1, keepdims=True)
        if self.top_p < 1:
            shares[np.cumsum(shares, axis=-1) - shares >= self.top_p] = 0
        sums = np.cumsum(shares, axis=-1)
        drawn = numbers[:, None] * sums[:, -1:]
        # The first place whose sum exceeds the number; never one of no probability.
        place = np.minimum((sums <= drawn).sum(axis=-1), (shares > 0).sum(axis=-1) - 1)
        return np.take_along_axis(order, place[:, None], -1)[:, 0]


def beam_search(
    step: Step,
    state: State,
    rules: Rules,
    beam_width: int,
    n_best: int = 1,
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
        rules: Of the sentences.
        beam_width: Beginnings that go on at each step.
        n_best: Sentences of each input; there may be fewer.
        candidates: One sentence of each input that joins in place of the greedy one, where that is known.
    """
    if beam_width < 1 or n_best < 1:
        raise ValueError(
            f"`beam_width` and `n_best` must be at least 1. Received: beam_width={beam_width}, n_best={n_best}"
        )
    candidates = greedy(step, state, rules) if candidates is None else candidates
    ended = _endings(step, state, rules, beam_width, n_best)
    return [_best(row, ended, candidate, rules, n_best) for row, candidate in enumerate(candidates)]


def _endings(
    step: Step, state: State, rules: Rules, beam_width: int, n_best: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the beginnings that were looked at, by length: words `(n, width, length)`, log-probability with the end."""
    count = _inputs(state)
    rows = np.arange(count)[:, None]
    words = np.zeros((count, 1, 0), np.int32)
    log_prob = np.zeros((count, 1))
    last = np.full((count, 1), rules.start, np.int32)
    ended: list[tuple[np.ndarray, np.ndarray]] = []
    best = np.full((count, n_best), -np.inf)
    while True:
        log_probs, state = step(last, state)
        log_probs = np.asarray(log_probs)
        length = words.shape[2]
        closed = log_prob + log_probs[:, :, rules.end]
        ended.append((words, closed))
        best = -np.sort(-np.concatenate([best, rules.score(closed, length)], axis=1))[:, :n_best]
        if length == rules.max_length:
            return ended
        allowed = _without(log_probs, words, [rules.end, *rules.forbidden], rules.no_repeat_ngram)
        log_prob, parents, last = _continue(log_prob, allowed, beam_width)
        # An input whose beginnings are all behind is finished; its rows go on as ballast until the others are.
        log_prob[rules.score(log_prob.max(axis=1), rules.max_length) <= best[:, -1]] = -np.inf
        if not np.isfinite(log_prob).any():
            return ended
        words = np.concatenate([words[rows, parents], last[:, :, None]], axis=2)
        state = {name: np.asarray(array)[rows, parents] for name, array in state.items()}


def greedy(step: Step, state: State, rules: Rules) -> list[Hypothesis]:
    """Return the sentence of each input whose every word is the most probable one; arguments as in `beam_search`.

    A sentence of `max_length` words is ended there, and its end counts in `log_prob` like any other.
    """
    return _extend(lambda log_probs, _: log_probs.argmax(axis=-1), step, state, rules)


def sample(
    step: Step, state: State, rules: Rules, seed: int | Sequence[int], sampling: Sampling = Sampling()
) -> list[Hypothesis]:
    """Return a sentence of each input whose words are drawn by their probabilities; arguments as in `beam_search`.

    `log_prob` is the model's own, as everywhere.

    Args:
        seed: Input `i` draws from the generator of `(seed, i)`; or a seed for each input, and then an input's sentence
            does not depend on its place.
        sampling: From which words is drawn.
    """
    count = _inputs(state)
    seeds = [(seed, row) for row in range(count)] if isinstance(seed, int | np.integer) else list(seed)
    numbers = np.stack([np.random.default_rng(seed_of_input).random(rules.max_length) for seed_of_input in seeds])
    return _extend(lambda log_probs, length: sampling.choose(log_probs, numbers[:, length]), step, state, rules)


def _extend(
    choose: Callable[[np.ndarray, int], np.ndarray],
    step: Step,
    state: State,
    rules: Rules,
) -> list[Hypothesis]:
    """Return sentences of which `choose(log_probs (n, vocabulary), length)` says each next word."""
    count = _inputs(state)
    words = np.zeros((count, 1, 0), np.int32)
    last = np.full((count, 1), rules.start, np.int32)
    log_prob, lengths = np.zeros(count), np.full(count, -1)
    for length in range(rules.max_length + 1):
        log_probs, state = step(last, state)
        log_probs = np.asarray(log_probs)
        if length < rules.max_length:
            following = choose(_without(log_probs, words, rules.forbidden, rules.no_repeat_ngram)[:, 0], length)
        else:
            following = np.full(count, rules.end)
        going = lengths < 0
        log_prob[going] += log_probs[going, 0, following[going]]
        lengths[going & (following == rules.end)] = length
        if (lengths >= 0).all():
            break
        last = following[:, None].astype(np.int32)
        words = np.concatenate([words, last[:, :, None]], axis=2)
    return [
        Hypothesis(
            tuple(words[row, 0, : lengths[row]].tolist()),
            float(log_prob[row]),
            float(rules.score(log_prob[row], lengths[row])),
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
    row: int, ended: Sequence[tuple[np.ndarray, np.ndarray]], candidate: Hypothesis, rules: Rules, n_best: int
) -> list[Hypothesis]:
    """Return the best endings of one input; `candidate` is one of them."""
    hypotheses = {candidate.tokens: candidate}
    for length, (words, log_prob) in enumerate(ended):
        for beam in np.flatnonzero(np.isfinite(log_prob[row])):
            tokens, value = tuple(words[row, beam].tolist()), float(log_prob[row, beam])
            hypotheses.setdefault(tokens, Hypothesis(tokens, value, rules.score(value, length)))
    return sorted(hypotheses.values(), key=lambda hypothesis: -hypothesis.score)[:n_best]
