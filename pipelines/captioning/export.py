"""The raw-input functions of a trained model: what predict calls, and what goes on the phone."""

from functools import partial

import keras
import tensorflow as tf

from pipelines.captioning.config import Settings
from pipelines.captioning.decoder import WordDecoder
from pipelines.captioning.greedy import caption_bytes, greedy_captions
from pipelines.captioning.words import END, START, UNKNOWN
from suite.pipeline import Arrays, RawInput, Signature
from suite.runtime.windows import row_windows
from suite.vision.resize import resize_frames

CAPTION_OUTPUTS = {
    "text": "caption by greedy search, UTF-8 bytes, words with a space between; zeros after text_length",
    "text_length": "bytes of text that count",
    "tokens": "its words as numbers; zeros after count",
    "count": "words",
    "log_prob": "sum of the natural logarithms of the probabilities of its words and its end",
    "attention": "how much each place of the grid over the picture, row by row, counted for each word; adds up to 1",
}
ENCODE_OUTPUTS = {
    "values": "what is seen at each place of the grid over the picture, row by row",
    "keys": "what attention compares of each place",
    "state": "the decoder's state before the first word",
}
STEP_OUTPUTS = {
    "log_probs": "natural logarithm of the probability of each next word; word 0 ends the caption",
    "state": "the state after this word",
    "attention": "how much each place of the grid counted for the next word; adds up to 1",
}


def signatures(model: keras.Model | None, assets: dict, settings: Settings) -> list[Signature]:
    """Return `caption`, `encode` and `decode_step`; without a model none can be called, but names and shapes are there.

    - `caption`: a picture of any size (`compiled`: of the model's) to its greedy caption, the loop in the graph.
    - `encode`: a picture to what a search needs before the first word.
    - `decode_step`: one more word of several beginnings of one caption. A search begins with the word 1 and never takes
      the words 1 and 2. Without attention `values` and `keys` are of one place and say nothing.
    """
    decoder = None if model is None else WordDecoder(model)
    size = settings.height, settings.width

    def encoded(picture):
        if picture.shape[1:3] != size:
            picture = resize_frames(picture, *size)
        return decoder.encode(tf.reshape(picture, (picture.shape[0] or -1, *size, 3)))

    def caption(picture: tf.Tensor) -> dict[str, tf.Tensor]:
        found = greedy_captions(decoder, *encoded(picture), settings)
        text, length = caption_bytes(found.tokens, assets["words"])
        return {"text": text, "text_length": length, **found._asdict()}

    def encode(picture: tf.Tensor) -> dict[str, tf.Tensor]:
        return dict(zip(ENCODE_OUTPUTS, encoded(picture), strict=True))

    def decode_step(tokens: tf.Tensor, state: tf.Tensor, values: tf.Tensor, keys: tf.Tensor) -> dict[str, tf.Tensor]:
        logits, state, attention = decoder.step(tokens, state, values, keys)
        return {"log_probs": tf.nn.log_softmax(logits), "state": state, "attention": attention}

    def first_step(arrays: Arrays) -> Arrays:
        """The first word of a raw input, for checks."""
        picture = tf.convert_to_tensor(arrays["picture"])[tf.newaxis]
        values, keys, state = (tensor[0].numpy() for tensor in encoded(picture))
        beams = settings.compiled_beams
        tokens = [START, *range(UNKNOWN + 1, UNKNOWN + beams)]
        tokens = tf.constant([min(token, len(assets["words"]) - 1) for token in tokens], tf.int32).numpy()
        return {
            "tokens": tokens,
            "state": tf.tile(state[tf.newaxis], (beams, 1)).numpy(),
            "values": values,
            "keys": keys,
        }

    picture, step = _inputs(settings, None if decoder is None else decoder.features)
    common = {
        "offline": "a picture does not come in chunks",
        "no_int8": "a caption is made in a loop over its words, which cannot be calibrated",
        "front_end": _front_end(settings),
    }
    return [
        Signature(
            "caption",
            picture,
            CAPTION_OUTPUTS,
            caption,
            trim=_trim,
            logarithms=("log_prob",),
            decisions=("tokens",),
            metric_loss=0.02,
            vocabulary=("tokens", assets["words"]),
            **common,
        ),
        Signature("encode", picture, ENCODE_OUTPUTS, encode, relative=tuple(ENCODE_OUTPUTS), **common),
        Signature(
            "decode_step",
            step,
            STEP_OUTPUTS,
            decode_step,
            windows=partial(row_windows, names=("tokens", "state")),
            prepare=None if decoder is None else first_step,
            logarithms=("log_probs",),
            relative=("state",),
            **common,
        ),
    ]


def _inputs(settings, features):
    """Return what `caption` and `encode` take, and what `decode_step` does; `features` of a place may be unknown."""
    size, beams, attends = (settings.height, settings.width), settings.compiled_beams, settings.attention != "none"
    places = settings.grid**2 if attends else 1
    units = settings.units * (2 if settings.cell == "lstm" else 1)
    meaning = f"picture, RGB, 0..255; in a file of one size scaled to fit, with black bars, to {size[0]} x {size[1]}"
    tokens = "the last word of each beginning, 1 before the first; rows not needed are zeros"
    step = {
        "tokens": RawInput("int32", (None,), tokens, fixed=(beams,)),
        "state": RawInput("float32", (None, units), "its state", fixed=(beams, units)),
        "values": RawInput("float32", (places, features), "what encode gave", fixed=(places, features)),
        "keys": RawInput("float32", (places, settings.attention_units if attends else 1), "what encode gave"),
    }
    return {"picture": RawInput("uint8", (None, None, 3), meaning, fixed=(*size, 3))}, step


def _front_end(settings):
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


def _trim(answer: Arrays) -> Arrays:
    """Return an answer without the bytes and words that only pad it."""
    count, length = int(answer["count"]), int(answer["text_length"])
    rows = {"tokens": answer["tokens"][:count], "attention": answer["attention"][:count]}
    return answer | rows | {"text": answer["text"][:length]}
