"""The graphs of a trained model's signatures; `export` describes them, and needs no TensorFlow to do so."""

from collections.abc import Sequence

import keras
import tensorflow as tf

from pipelines.speech.model import with_steps
from suite.decoding.greedy import greedy_bytes
from suite.recurrent import deployment
from suite.signature import Graph


def of_samples(model: keras.Model, symbols: Sequence[str]) -> Graph:
    """Return `transcribe`: float32 samples `(batch, samples)` and lengths to greedy text and log-probabilities."""
    network = with_steps(model)

    def transcribe(samples: tf.Tensor, length: tf.Tensor) -> dict[str, tf.Tensor]:
        traced = deployment.current()
        samples = deployment.cut_padding(samples, length)
        logits, steps = network([samples, length], training=False)
        frames = tf.reduce_sum(tf.cast(steps, tf.int32), axis=1)
        real = tf.range(logits.shape[1] or tf.shape(logits)[1])[tf.newaxis, :, tf.newaxis] < frames[:, None, None]
        log_probs = tf.where(real, tf.nn.log_softmax(logits), 0.0)
        stream = traced if traced is not None and traced.streaming else None
        previous = None if stream is None else stream.carry("previous_symbol", tf.zeros((1,), tf.int32))
        decoded = greedy_bytes(log_probs, frames, symbols, previous)
        if stream is not None:
            stream.keep("previous_symbol", decoded.last)
        text = {"text": decoded.text, "text_length": decoded.text_length}
        return text | {"log_probs": log_probs, "frames": frames}

    return transcribe
