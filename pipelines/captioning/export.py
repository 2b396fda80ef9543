"""The raw-input functions of a trained model: what predict calls, and what goes on the phone.

Names, shapes and the host's part, which need no TensorFlow; the functions themselves are in `graph`.
"""

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.captioning.config import Settings
from suite.answers.outputs import COUNT, DECISION, INNER, LOG_PROBABILITY, TEXT, WEIGHT
from suite.runtime.windows import row_windows
from suite.sequence.vocabulary import END, START, UNKNOWN
from suite.signature import Arrays, ExportRules, Host, Output, RawInput, Signature

if TYPE_CHECKING:
    import keras

    from pipelines.captioning.graph import Graph

ENCODE_OUTPUTS = {
    "values": Output(INNER, "what is seen at each place of the grid over the picture, row by row"),
    "keys": Output(INNER, "what attention compares of each place"),
    "state": Output(INNER, "the decoder's state before the first word"),
}
STEP_OUTPUTS = {
    "log_probs": Output(
        LOG_PROBABILITY, "natural logarithm of the probability of each next word; word 0 ends the caption"
    ),
    "state": Output(INNER, "the state after this word"),
    "attention": Output(WEIGHT, "how much each place of the grid counted for the next word; adds up to 1"),
}


def caption_outputs(words: list[str]) -> dict[str, Output]:
    """Return the outputs of `caption`; `words` is the vocabulary."""
    return {
        "text": Output(
            TEXT,
            "caption by greedy search, UTF-8 bytes, words with a space between; zeros after text_length",
            length="text_length",
        ),
        "text_length": Output(COUNT, "bytes of text that count"),
        "tokens": Output(DECISION, "its words as numbers; zeros after count", vocabulary=words, length="count"),
        "count": Output(COUNT, "words"),
        "log_prob": Output(
            LOG_PROBABILITY, "sum of the natural logarithms of the probabilities of its words and its end"
        ),
        "attention": Output(
            WEIGHT,
            "how much each place of the grid over the picture, row by row, counted for each word; adds up to 1",
            length="count",
        ),
    }


def signatures(assets: dict[str, Any], settings: Settings) -> list[Signature]:
    """Return `caption`, `encode` and `decode_step`.

    - `caption`: a picture of any size (`compiled`: of the model's) to its greedy caption, the loop in the graph.
    - `encode`: a picture to what a search needs before the first word.
    - `decode_step`: one more word of several beginnings of one caption. A search begins with the word 1 and never takes
      the words 1 and 2. Without attention `values` and `keys` are of one place and say nothing.
    """
    words = assets["words"]
    picture, step = _inputs(settings)
    common: dict[str, Any] = {
        "offline": "a picture does not come in chunks",
        "no_int8": "a caption is made in a loop over its words, which cannot be calibrated",
    }
    rules, front_end = ExportRules(**common), _front_end(settings)
    search = Host(
        prepare=partial(_first_step, words=len(words), beams=settings.compiled_beams),
        windows=partial(row_windows, names=("tokens", "state")),
    )
    return [
        Signature(
            "caption",
            picture,
            caption_outputs(words),
            partial(_caption, words=words, settings=settings),
            rules=ExportRules(**common, metric_loss=0.02),
            front_end=front_end,
        ),
        Signature(
            "encode", picture, ENCODE_OUTPUTS, partial(_encode, settings=settings), rules=rules, front_end=front_end
        ),
        Signature("decode_step", step, STEP_OUTPUTS, _decode_step, search, rules, front_end=front_end),
    ]


def _caption(model: "keras.Model", words: list[str], settings: Settings) -> "Graph":
    from pipelines.captioning.graph import of_picture

    return of_picture(model, words, settings)


def _encode(model: "keras.Model", settings: Settings) -> "Graph":
    from pipelines.captioning.graph import of_encoder

    return of_encoder(model, settings, tuple(ENCODE_OUTPUTS))


def _decode_step(model: "keras.Model") -> "Graph":
    from pipelines.captioning.graph import of_step

    return of_step(model)


def _first_step(arrays: Arrays, predictor: Any, words: int, beams: int) -> Arrays:
    """Return the first word of a raw input, for checks."""
    (encoded,) = predictor.sibling("encode")([arrays])
    tokens = [START, *range(UNKNOWN + 1, UNKNOWN + beams)]
    return {
        "tokens": np.minimum(tokens, words - 1).astype(np.int32),
        "state": np.tile(encoded["state"], (beams, 1)),
        "values": encoded["values"],
        "keys": encoded["keys"],
    }


def _inputs(settings: Settings) -> tuple[dict[str, RawInput], dict[str, RawInput]]:
    """Return what `caption` and `encode` take, and what `decode_step` does."""
    size, beams, attends = (settings.height, settings.width), settings.compiled_beams, settings.attention != "none"
    places = settings.grid**2 if attends else 1
    units = settings.units * (2 if settings.cell == "lstm" else 1)
    meaning = f"picture, RGB, 0..255; in a file of one size scaled to fit, with black bars, to {size[0]} x {size[1]}"
    tokens = "the last word of each beginning, 1 before the first; rows not needed are zeros"
    step = {
        "tokens": RawInput("int32", (None,), tokens, fixed=(beams,)),
        "state": RawInput("float32", (None, units), "its state", fixed=(beams, units)),
        "values": RawInput(
            "float32", (places, None), "what encode gave", fixed=(places, None), source=("encode", "values")
        ),
        "keys": RawInput("float32", (places, settings.attention_units if attends else 1), "what encode gave"),
    }
    return {"picture": RawInput("uint8", (None, None, 3), meaning, fixed=(*size, 3))}, step


def _front_end(settings: Settings) -> dict[str, Any]:
    """Return what an app's own search must know."""
    return {
        "height": settings.height,
        "width": settings.width,
        "grid": settings.grid if settings.attention != "none" else 0,
        "max_words": settings.max_words,
        "beam_width": settings.beam_width,
        "beams": settings.compiled_beams,
        "length_penalty": settings.length_penalty,
        "no_repeat_ngram": settings.no_repeat_ngram,
        "start": START,
        "end": END,
        "forbidden": [START, UNKNOWN],
    }
