"""Voice prints: a recording as a direction, and classes as the directions that it may lie near."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from suite.audio.frames import FloatLayer

SCALE = 24.0  # of cosines as logits: large enough for probabilities near 1


@keras.saving.register_keras_serializable(package="suite")
class VoicePrint(FloatLayer):
    """Vectors `(batch, features)` with the length 1, of which the direction alone counts."""

    def call(self, vectors: tf.Tensor) -> tf.Tensor:
        vectors = tf.cast(vectors, self.compute_dtype)
        return vectors / tf.sqrt(tf.reduce_sum(tf.square(vectors), axis=-1, keepdims=True) + 1e-9)


@keras.saving.register_keras_serializable(package="suite")
class AngleLogits(FloatLayer):
    """The logit of each class: the cosine of the angle between a voice print and the class's direction, times `SCALE`.

    Args:
        classes: How many.

    Call arguments:
        prints: `(batch, features)`, each of length 1.

    Returns:
        `(batch, classes)`.
    """

    def __init__(self, classes: int, **options: Any) -> None:
        super().__init__(**options)
        self.classes = classes

    def build(self, shape: tuple[int | None, ...]) -> None:
        self.kernel = self.add_weight(name="kernel", shape=(shape[-1], self.classes), initializer="glorot_uniform")

    def call(self, prints: tf.Tensor) -> tf.Tensor:
        directions = self.kernel / tf.sqrt(tf.reduce_sum(tf.square(self.kernel), axis=0, keepdims=True) + 1e-9)
        return SCALE * tf.matmul(prints, directions)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"classes": self.classes}


def cross_entropy(classes: int, label_smoothing: float, margin: float) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """Return the loss of logits: a function of `(targets int (batch,), logits (batch, classes))` to `(batch,)`, nats.

    Args:
        classes: How many.
        label_smoothing: Share of the target spread over all classes.
        margin: Radians that are added to the angle of the true class, so that it must win by as much; logits are then those
            of `AngleLogits`. Source: Deng et al. 2019, "ArcFace".
    """

    def loss(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        targets = tf.one_hot(tf.cast(tf.reshape(targets, [-1]), tf.int32), classes)
        if margin:
            cosine = tf.clip_by_value(logits / SCALE, -1 + 1e-6, 1 - 1e-6)
            farther = cosine * tf.cos(margin) - tf.sqrt(1 - tf.square(cosine)) * tf.sin(margin)
            logits = tf.where(targets > 0, SCALE * farther, logits)
        return keras.losses.categorical_crossentropy(targets, logits, from_logits=True, label_smoothing=label_smoothing)

    return loss
