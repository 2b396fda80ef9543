"""Features shifted and scaled: by clip, by data set, or by what was heard so far."""

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from suite.audio.frames import FloatLayer, frame_mask, keep_frames
from suite.recurrent.deployment import current


@keras.saving.register_keras_serializable(package="suite")
class FeatureNormalization(FloatLayer):
    """Shifts and scales each feature to mean 0 and variance 1 over time.

    Args:
        kind: What mean and variance are taken of.
            `"utterance"`: the frames of the clip.
            `"global"`: the data that `adapt` was told of.
            `"running"`: the frames of the clip so far, this one included, together with `prior_frames` frames of the
            global mean and variance. Causal; streams by carrying a count and two sums.
            `"none"`: nothing is done.
        prior_frames: Frames that the global mean and variance count for in `"running"`.

    Call arguments:
        features: `(batch, frames, features)`.
        frames: `(batch,)` integers, the frames that count. None: all.

    Returns:
        As `features`; zeros past the end.
    """

    kinds = ("utterance", "global", "running", "none")
    epsilon = 1e-5

    def __init__(self, kind: str = "utterance", prior_frames: int = 100, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if kind not in self.kinds:
            raise ValueError(f"`kind` must be one of {', '.join(self.kinds)}. Received: kind={kind}")
        if prior_frames <= 0:
            raise ValueError(f"`prior_frames` must be positive. Received: prior_frames={prior_frames}")
        self.kind = kind
        self.prior_frames = prior_frames

    def build(self, features_shape: tuple[int | None, ...], frames_shape: tuple[int | None, ...] | None = None) -> None:
        if self.kind in ("global", "running"):
            shape = (features_shape[-1],)
            self.mean = self.add_weight(name="mean", shape=shape, initializer="zeros", trainable=False)
            self.std = self.add_weight(name="std", shape=shape, initializer="ones", trainable=False)

    def adapt(self, mean: np.ndarray, std: np.ndarray) -> None:
        """Set the global mean and standard deviation, `(features,)` each, of a layer that is built.

        `feature_statistics` measures them.
        """
        if self.kind in ("global", "running"):
            self.mean.assign(mean)
            self.std.assign(np.maximum(std, self.epsilon))

    def call(self, features: tf.Tensor, frames: tf.Tensor | None = None) -> tf.Tensor:
        valid = None if frames is None else frame_mask(frames, tf.shape(features)[1])
        if self.kind == "utterance":
            features = self._by_utterance(features, valid)
        elif self.kind in ("global", "running"):
            mean, std = (tf.convert_to_tensor(weight) for weight in (self.mean, self.std))
            features = (features - mean) / std
            if self.kind == "running":
                features = self._by_running(features, valid)
        return features if valid is None else keep_frames(features, valid)

    def _by_utterance(self, features: tf.Tensor, valid: tf.Tensor | None) -> tf.Tensor:
        deployment = current()
        if deployment is not None and deployment.streaming:
            raise ValueError(f"{self.name}: the mean of an utterance is known at its end. Received: kind='utterance'")
        if valid is None:
            valid = tf.ones(tf.shape(features)[:2], tf.bool)
        count = tf.maximum(tf.reduce_sum(tf.cast(valid, features.dtype), axis=1), 1)[:, tf.newaxis, tf.newaxis]
        centred = features - tf.reduce_sum(keep_frames(features, valid), axis=1, keepdims=True) / count
        variance = tf.reduce_sum(tf.square(keep_frames(centred, valid)), axis=1, keepdims=True) / count
        return centred / tf.sqrt(variance + self.epsilon)

    def _by_running(self, features: tf.Tensor, valid: tf.Tensor | None) -> tf.Tensor:
        """Normalise what is already normalised globally, so that the prior is mean 0 and variance 1."""
        valid_features = features if valid is None else keep_frames(features, valid)
        steps = tf.ones_like(valid_features[..., :1])
        count, total, squares = (
            tf.cumsum(steps, 1),
            tf.cumsum(valid_features, 1),
            tf.cumsum(tf.square(valid_features), 1),
        )
        if (deployment := current()) is not None and deployment.streaming:
            counted = tf.reduce_sum(steps if valid is None else keep_frames(steps, valid), axis=1, keepdims=True)
            ends = {"count": counted, "total": total[:, -1:], "squares": squares[:, -1:]}
            carried = {}
            for name, end in ends.items():
                zeros = tf.zeros((1, 1, 1 if name == "count" else features.shape[-1]))
                carried[name] = deployment.carry(f"{self.name}_{name}", zeros)
                deployment.keep(f"{self.name}_{name}", carried[name] + end)
            count, total, squares = count + carried["count"], total + carried["total"], squares + carried["squares"]
        count = count + self.prior_frames
        mean = total / count
        variance = (squares + self.prior_frames) / count - tf.square(mean)
        # Rounding may leave a variance of 0 below it.
        return (features - mean) / tf.sqrt(tf.maximum(variance, 0.0) + self.epsilon)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "kind": self.kind, "prior_frames": self.prior_frames}


def feature_statistics(features: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation, `(features,)` float64 each, over all frames of many clips.

    Args:
        features: Iterable of `(frames, features)` arrays, without padding.
    """
    count, total, squares = 0, np.zeros(()), np.zeros(())
    for clip in features:
        clip = np.asarray(clip, np.float64)
        count, total, squares = count + len(clip), total + clip.sum(0), squares + np.square(clip).sum(0)
    if not count:
        raise ValueError("`features` must have at least one frame. Received: none")
    mean = total / count
    return mean, np.sqrt(np.maximum(squares / count - np.square(mean), 0))
