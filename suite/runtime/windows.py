"""Input longer than a file's fixed shape, cut into windows.

Text is cut at spaces; `web/static/windows.js` is the same rule.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from suite.signature import Arrays

SPACES = bytes(range(33)) + b"\x7f"  # never part of a longer UTF-8 character


def split_windows(data: bytes, size: int) -> list[bytes]:
    """Return UTF-8 text as windows of at most `size` bytes.

    1. Text that fits is one window, unchanged.
    2. Otherwise spaces around the text go, and while the rest is too long it is cut at the last space that leaves at
       most `size` bytes before it. Spaces around a cut belong to neither side, so no window is blank.
    3. A run without spaces longer than `size` is cut between two characters; bytes that are no UTF-8, anywhere.

    Args:
        data: UTF-8 bytes.
        size: Bytes of a window, at least 1.

    Returns:
        At least one window; `b""` alone for a blank text.
    """
    if size < 1:
        raise ValueError(f"a window has at least 1 byte. Received: {size}")
    if len(data) <= size:
        return [data]
    remaining = data.strip(SPACES)
    windows = []
    while len(remaining) > size:
        cut = _cut(remaining, size)
        windows.append(remaining[:cut].rstrip(SPACES))
        remaining = remaining[cut:].lstrip(SPACES)
    return [*windows, remaining]


def combine(answers: Sequence[np.ndarray], windows: Sequence[bytes]) -> np.ndarray:
    """Return the answers of the windows of one text as one: their mean, weighted by the bytes of each window.

    Args:
        answers: One array per window, all of one shape: probabilities.
        windows: What `split_windows` returned.

    Returns:
        An array of the same shape and dtype.
    """
    if len(answers) == 1:
        return answers[0]
    weights = [len(window) for window in windows]
    return np.average(np.asarray(answers, np.float64), axis=0, weights=weights).astype(answers[0].dtype)


def row_windows(predictor: Any, arrays: Arrays, names: Sequence[str]) -> Arrays:
    """Answer any number of rows, such as the beams of a search, with a file that takes a fixed number of them.

    Args:
        predictor: A `TfLitePredictor`; all of its outputs have a row for each row in.
        arrays: What the signature takes.
        names: The inputs `(rows, ...)`, all of as many rows; the others go with each call.
    """
    (size, *_), _ = predictor.inputs[names[0]]
    count = len(arrays[names[0]])
    answers = []
    for start in range(0, count, size):
        fed = dict(arrays)
        for name in names:
            rows = np.asarray(arrays[name])[start : start + size]
            fed[name] = np.concatenate([rows, np.zeros((size - len(rows), *rows.shape[1:]), rows.dtype)])
        answers.append(predictor.call(fed))
    return {name: np.concatenate([answer[name] for answer in answers])[:count] for name in answers[0]}


def _cut(remaining: bytes, size: int) -> int:
    """Return where to cut text that is longer than `size`: the bytes of the window, 1 to `size`."""
    for cut in range(size, 0, -1):
        if remaining[cut] in SPACES:
            return cut
    for cut in range(size, max(size - 4, 0), -1):
        if remaining[cut] & 0xC0 != 0x80:  # not in the middle of a character
            return cut
    return size
