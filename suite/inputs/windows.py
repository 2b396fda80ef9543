"""Answers to the windows of an input that is longer than a file's fixed shape, as one answer."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from suite.signature import Arrays, Output


def padded(rows: np.ndarray, size: int) -> np.ndarray:
    """Return rows `(length, ...)` with zeros behind them, `(size, ...)`."""
    return np.pad(rows, [(0, size - len(rows)), *[(0, 0)] * (rows.ndim - 1)])


def combine(answers: Sequence[np.ndarray], windows: Sequence[Any]) -> np.ndarray:
    """Return the answers of the windows of one input as one: their mean, weighted by the length of each window.

    Args:
        answers: One array per window, all of one shape: probabilities.
        windows: The bytes, frames or samples of each.

    Returns:
        An array of the same shape and dtype.
    """
    if len(answers) == 1:
        return answers[0]
    weights = [len(window) for window in windows]
    return np.average(np.asarray(answers, np.float64), axis=0, weights=weights).astype(answers[0].dtype)


def joined(answers: Sequence[Arrays], windows: Sequence[Any], outputs: dict[str, Output]) -> Arrays:
    """Return the outputs of the windows of one input as one: the mean of those that are averaged over an input.

    Args:
        answers: The outputs for each window.
        windows: The bytes, frames or samples of each.
        outputs: Of the signature. What belongs to one window alone (how much each step counted) is left out of several.
    """
    if len(answers) == 1:
        return answers[0]
    averaged = [name for name, output in outputs.items() if output.kind.averaged]
    return {name: combine([answer[name] for answer in answers], windows) for name in averaged}


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
