"""Arrays of different size as one, padded with zeros."""

from collections.abc import Sequence

import numpy as np


def pad_rows(rows: Sequence[np.ndarray], dtype: np.typing.DTypeLike, length: int | None = None) -> np.ndarray:
    """Return arrays of the same rank as one array with a batch axis before theirs, zeros behind what is shorter.

    Args:
        rows: At least one array; their shapes may differ in any axis.
        dtype: Of the result.
        length: Of the first axis of every row, at least that of the longest; None is that of the longest.

    Returns:
        `(rows, ...)`.
    """
    shape = np.max([row.shape for row in rows], axis=0) if np.ndim(rows[0]) else ()
    if length is not None:
        shape = (length, *shape[1:])
    padded = np.zeros((len(rows), *shape), dtype)
    for index, row in enumerate(rows):
        place: tuple[int | slice, ...] = (index, *map(slice, np.shape(row)))
        padded[place] = row
    return padded
