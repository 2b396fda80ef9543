"""Tags of texts of any length: cut where a token ends, and the answers to the pieces as one, with offsets in the whole text."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from suite.inputs.windows import padded
from suite.signature import Arrays, Host, Predictor
from suite.text.pieces import cut_text

PER_TOKEN = ("starts", "ends", "tags", "probabilities")


def answer_together(predictor: Predictor, size: int, inputs: Sequence[Arrays]) -> list[Arrays]:
    """Return the outputs for texts of any length, all pieces of all texts answered together.

    Args:
        predictor: Of a signature that tags.
        size: Bytes of a piece.
        inputs: `text`, uint8 `(bytes,)`, of each.
    """
    cut = [cut_text(arrays["text"].tobytes(), size) for arrays in inputs]
    outputs = iter(predictor([{"text": np.frombuffer(piece, np.uint8)} for parts in cut for _, piece in parts]))
    return [
        join([shifted(next(outputs), begin) for begin, _ in parts], [len(piece) for _, piece in parts]) for parts in cut
    ]


def answer_pieces(call: Callable[[np.ndarray], Arrays], text: bytes, size: int, most_tokens: int) -> Arrays:
    """Answer a text of any length with a function that takes a limited one.

    Args:
        call: Takes bytes, uint8 `(bytes,)`, at most `size`; gives the outputs for them, of `most_tokens` tokens at most.
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


def compiled_tokens(size: int) -> int:
    """Return the tokens that a file of fixed shape takes: text of one-byte tokens is cut into smaller pieces."""
    return max(size // 2, 1)


def _windows(predictor: Any, arrays: Arrays) -> Arrays:
    """Tag a text of any length with a file of fixed shape."""
    ((size,), _) = predictor.inputs["text"]
    text = arrays["text"].tobytes()
    return answer_pieces(lambda piece: predictor.call({"text": padded(piece, size)}), text, size, compiled_tokens(size))


def _stream(runner: Any, arrays: Arrays) -> Arrays:
    """Tag a text chunk by chunk."""
    (size,) = runner.chunk_shape["text"]
    runner.reset()
    pieces = cut_text(arrays["text"].tobytes(), size)
    answers = [
        shifted(runner.run({"text": padded(np.frombuffer(piece, np.uint8), size)}), begin) for begin, piece in pieces
    ]
    # What the last chunk says of the intent is said of the whole text.
    return join(answers, [0] * (len(pieces) - 1) + [1])


TAG_HOST = Host(windows=_windows, stream=_stream)  # of a signature that tags the input `text`
