"""More rows than a file's fixed shape takes, such as the beams of a search, in several calls."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from suite.signature import Arrays


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
