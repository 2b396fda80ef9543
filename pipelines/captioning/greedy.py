"""The greedy caption inside a graph: the most probable word, one after another; only built-in ops of TFLite."""

from typing import NamedTuple

import tensorflow as tf

from pipelines.captioning.config import Settings
from pipelines.captioning.decoder import WordDecoder
from pipelines.captioning.words import END, START, UNKNOWN
from suite.decoding.text_bytes import text_bytes


class GreedyCaption(NamedTuple):
    """What `greedy_captions` gives.

    Attributes:
        tokens: int32 `(batch, max_words)`, zeros after the last word.
        count: int32 `(batch,)`, words.
        log_prob: float32 `(batch,)`, sum of the natural log-probabilities of the words and the end.
        attention: float32 `(batch, max_words, places)`, where the decoder looked for each word; zeros after the last.
    """

    tokens: tf.Tensor
    count: tf.Tensor
    log_prob: tf.Tensor
    attention: tf.Tensor


def greedy_captions(
    decoder: WordDecoder, values: tf.Tensor, keys: tf.Tensor, state: tf.Tensor, settings: Settings
) -> GreedyCaption:
    """Return the captions that `suite.decoding.sequence.greedy` finds with the same rules.

    Args:
        decoder: Of the trained model.
        values, keys, state: As its `encode` returned them.
        settings: `max_words` and `no_repeat_ngram`.
    """
    batch, most = values.shape[0] or tf.shape(values)[0], settings.max_words
    places = tf.range(most)[tf.newaxis]

    def step(length, last, state, going, tokens, log_prob, attention):
        logits, after, looked = decoder.step(last, state, values, keys)
        log_probs = tf.nn.log_softmax(logits)
        words = decoder.words
        allowed = log_probs + tf.reduce_sum(tf.one_hot([START, UNKNOWN], words, -1e9), 0)
        if settings.no_repeat_ngram:
            allowed -= 1e9 * _repeating(tokens, length, settings.no_repeat_ngram, words)
        full = tf.fill(tf.shape(last), length >= most)
        chosen = tf.where(full, END, tf.argmax(allowed, -1, tf.int32))
        gained = tf.where(full, log_probs[:, END], tf.reduce_max(allowed, -1))
        log_prob += tf.where(going, gained, 0.0)
        going &= chosen != END
        here = (places == length) & going[:, tf.newaxis]
        tokens = tf.where(here, chosen[:, tf.newaxis], tokens)
        attention = tf.where(here[..., tf.newaxis], looked[:, tf.newaxis], attention)
        state = tf.reshape(after, state.shape) if state.shape[0] else after
        return length + 1, chosen, state, going, tokens, log_prob, attention

    first = (
        tf.constant(0),
        tf.fill((batch,), START),
        state,
        tf.fill((batch,), True),
        tf.fill((batch, most), END),
        tf.zeros((batch,)),
        tf.zeros((batch, most, decoder.places)),
    )
    found = tf.while_loop(
        lambda length, _last, _state, going, *_: (length <= most) & tf.reduce_any(going),
        step,
        first,
        shape_invariants=tuple(value.shape for value in first),
    )
    *_, tokens, log_prob, attention = found
    return GreedyCaption(tokens, tf.reduce_sum(tf.cast(tokens != END, tf.int32), 1), log_prob, attention)


def caption_bytes(tokens: tf.Tensor, words: list[str]) -> tuple[tf.Tensor, tf.Tensor]:
    """Return captions as UTF-8 bytes, words with a space between: uint8 `(batch, bytes)` and int32 `(batch,)`."""
    text, length = text_bytes(tokens, tokens != END, [f" {word}" for word in words])
    return text[:, 1:], tf.maximum(length - 1, 0)


def _repeating(tokens, length, ngram, words):
    """Return `(batch, words)`, 1 for a word that would make a sequence of `ngram` words come again, else 0."""
    begins = tf.range(tokens.shape[1] - ngram + 1)[tf.newaxis]
    again = tf.cast(begins + ngram <= length, tf.float32)
    for offset in range(ngram - 1):
        said = tf.gather(tokens, tf.maximum(length - ngram + 1 + offset, 0), axis=1)
        equal = tokens[:, offset : offset + begins.shape[1]] == said[:, tf.newaxis]
        again *= tf.cast(equal, tf.float32)
    ends = tf.one_hot(tokens[:, ngram - 1 :], words)
    return tf.reduce_max(ends * again[..., tf.newaxis], 1)
