"""What decoding is compared with: every alignment of a tiny utterance, written out."""

import itertools
from collections import defaultdict

import numpy as np
import pytest


@pytest.fixture
def random_log_probs():
    """A function (frames, symbols, seed, scale) -> log-probabilities of normally drawn logits."""

    def draw(frames, symbols, seed=0, scale=2.0):
        logits = np.random.default_rng(seed).normal(0, scale, (frames, symbols))
        return (logits - np.log(np.exp(logits).sum(-1, keepdims=True))).astype(np.float64)

    return draw


@pytest.fixture(scope="session")
def collapse():
    """A function: path of symbol ids -> the tuple of ids it says."""

    def run(path):
        return tuple(symbol for symbol, _ in itertools.groupby(path) if symbol)

    return run


@pytest.fixture(scope="session")
def all_alignments(collapse):
    """A function: log-probabilities (frames, symbols) -> {tuple of ids: total log-probability of its alignments}."""
    totals = {}

    def total(log_probs):
        key = (log_probs.shape, log_probs.tobytes())
        if key not in totals:
            totals[key] = written_out(log_probs)
        return dict(totals[key])

    def written_out(log_probs):
        frames, symbols = log_probs.shape
        found = defaultdict(lambda: -np.inf)
        for path in itertools.product(range(symbols), repeat=frames):
            ids = collapse(path)
            found[ids] = np.logaddexp(found[ids], log_probs[np.arange(frames), path].sum())
        return dict(found)

    return total
