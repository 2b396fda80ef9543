"""The graphs of a trained model's signatures; `export` describes them, and needs no TensorFlow to do so."""

import keras
import tensorflow as tf

from pipelines.sound.model import with_attention, with_voice_print
from suite.answers.classes import PROBABILITIES, WEIGHTS
from suite.recurrent.deployment import cut_padding
from suite.signature import Graph

EMBEDDING = "embedding"


def of_classes(model: keras.Model) -> Graph:
    """Return `classify`: float32 samples `(batch, samples)` and lengths to probabilities and the weight of each step."""
    network = with_attention(model)

    def classify(samples: tf.Tensor, length: tf.Tensor) -> dict[str, tf.Tensor]:
        logits, attention = network([cut_padding(samples, length), length], training=False)
        return {PROBABILITIES: tf.nn.softmax(logits), WEIGHTS: attention}

    return classify


def of_voices(model: keras.Model) -> Graph:
    """Return `embed`: the same to voice prints."""
    network = with_voice_print(model)

    def embed(samples: tf.Tensor, length: tf.Tensor) -> dict[str, tf.Tensor]:
        return {EMBEDDING: network([cut_padding(samples, length), length], training=False)}

    return embed
