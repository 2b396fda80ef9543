from typing import NamedTuple

import numpy as np
from model import Model, Part

NAMES = ["O", "B-A"]  # fill
SCORES = "output"  # fill


class Span(NamedTuple):
    """A stretch of the text, `text[start:end]`; `score` is the probability of the least sure of its tokens."""

    start: int
    end: int
    label: str
    score: float


class Tagged(NamedTuple):
    """The spans of a text, in order."""

    spans: list[Span]
    # only: intents
    intents: dict[str, float]  # the probability of each
    # end


# only: windows
def overfull(output: dict[str, np.ndarray]) -> bool:
    """Whether a piece has more tokens than the file has places for."""
    return int(output["count"][0]) > output["tags"].shape[1]


# end
def answer(model: Model, text: str, calls: list[Part], outputs: list[dict[str, np.ndarray]]) -> Tagged:
    """The file counts bytes; spans count characters (code points)."""
    place_of = [place for place, character in enumerate(text) for _ in character.encode("utf-8", "replace")]
    place_of.append(len(text))
    spans: list[Span] = []
    # only: lettered
    before = "O"
    # end
    for part, output in zip(calls, outputs, strict=True):
        for token in range(int(output["count"][0])):
            start, end = (place_of[part.start + int(output[name][0, token])] for name in ("starts", "ends"))
            tag, probability = NAMES[output["tags"][0, token]], float(output[SCORES][0, token])
            # only: plain
            if tag != "O":
                spans.append(Span(start, end, tag, probability))
            # end
            # only: lettered
            # B and S begin a span, behind E and S another one begins, and so it does wherever the label changes.
            if tag != "O" and (tag[0] in "BS" or tag[2:] != before[2:] or before[0] in "ES"):
                spans.append(Span(start, end, tag[2:], probability))
            elif tag != "O":
                spans[-1] = spans[-1]._replace(end=end, score=min(spans[-1].score, probability))
            before = tag
            # end
    # only: intents
    return Tagged(spans, intents(model, calls, outputs))
    # end
    # only: without_intents
    return Tagged(spans)
    # end


# only: intents
def intents(model: Model, calls: list[Part], outputs: list[dict[str, np.ndarray]]) -> dict[str, float]:
    # only: stream
    scores = outputs[-1]["intent"][0]  # the answer after the last chunk is that of the whole text
    # end
    # only: stateless
    lengths = [max(part.length, 1) for part in calls]  # of pieces it is the mean, weighted by the length of each
    scores = np.average([output["intent"][0] for output in outputs], axis=0, weights=lengths)
    # end
    return dict(zip(model.labels, scores.tolist(), strict=True))


# end
