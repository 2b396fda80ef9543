"""The graph of a trained model's signature; `export` describes it, and needs no TensorFlow to do so."""

import keras
import tensorflow as tf

from suite.answers.class_model import with_attention
from suite.recurrent.deployment import cut_padding
from suite.signature import Graph


def of_clip(model: keras.Model) -> Graph:
    """Return `classify_clip`: uint8 `(batch, time, height, width, channels)` and lengths to probabilities and attention."""
    network = with_attention(model)

    def classify_clip(frames: tf.Tensor, length: tf.Tensor) -> dict[str, tf.Tensor]:
        frames = cut_padding(frames, length)
        return network({"frames": frames, "length": length}, training=False)

    return classify_clip
