"""Mean and deviation of a clip's features, in the directions that tell the voices of the training part apart."""

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from suite.audio.frames import FloatLayer
from suite.audio.front_end import feature_model
from suite.recurrent import deployment

SHRINKAGE = 0.2  # of the covariance within a class towards a multiple of the identity
FLOOR = 1e-6  # of a variance


@keras.saving.register_keras_serializable(package="suite")
class FrameStatistics(FloatLayer):
    """Mean and standard deviation over the frames that count: features `(batch, time, features)` and mask `(batch, time)` to
    `(batch, 2 features)`. In the `streaming` deployment over all frames so far.
    """

    def call(self, features: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        features = tf.cast(features, self.compute_dtype)
        real = tf.cast(mask, features.dtype)[:, :, tf.newaxis]
        sums = tf.concat([real, real * features, real * tf.square(features)], axis=-1)
        sums = tf.reduce_sum(sums, axis=1)
        traced = deployment.current()
        if traced is not None and traced.streaming:
            sums += traced.carry(f"{self.name}_sums", tf.zeros((1, 1 + 2 * features.shape[-1])))
            traced.keep(f"{self.name}_sums", sums)
        mean, square = tf.split(sums[:, 1:] / tf.maximum(sums[:, :1], 1.0), 2, axis=-1)
        return tf.concat([mean, tf.sqrt(tf.maximum(square - tf.square(mean), FLOOR))], axis=-1)


def learn_directions(batches: Iterable[tuple[dict[str, Any], Any]], settings: Any) -> dict[str, Any]:
    """Return `voice_weights` `(2 features, directions)` and `voice_bias` `(directions,)`: what linear discriminant analysis
    of the clips' statistics finds, at most one direction fewer than there are classes.

    The covariance within a class is 1 in those directions, so that what varies from clip to clip of one voice counts
    little in the angle between two: trained by gradients alone, few voices are learned by heart.

    Args:
        batches: Of clips, and the numbers of their classes `(batch,)`.
        settings: Of the front end.
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    model, statistics = feature_model(settings), FrameStatistics()
    rows, classes = [], []
    for inputs, targets in batches:
        features, counts = model([inputs["samples"], inputs["length"]])
        rows.append(statistics(features, tf.sequence_mask(counts, tf.shape(features)[1])).numpy())
        classes.append(targets.numpy())
    table = np.concatenate(rows).astype(np.float64)
    mean, deviation = table.mean(axis=0), table.std(axis=0) + FLOOR
    analysis = LinearDiscriminantAnalysis(solver="eigen", shrinkage=SHRINKAGE)
    analysis.fit((table - mean) / deviation, np.concatenate(classes))
    directions = analysis.scalings_[:, : len(analysis.classes_) - 1] / deviation[:, np.newaxis]
    return {"voice_weights": directions.tolist(), "voice_bias": (-mean @ directions).tolist()}
