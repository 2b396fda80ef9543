"""Compiling the inner loops of decoding with numba."""

from collections.abc import Callable
from typing import Any

from suite.errors import UserError


def compiled(function: Callable) -> Callable:
    """Compile a function on numbers and arrays at its first call; it then runs without Python's global lock.

    The machine code is kept beside the source, or in the user's cache folder where the source cannot be written to;
    where neither can be, each process compiles anew. Sums may be reordered, so that they are vectorised; the result is
    the same from run to run.

    Raises:
        UserError: where numba is not installed, as on a small board.
    """
    try:
        import numba
    except ImportError as error:
        raise UserError(
            "beam search needs the package numba, which is not installed here; --beam-width 1 asks for greedy decoding"
        ) from error

    options: dict[str, Any] = {"nogil": True, "fastmath": {"reassoc", "contract", "nsz"}, "error_model": "numpy"}
    try:
        return numba.njit(function, cache=True, **options)
    except RuntimeError:  # no place to write to
        return numba.njit(function, **options)
