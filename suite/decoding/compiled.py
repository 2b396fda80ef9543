"""Compiling the inner loops of decoding with numba."""

from collections.abc import Callable
from typing import Any


def compiled(function: Callable) -> Callable:
    """Compile a function on numbers and arrays at its first call; it then runs without Python's global lock.

    The machine code is kept beside the source, or in the user's cache folder where the source cannot be written to;
    where neither can be, each process compiles anew. Sums may be reordered, so that they are vectorised; the result is
    the same from run to run.
    """
    import numba

    options: dict[str, Any] = {"nogil": True, "fastmath": {"reassoc", "contract", "nsz"}, "error_model": "numpy"}
    try:
        return numba.njit(function, cache=True, **options)
    except RuntimeError:  # no place to write to
        return numba.njit(function, **options)
