"""The graphs of a trained model's signatures; `export` describes them, and needs no TensorFlow to do so."""

from collections.abc import Callable

import keras
import tensorflow as tf

from pipelines.captioning.config import Settings
from suite.sequence.decoder import TokenDecoder
from suite.sequence.greedy_loop import greedy_sequences, sentence_bytes
from suite.signature import Graph
from suite.vision.resize import resize_frames


def _encoder(decoder: TokenDecoder, settings: Settings) -> Callable[[tf.Tensor], tuple[tf.Tensor, ...]]:
    """Return the function that looks at a picture of any size."""
    size = settings.height, settings.width

    def encoded(picture: tf.Tensor) -> tuple[tf.Tensor, ...]:
        if picture.shape[1:3] != size:
            picture = resize_frames(picture, *size)
        return decoder.encode(tf.reshape(picture, (picture.shape[0] or -1, *size, 3)))

    return encoded


def of_input(model: keras.Model, words: list[str], settings: Settings) -> Graph:
    """Return `caption`: uint8 `(batch, height, width, 3)` to the greedy caption, the loop in the graph."""
    decoder = TokenDecoder(model)
    encoded = _encoder(decoder, settings)

    def caption(picture: tf.Tensor) -> dict[str, tf.Tensor]:
        greedy = greedy_sequences(decoder, encoded(picture), settings.max_words, settings.no_repeat_ngram)
        text, length = sentence_bytes(greedy.tokens, words)
        return {"text": text, "text_length": length, **greedy._asdict()}

    return caption


def of_encoder(model: keras.Model, settings: Settings) -> Graph:
    """Return `encode`: uint8 `(batch, height, width, 3)` to what `decode_step` takes."""
    encoded = _encoder(TokenDecoder(model), settings)
    return lambda picture: dict(zip(("values", "keys", "state"), encoded(picture), strict=True))
