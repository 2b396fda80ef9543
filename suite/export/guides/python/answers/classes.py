import numpy as np
from model import Model, Part

PROBABILITIES = "output"  # fill from output


def answer(model: Model, calls: list[Part], outputs: list[dict[str, np.ndarray]]) -> dict[str, float]:
    """The probability of each label."""
    # only: stream
    scores = outputs[-1][PROBABILITIES][0]  # the answer after the last chunk is that of the whole input
    # end
    # only: stateless
    # One answer for each piece; that of the whole input is their mean, weighted by the length of each.
    lengths = [max(part.length, 1) for part in calls]
    scores = np.average([output[PROBABILITIES][0] for output in outputs], axis=0, weights=lengths)
    # end
    return dict(zip(model.labels, scores.tolist(), strict=True))
