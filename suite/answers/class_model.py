"""What networks that answer with a class share: recurrent layers over time, pooling, a probability for each class, the loss."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import keras
import tensorflow as tf

from suite.answers.classes import PROBABILITIES, WEIGHTS
from suite.pipeline import NamedWeights
from suite.recurrent import make_pooling, recurrent_stack

Loss = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def class_probabilities(
    features: keras.KerasTensor, mask: keras.KerasTensor, settings: Any, labels: Sequence[str]
) -> keras.KerasTensor:
    """Return the probabilities of the classes, float32 `(batch, classes)`.

    Args:
        features: `(batch, time, features)`.
        mask: Boolean `(batch, time)`; what is padding changes nothing.
        settings: Has `units`, `cell`, `layers`, `bidirectional`, `dropout`, `pooling` and `seed`.
        labels: Names of the classes.
    """
    features = recurrent_stack(
        features,
        settings.units,
        cell=settings.cell,
        layers=settings.layers,
        bidirectional=settings.bidirectional,
        dropout=settings.dropout,
        return_sequences=settings.pooling != "last",
        mask=mask,
        seed=settings.seed + 3,
    )
    pooled, _ = make_pooling(settings.pooling, settings.bidirectional)(features, mask=mask)
    # Equal seeds would make the dropouts draw alike.
    pooled = keras.layers.Dropout(settings.dropout, seed=settings.seed + 2, name="dropout")(pooled)
    return keras.layers.Dense(len(labels), activation="softmax", dtype=keras.config.floatx(), name=PROBABILITIES)(
        pooled
    )


def with_attention(model: keras.Model) -> keras.Model:
    """Return a model of `class_probabilities` (built, or loaded) with a dict as output, sharing its weights.

    `probabilities`, `float32 (batch, classes)`, are the model's own. `attention`, `(batch, time)`, is what each step
    counted for: 0 for padding, and adding up to 1 (to 0 where there is no step). With attention pooling these are the
    layer's weights; with `max_mean` half of it is each step's equal share of the mean and half its share of the features
    whose maximum it holds; with `last` it stands on the last step, or half of it on the first where the layers read
    backwards too.
    """
    _, attention = model.get_layer("pooling").output
    return keras.Model(model.inputs, {PROBABILITIES: model.output, WEIGHTS: attention}, name=model.name)


def class_names(labels: Sequence[str]) -> NamedWeights:
    """Return the weights of `class_probabilities` whose entries belong to classes."""
    return {f"{PROBABILITIES}/kernel": (1, labels), f"{PROBABILITIES}/bias": (0, labels)}


def class_weights(labels: Sequence[str], targets: Iterable[str]) -> list[float]:
    """Return the weight of each class that makes all classes count alike: `examples / (classes * examples of it)`.

    Args:
        labels: The class names.
        targets: The label of each training example; a class without examples gets weight 0.
    """
    targets = list(targets)
    counts = [targets.count(label) for label in labels]
    return [sum(counts) / (len(labels) * count) if count else 0.0 for count in counts]


def class_loss(classes: int, label_smoothing: float, weights: Sequence[float] | None = None) -> Loss:
    """Return the loss, a function of `(targets int (batch,), probabilities)` to `(batch,)`: cross-entropy in nats.

    Args:
        classes: How many.
        label_smoothing: Share of the target that all classes have alike.
        weights: How much an example of each class counts; None is 1.
    """
    of_class = tf.constant([1.0] * classes if weights is None else weights, tf.float32)

    def weighted_cross_entropy(targets: tf.Tensor, probabilities: tf.Tensor) -> tf.Tensor:
        targets = tf.reshape(tf.cast(targets, tf.int32), [-1])
        losses = keras.losses.categorical_crossentropy(
            tf.one_hot(targets, classes), probabilities, label_smoothing=label_smoothing
        )
        return losses * tf.cast(tf.gather(of_class, targets), losses.dtype)

    return weighted_cross_entropy


def compile_classes(model: keras.Model, optimizer: keras.optimizers.Optimizer, loss: Loss) -> None:
    """Compile a model of `class_probabilities` with its loss and accuracy."""
    # By its name alone Keras would make the metric's variables in the first batch, and trace the step a second time.
    model.compile(optimizer, loss=loss, metrics=[keras.metrics.SparseCategoricalAccuracy("accuracy")])
