"""The search for captions over `encode` and `decode_step` of a predictor, Keras or an exported file alike."""

from collections.abc import Sequence

import numpy as np

from pipelines.captioning.config import Settings
from pipelines.captioning.words import END, START, UNKNOWN
from suite.decoding.sequence import Hypothesis, beam_search, greedy
from suite.signature import Predictor


def find_captions(
    predictor: Predictor, pictures: np.ndarray, settings: Settings, beam_width: int = 0, n_best: int = 1
) -> tuple[list[list[Hypothesis]], list[Hypothesis]]:
    """Return the best captions of each picture, best first, and the greedy ones.

    Args:
        predictor: Of this pipeline.
        pictures: uint8 `(n, height, width, 3)`, of the model's size.
        settings: Of the run.
        beam_width: 1 is greedy; 0 as the settings say.
        n_best: Captions wanted of each picture; more than one are searched for by a beam of at least as many.
    """
    width = max(beam_width or settings.beam_width, n_best)
    decode, first = _decoder(predictor, pictures)

    def step(tokens, state):
        answer = decode(tokens, state["state"])
        return answer["log_probs"], {"state": answer["state"]}

    state = {"state": first}
    rules = {
        "start": START,
        "end": END,
        "max_length": settings.max_words,
        "length_penalty": settings.length_penalty,
        "no_repeat_ngram": settings.no_repeat_ngram,
        "forbidden": (START, UNKNOWN),
    }
    plain = greedy(step, state, **rules)
    if width == 1:
        return [[one] for one in plain], plain
    return beam_search(step, state, **rules, beam_width=width, n_best=n_best, candidates=plain), plain


def find_attention(predictor: Predictor, pictures: np.ndarray, captions: Sequence[Sequence[int]]) -> list[np.ndarray]:
    """Return where the decoder looked as it put out each word of a caption, and at last its end.

    Args:
        predictor: Of this pipeline.
        pictures: uint8 `(n, height, width, 3)`, of the model's size.
        captions: The tokens of one caption of each picture.

    Returns:
        float32 `(words + 1, places)` each; adding up to 1 over the places.
    """
    decode, state = _decoder(predictor, pictures)
    most = max(map(len, captions))
    tokens = np.zeros((len(captions), most + 1), np.int32)
    for row, caption in enumerate(captions):
        tokens[row, : len(caption) + 1] = [START, *caption]
    rows = []
    for place in range(most + 1):
        answer = decode(tokens[:, place : place + 1], state)
        state = answer["state"]
        rows.append(np.asarray(answer["attention"])[:, 0])
    looked = np.stack(rows, axis=1)
    return [one[: len(caption) + 1] for one, caption in zip(looked, captions, strict=True)]


def _decoder(predictor, pictures):
    """Return `decode(tokens, state)`, the answer of `decode_step` for all of the pictures, and the first state."""
    encoded = predictor.sibling("encode").batch({"picture": pictures})
    seen = {"values": encoded["values"], "keys": encoded["keys"]}
    decode_step = predictor.sibling("decode_step")

    def decode(tokens, state):
        return decode_step.batch({"tokens": tokens, "state": state, **seen})

    return decode, np.asarray(encoded["state"])[:, None]
