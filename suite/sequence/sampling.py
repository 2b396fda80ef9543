"""Sequences drawn from a decoder's probabilities inside a graph."""

import tensorflow as tf

from suite.sequence.decoder import TokenDecoder
from suite.sequence.vocabulary import END, START, UNKNOWN


def sample_sequences(
    decoder: TokenDecoder, encoder_input: tf.Tensor, count: int, max_length: int, seed: tf.Tensor
) -> tf.Tensor:
    """Return sequences drawn token by token from the model's probabilities; never the start nor the unknown token.

    Args:
        decoder: The model, without dropout.
        encoder_input: What the encoder looks at, `(batch, ...)`: pictures.
        count: Sequences of each input.
        max_length: A sequence ends after `max_length` + 1 tokens at the latest, then without an end.
        seed: int32 `(2,)`.

    Returns:
        Tokens, int32 `(batch, count, max_length + 1)`, 0 from the end on.
    """
    values, keys, state = (tf.repeat(tensor, count, axis=0) for tensor in decoder.encode(encoder_input))
    rows = tf.shape(state)[0]

    def body(
        step: tf.Tensor, tokens: tf.Tensor, ended: tf.Tensor, state: tf.Tensor, drawn: tf.TensorArray
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.TensorArray]:
        logits, state, _ = decoder.step(tokens, state, values, keys)
        forbidden = tf.reduce_sum(tf.one_hot([START, UNKNOWN], logits.shape[-1], on_value=1e9), axis=0)
        uniform = tf.random.stateless_uniform(tf.shape(logits), [seed[0], seed[1] + step], 1e-20, 1.0)
        # The largest of logits with Gumbel noise is a draw from their softmax (Gumbel 1954).
        tokens = tf.argmax(logits - forbidden - tf.math.log(-tf.math.log(uniform)), -1, tf.int32)
        tokens = tf.where(ended, END, tokens)
        return step + 1, tokens, ended | (tokens == END), state, drawn.write(step, tokens)

    drawn = tf.TensorArray(tf.int32, max_length + 1, element_shape=(None,))
    start = (tf.constant(0), tf.fill([rows], START), tf.fill([rows], False), state, drawn)
    going = lambda step, tokens, ended, state, drawn: ~tf.reduce_all(ended)  # noqa: E731
    step, *_, drawn = tf.while_loop(going, body, start, maximum_iterations=max_length + 1)
    sampled = tf.transpose(drawn.gather(tf.range(step)))
    sampled = tf.pad(sampled, [[0, 0], [0, max_length + 1 - step]])
    return tf.reshape(sampled, (-1, count, max_length + 1))
