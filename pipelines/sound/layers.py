"""Voice prints: a recording as a direction, and classes as the directions that it may lie near."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from suite.audio.frames import FloatLayer

SCALE = 24.0  # of cosines as logits: large enough for probabilities near 1


@keras.saving.register_keras_serializable(package="suite")
class VoicePrint(FloatLayer):
    """Vectors `(batch, features)`, of which the direction alone counts, with one length.

    Args:
        size: Their length.
    """

    def __init__(self, size: float = 1.0, **options: Any) -> None:
        super().__init__(**options)
        self.size = size

    def call(self, vectors: tf.Tensor) -> tf.Tensor:
        vectors = tf.cast(vectors, self.compute_dtype)
        return self.size * vectors / tf.sqrt(tf.reduce_sum(tf.square(vectors), axis=-1, keepdims=True) + 1e-9)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"size": self.size}


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


def class_shares(targets: tf.Tensor, classes: int) -> tf.Tensor:
    """Return the share of each class, float32 `(batch, classes)`, of targets as `cross_entropy` takes them."""
    targets = tf.convert_to_tensor(targets)
    if targets.shape.rank == 2 and targets.dtype.is_floating:
        return targets
    return tf.one_hot(tf.cast(tf.reshape(targets, [-1]), tf.int32), classes)


def accuracy(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Return whether the likeliest class is that with the largest share, float32 `(batch,)`."""
    shares = class_shares(targets, logits.shape[-1])
    return tf.cast(tf.argmax(shares, axis=-1) == tf.argmax(logits, axis=-1), tf.float32)


def cross_entropy(classes: int, label_smoothing: float, margin: float) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """Return the loss of logits: a function of `(targets, logits (batch, classes))` to `(batch,)`, nats; targets are the
    numbers of the classes, `(batch,)`, or the share of each class, float32 `(batch, classes)`.

    Args:
        classes: How many.
        label_smoothing: Share of the target spread over all classes.
        margin: Radians that are added to the angle of the true class, so that it must win by as much; logits are then those
            of `AngleLogits`. Source: Deng et al. 2019, "ArcFace".
    """

    def loss(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        targets = class_shares(targets, classes)
        if margin:
            cosine = tf.clip_by_value(logits / SCALE, -1 + 1e-6, 1 - 1e-6)
            farther = cosine * tf.cos(margin) - tf.sqrt(1 - tf.square(cosine)) * tf.sin(margin)
            logits = tf.where(targets > 0, SCALE * farther, logits)
        return keras.losses.categorical_crossentropy(targets, logits, from_logits=True, label_smoothing=label_smoothing)

    return loss
