"""Quantiles moved by what came on other data hold on new data what they promise."""

import numpy as np
import pytest

from suite.series.conformal import conformal_moves


@pytest.mark.parametrize("windows", [30, 400])
def test_too_narrow_and_too_wide_quantiles_come_to_hold_their_share(windows):
    generator = np.random.default_rng(1)
    spread = np.array([1.0, 3.0])[:, None, None]  # of two steps

    def came(count):
        return np.moveaxis(generator.normal(0, 1, (2, count, 2)) * spread, 0, 1)

    quantiles = np.broadcast_to([-0.2, 0.0, 5.0], (windows, 2, 2, 3))
    moves = conformal_moves(quantiles, came(windows), (0.1, 0.5, 0.9))
    assert moves.shape == (2, 2, 3) and (moves[..., 1] == 0).all()
    new = came(20_000)
    inside = (new >= quantiles[0, ..., 0] + moves[..., 0]) & (new <= quantiles[0, ..., 2] + moves[..., 2])
    assert inside.mean() == pytest.approx(0.8, abs=0.06)
    if windows >= 100:  # each step by itself
        assert np.allclose(inside.mean(axis=(0, 2)), 0.8, atol=0.06)


def test_what_did_not_come_says_nothing():
    quantiles, targets = np.zeros((150, 1, 1, 3)), np.full((150, 1, 1), np.nan)
    assert (conformal_moves(quantiles, targets, (0.1, 0.5, 0.9)) == 0).all()
    targets[:120] = np.linspace(-1, 1, 120)[:, None, None]
    assert conformal_moves(quantiles, targets, (0.1, 0.5, 0.9))[0, 0, 2] == pytest.approx(0.8, abs=0.05)
