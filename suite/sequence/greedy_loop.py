"""The greedy sequence inside a graph: the most probable token, one after another; only built-in ops of TFLite."""

from typing import NamedTuple

import tensorflow as tf

from suite.decoding.text_bytes import text_bytes
from suite.sequence.decoder import TokenDecoder
from suite.sequence.vocabulary import END, START, UNKNOWN


class GreedySequence(NamedTuple):
    """What `greedy_sequences` gives.

    Attributes:
        tokens: int32 `(batch, max_length)`, zeros after the last.
        count: int32 `(batch,)`, tokens that count.
        log_prob: float32 `(batch,)`, sum of the natural log-probabilities of the tokens and the end.
        attention: float32 `(batch, max_length, places)`, where the decoder looked for each token; zeros after the last.
    """

    tokens: tf.Tensor
    count: tf.Tensor
    log_prob: tf.Tensor
    attention: tf.Tensor


def greedy_sequences(
    decoder: TokenDecoder,
    encoded: tuple[tf.Tensor, tf.Tensor, tf.Tensor],
    max_length: int,
    no_repeat_ngram: int = 0,
) -> GreedySequence:
    """Return the sequences that `suite.sequence.beam_search.greedy` finds with the same rules.

    Args:
        decoder: Of the trained model.
        encoded: Values, keys and state as its `encode` returned them.
        max_length: Most tokens of a sequence, without the end.
        no_repeat_ngram: No sequence of that many tokens comes twice; 0 allows it.
    """
    values, keys, state = encoded
    batch = values.shape[0] or tf.shape(values)[0]
    places = tf.range(max_length)[tf.newaxis]

    def step(
        length: tf.Tensor,
        last: tf.Tensor,
        state: tf.Tensor,
        going: tf.Tensor,
        tokens: tf.Tensor,
        log_prob: tf.Tensor,
        attention: tf.Tensor,
    ) -> tuple[tf.Tensor, ...]:
        logits, after, looked = decoder.step(last, state, values, keys)
        log_probs = tf.nn.log_softmax(logits)
        size = decoder.vocabulary_size
        allowed = log_probs + tf.reduce_sum(tf.one_hot([START, UNKNOWN], size, -1e9), 0)
        if no_repeat_ngram:
            allowed -= 1e9 * _repeating(tokens, length, no_repeat_ngram, size)
        full = tf.fill(tf.shape(last), length >= max_length)
        following = tf.where(full, END, tf.argmax(allowed, -1, tf.int32))
        gained = tf.where(full, log_probs[:, END], tf.reduce_max(allowed, -1))
        log_prob += tf.where(going, gained, 0.0)
        going &= following != END
        place = (places == length) & going[:, tf.newaxis]
        tokens = tf.where(place, following[:, tf.newaxis], tokens)
        attention = tf.where(place[..., tf.newaxis], looked[:, tf.newaxis], attention)
        state = tf.reshape(after, state.shape) if state.shape[0] else after
        return length + 1, following, state, going, tokens, log_prob, attention

    start = (
        tf.constant(0),
        tf.fill((batch,), START),
        state,
        tf.fill((batch,), True),
        tf.fill((batch, max_length), END),
        tf.zeros((batch,)),
        tf.zeros((batch, max_length, decoder.places)),
    )
    *_, tokens, log_prob, attention = tf.while_loop(
        lambda length, _last, _state, going, *_: (length <= max_length) & tf.reduce_any(going),
        step,
        start,
        shape_invariants=tuple(value.shape for value in start),
    )
    return GreedySequence(tokens, tf.reduce_sum(tf.cast(tokens != END, tf.int32), 1), log_prob, attention)


def sentence_bytes(tokens: tf.Tensor, words: list[str]) -> tuple[tf.Tensor, tf.Tensor]:
    """Return sentences as UTF-8 bytes, words with a space between: uint8 `(batch, bytes)` and int32 `(batch,)`."""
    text, length = text_bytes(tokens, tokens != END, [f" {word}" for word in words])
    return text[:, 1:], tf.maximum(length - 1, 0)


def _repeating(tokens: tf.Tensor, length: tf.Tensor, ngram: int, vocabulary_size: int) -> tf.Tensor:
    """Return `(batch, vocabulary)`, 1 for a token that would make a sequence of `ngram` tokens come again, else 0."""
    begins = tf.range(tokens.shape[1] - ngram + 1)[tf.newaxis]
    again = tf.cast(begins + ngram <= length, tf.float32)
    for offset in range(ngram - 1):
        newest = tf.gather(tokens, tf.maximum(length - ngram + 1 + offset, 0), axis=1)
        equal = tokens[:, offset : offset + begins.shape[1]] == newest[:, tf.newaxis]
        again *= tf.cast(equal, tf.float32)
    ends = tf.one_hot(tokens[:, ngram - 1 :], vocabulary_size)
    return tf.reduce_max(ends * again[..., tf.newaxis], 1)
