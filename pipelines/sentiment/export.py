"""The raw-input functions of a trained model: what predict calls, and what goes on the phone."""

import keras
import numpy as np
import tensorflow as tf

from pipelines.sentiment.config import Settings
from pipelines.sentiment.model import with_attention
from suite.pipeline import Arrays, RawInput, Signature
from suite.recurrent import deployment
from suite.runtime.streaming import TextStream
from suite.runtime.windows import combine, split_windows
from suite.text import make_tokenizer

OUTPUTS = {
    "probabilities": "probability of each class, in the order of the labels",
    "attention": "how much each token counted; adds up to 1, 0 for padding",
}


def signatures(model: keras.Model | None, assets: dict, settings: Settings) -> list[Signature]:
    """Return `classify` (UTF-8 bytes) for the bytes tokenizer, `classify_text` (a string) for wordpiece.

    Without a model the functions cannot be called; names, shapes and the host's part are there.
    """
    tokenizer = make_tokenizer(settings, assets)
    network = None if model is None else with_attention(model)

    def classify(text: tf.Tensor) -> dict[str, tf.Tensor]:
        traced = deployment.current()
        if traced is None or not traced.fixed:
            return network(tokenizer(text), training=False)
        # Every other byte may begin a token at most, or every one between letters and punctuation.
        steps = text.shape[1] if traced.streaming else min(text.shape[1], settings.max_tokens)
        tokens = tokenizer(text, time=steps)
        if traced.streaming:
            tokens = _first_tokens(tokens, settings.max_tokens, traced)
        return network(tokens, training=False)

    if settings.tokenizer == "wordpiece":
        return [Signature("classify_text", {"text": RawInput("string", (), "the text, UTF-8")}, OUTPUTS, classify)]
    text = RawInput(
        "uint8",
        (None,),
        "UTF-8 bytes of the text; zeros after it are padding",
        fixed=(settings.compiled_bytes,),
        chunk=(settings.chunk_bytes,),
    )
    front_end = {
        "tokenizer": settings.tokenizer,
        "rows": tokenizer.rows,
        "ngrams": list(settings.ngrams),
        "max_tokens": settings.max_tokens,
        "keep": settings.keep,
    }
    return [Signature("classify", {"text": text}, OUTPUTS, classify, ("attention",), _windows, _stream, front_end)]


def _windows(predictor, arrays: Arrays) -> Arrays:
    """Classify a text of any length with a file of fixed shape: windows cut at spaces, probabilities averaged."""
    ((size,), _) = predictor.inputs["text"]
    windows = split_windows(arrays["text"].tobytes(), size)
    answers = [predictor.call({"text": np.frombuffer(window.ljust(size, b"\0"), np.uint8)}) for window in windows]
    if len(answers) == 1:
        return answers[0]
    return {"probabilities": combine([answer["probabilities"] for answer in answers], windows)}


def _stream(runner, arrays: Arrays) -> Arrays:
    """Classify a text chunk by chunk."""
    stream = TextStream(runner)
    stream.feed(arrays["text"].tobytes())
    return stream.finish()


def _first_tokens(tokens, most, traced):
    """Blank the tokens of a chunk that come after the first `most` of the whole text, as training cut it."""
    seen = traced.carry("tokens", tf.zeros((1, 1), tf.int32))
    words = tokens["words"]
    place = seen + tf.range(words.shape[1])[tf.newaxis]
    traced.keep("tokens", seen + tf.reduce_sum(tf.cast(words != 0, tf.int32), axis=1, keepdims=True))
    return tokens | {"words": tf.where(place < most, words, 0)}
