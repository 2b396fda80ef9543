"""Interpolated modified Kneser-Ney smoothing."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from suite.decoding.ngram_model import END, LEVELS, START, START_ID, UNKNOWN, UNKNOWN_ID, NgramModel, tokens
from suite.errors import UserError

DISCOUNTS = (0.5, 1.0, 1.5)  # where a text is too small to estimate them, as KenLM's fallback
NEVER = -99 * np.log(10)  # the probability that ARPA files give to <s>


def train(lines: Iterable[str], order: int, level: str) -> NgramModel:
    """Return the n-gram model of some sentences.

    The highest order counts n-grams; lower orders count the different tokens that stand before them (n-grams at the
    start of a sentence, before which nothing stands, are counted themselves). With a(hw) such a count,

        p(w | h) = max(a(hw) - D(a(hw)), 0) / sum_v a(hv) + gamma(h) p(w | h without its first token)

    where D discounts counts of 1, 2 and 3 or more differently, estimated for each order from how many n-grams have
    counts 1 to 4, and gamma(h) hands on what was discounted. Single tokens are mixed with the uniform distribution over
    the vocabulary (`<unk>` and `</s>` belong to it, `<s>` does not), so the probabilities after any context sum to 1.

    Args:
        lines: One sentence each; empty lines are left out.
        order: At least 1.
        level: `"character"` or `"word"`.

    Raises:
        UserError: if there is no sentence, or one holds `<s>`, `</s>` or `<unk>` as a word.

    Source: Chen and Goodman 1998, "An Empirical Study of Smoothing Techniques for Language Modeling", equations 16-26.
    """
    if level not in LEVELS:
        raise UserError(f"The level of a language model must be one of {', '.join(LEVELS)}. Received: {level}")
    if order < 1:
        raise UserError(f"The order of a language model must be at least 1. Received: {order}")
    vocabulary, text, remaining = _encode(lines, level)
    counted = _count(text, remaining, order, len(vocabulary))
    parents, suffixes, adjusted = counted.parents, counted.suffixes, _adjust(counted)

    # `below`: probabilities of the order before, `backoff`: log gamma of its n-grams, as contexts.
    below = np.full(1, 1 / (len(vocabulary) - 1))
    log_probs, backoffs = [], []
    for k in range(order):
        contexts = 1 if k == 0 else len(parents[k - 1])
        discount = _discounts(adjusted[k])
        kinds = np.minimum(adjusted[k], 3)
        total = np.bincount(parents[k], adjusted[k], contexts)
        freed = np.bincount(parents[k], discount[kinds], contexts)
        share = np.divide(freed, total, out=np.ones(contexts), where=total > 0)
        discounted = adjusted[k] - discount[kinds]
        discounted = np.divide(
            discounted, total[parents[k]], out=np.zeros(len(discounted)), where=total[parents[k]] > 0
        )
        below = discounted + share[parents[k]] * below[suffixes[k]]
        if k == 0:
            below[START_ID] = np.exp(NEVER)
        log_probs.append(np.log(below))
        backoffs.append(np.log(share) if k else np.zeros(1))
    return _assemble(level, vocabulary, counted, log_probs, backoffs)


class _Counted(NamedTuple):
    """The n-grams of a text, lists by order, sorted by parent and last token.

    Attributes:
        parents, suffixes: Integers `(n-grams,)`, places in the list of the order before; every token is there as a single
            one.
        last: The last token of each.
        counts: How often each comes.
    """

    parents: list[np.ndarray]
    last: list[np.ndarray]
    suffixes: list[np.ndarray]
    counts: list[np.ndarray]


def _encode(lines: Iterable[str], level: str) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """Return the vocabulary, all sentences one after another as token ids, and how many tokens each place has left."""
    sentences, names = [], {}
    for number, line in enumerate(lines, 1):
        sentence = tokens(line, level)
        for token in sentence:
            if token in (START, END, UNKNOWN):
                raise UserError(f"Line {number} of the text holds {token}, which language models keep for themselves")
            names.setdefault(token, None)
        if sentence:
            sentences.append(sentence)
    if not sentences:
        raise UserError("A language model needs a text of at least one sentence. Received: none")
    vocabulary = (UNKNOWN, START, END, *sorted(names))
    ids = {token: index for index, token in enumerate(vocabulary)}
    text = np.array([ids[token] for sentence in sentences for token in (START, *sentence, END)], np.int64)
    sizes = np.array([len(sentence) + 2 for sentence in sentences])
    remaining = np.repeat(np.cumsum(sizes), sizes) - np.arange(len(text))
    return vocabulary, text, remaining


def _count(text: np.ndarray, remaining: np.ndarray, order: int, size: int) -> _Counted:
    """Return the n-grams of all orders; arguments as `_encode` gives them, and the size of the vocabulary."""
    parents, last, suffixes, counts = [np.zeros(size, np.int64)], [np.arange(size)], [np.zeros(size, np.int64)], []
    counts.append(np.bincount(text, minlength=size))
    at = text  # the n-gram that begins at each place
    for k in range(1, order):
        begins = np.flatnonzero(remaining > k)
        keys, first, inverse, count = np.unique(
            at[begins] * size + text[begins + k], return_index=True, return_inverse=True, return_counts=True
        )
        parents.append(keys // size)
        last.append(keys % size)
        suffixes.append(at[begins[first] + 1])
        counts.append(count)
        following = np.full(len(text), -1)
        following[begins] = inverse
        at = following
    return _Counted(parents, last, suffixes, counts)


def _adjust(counted: _Counted) -> list[np.ndarray]:
    """Return the counts that each order is estimated from."""
    adjusted, counts = [], counted.counts
    starts = np.arange(len(counts[0])) == START_ID  # n-grams that begin with <s>
    for k, count in enumerate(counts):
        if k:
            starts = starts[counted.parents[k]]
        if k + 1 < len(counts):
            preceded = np.bincount(counted.suffixes[k + 1], minlength=len(count))
            count = np.where(starts, count, preceded)
        adjusted.append(count.astype(np.int64))
    adjusted[0][[UNKNOWN_ID, START_ID]] = 0
    return adjusted


def _discounts(counts: np.ndarray) -> np.ndarray:
    """Return the discount of counts 0, 1, 2 and 3 or more (Chen and Goodman, equation 26)."""
    n1, n2, n3, n4 = (np.count_nonzero(counts == count) for count in (1, 2, 3, 4))
    discounts = DISCOUNTS
    if n1 and n2 and n3:
        share = n1 / (n1 + 2 * n2)
        estimated = (1 - 2 * share * n2 / n1, 2 - 3 * share * n3 / n2, 3 - 4 * share * n4 / n3)
        if all(0 < discount <= count for count, discount in enumerate(estimated, 1)):
            discounts = estimated
    return np.array([0.0, *discounts])


def _assemble(
    level: str,
    vocabulary: Sequence[str],
    counted: _Counted,
    log_probs: list[np.ndarray],
    backoffs: list[np.ndarray],
) -> NgramModel:
    """Number the states: the empty context, then the n-grams of every order but the highest."""
    parents, suffixes, order = counted.parents, counted.suffixes, len(counted.parents)
    sizes = [len(parent) for parent in parents]
    offsets = np.cumsum([1, *sizes])  # of the states of each order
    parent = np.concatenate([parents[k] + (offsets[k - 1] if k else 0) for k in range(order)])
    states = int(offsets[order - 1])
    target = np.concatenate(
        [
            np.arange(offsets[k], offsets[k + 1]) if k + 1 < order else suffixes[k] + (offsets[k - 1] if k else 0)
            for k in range(order)
        ]
    )
    suffix = np.concatenate([[0], *(suffixes[k] + (offsets[k - 1] if k else 0) for k in range(order - 1))])
    backoff = np.concatenate([backoffs[0], *backoffs[1:]])
    return NgramModel(
        level=level,
        order=order,
        vocabulary=tuple(vocabulary),
        first=np.searchsorted(parent, np.arange(states + 1)),
        token=np.concatenate(counted.last).astype(np.int32),
        log_prob=np.concatenate(log_probs),
        target=target.astype(np.int32),
        backoff=backoff,
        suffix=suffix.astype(np.int32),
    )
