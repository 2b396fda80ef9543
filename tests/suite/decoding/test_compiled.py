"""Compiled functions run where nothing can be written."""

import numba

from suite.decoding.compiled import compiled


def test_without_a_place_for_the_cache_a_function_still_runs(monkeypatch):
    njit = numba.njit

    def refusing(function, cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return njit(function, **options)

    monkeypatch.setattr(numba, "njit", refusing)
    assert compiled(lambda left, right: left + right)(1, 2) == 3
