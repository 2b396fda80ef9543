"""Answers to the pieces of a text as one: every offset is that in the whole text."""

from collections.abc import Callable, Sequence

import numpy as np

from suite.signature import Arrays
from suite.text.pieces import cut_text

PER_TOKEN = ("starts", "ends", "tags", "probabilities")


def in_pieces(call: Callable[[np.ndarray], Arrays], text: bytes, size: int, most_tokens: int) -> Arrays:
    """Answer a text of any length with a function that takes a limited one.

    Args:
        call: Takes bytes, uint8 `(bytes,)`, at most `size`; gives the outputs of `tag`, of `most_tokens` tokens at most.
        text: UTF-8 bytes.
        size: Bytes of a piece.
        most_tokens: A piece of more of them is cut again.
    """
    answers, sizes = [], []
    waiting = cut_text(text, size)
    while waiting:
        begin, piece = waiting.pop(0)
        outputs = call(np.frombuffer(piece, np.uint8))
        if int(outputs["count"]) > most_tokens and len(piece) > 1:
            waiting = [(begin + start, part) for start, part in cut_text(piece, len(piece) // 2)] + waiting
            continue
        answers.append(shifted(outputs, begin))
        sizes.append(len(piece))
    return join(answers, sizes)


def shifted(outputs: Arrays, begin: int) -> Arrays:
    """Return the outputs for a piece without padding, with offsets in the text where it begins at this byte."""
    count = int(outputs["count"])
    cut = {name: outputs[name][:count] for name in PER_TOKEN}
    return outputs | cut | {"starts": cut["starts"] + begin, "ends": cut["ends"] + begin}


def join(answers: Sequence[Arrays], sizes: Sequence[int]) -> Arrays:
    """Return the outputs for pieces as those for the whole text; an intent is their mean, weighted by bytes."""
    joined: Arrays = {name: np.concatenate([answer[name] for answer in answers]) for name in PER_TOKEN}
    joined["count"] = np.int32(sum(int(answer["count"]) for answer in answers))
    if "intent" in answers[0]:
        weights = sizes if any(sizes) else None
        mean = np.average([answer["intent"] for answer in answers], axis=0, weights=weights)
        joined["intent"] = mean.astype(answers[0]["intent"].dtype)
    return joined
