"""A picture network learned on ImageNet as the eye of a video model."""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from suite.errors import UserError
from suite.recurrent.deployment import current
from suite.vision.layers.feature_memory import FeatureMemory, clip_key
from suite.vision.layers.frame_wise import FrameWise

# Width multiplier (alpha) of each MobileNet (Howard et al. 2017).
BACKBONES = {"mobilenet_0.25": 0.25, "mobilenet_1.0": 1.0}
MEMORY = FeatureMemory()


@keras.saving.register_keras_serializable(package="suite")
class Backbone(FrameWise):
    """Runs a learned picture network over every frame; while it is not trainable, over each clip once.

    The features of a clip are kept in memory, for all models of the process, under a digest of its pixels and of the
    network's weights: the epochs of a training and the folds of a cross-validation share them, and pixels changed by
    augmentation or weights changed by fine-tuning never meet the features of others.

    Args:
        network: As of `FrameWise`; takes pixels 0..255, its preprocessing is part of it. Its batch normalisation keeps
            the statistics it was learned with.

    Call arguments:
        frames: `(batch, time, height, width, channels)`, uint8.
        mask: `(batch, time)`, boolean, True for the first frames of each clip.

    Returns:
        `(batch, time, features)`; zeros for padding.
    """

    def call(self, frames, mask, training=None):
        if current() is not None or self.trainable:
            return super().call(tf.cast(frames, self.compute_dtype), mask, training=False)
        lengths = tf.reduce_sum(tf.cast(mask, tf.int32), axis=1)
        sums = [tf.reduce_sum(tf.reshape(weight, [-1]) * _ramp(weight.shape)) for weight in self.network.weights]
        found, known, keys = tf.numpy_function(
            self._recall, [frames, lengths, tf.stack(sums)], [tf.float32, tf.bool, tf.uint8]
        )
        found = tf.cond(known, lambda: found, lambda: self._see(frames, lengths, keys))
        found = tf.reshape(found, (*tf.unstack(tf.shape(mask)), self.network.output_shape[-1]))
        return tf.cast(tf.stop_gradient(found), self.compute_dtype)

    def _recall(self, frames, lengths, weights):
        """Return the features of all clips, whether all of them are known, and the key of each."""
        network = weights.tobytes() + f"{self.network.name} {len(weights)} {self.compute_dtype}".encode()
        keys = [clip_key(network, clip[:length]) for clip, length in zip(frames, lengths, strict=True)]
        kept = [MEMORY.get(key) for key in keys]
        known = all(one is not None for one in kept)
        padded = np.zeros((*frames.shape[:2], self.network.output_shape[-1]) if known else (0, 0, 0), np.float32)
        for row, one in enumerate(kept if known else ()):
            padded[row, : len(one)] = one
        return padded, np.bool_(known), np.array([np.frombuffer(key, np.uint8) for key in keys])

    def _see(self, frames, lengths, keys):
        """Run the network, clip by clip: a batch of clips at once would take gigabytes."""

        def see_clip(inputs):
            clip, length = inputs
            seen = self.network(tf.cast(clip[:length], self.compute_dtype), training=False)
            return tf.pad(tf.cast(seen, tf.float32), [[0, tf.shape(clip)[0] - length], [0, 0]])

        features = tf.TensorSpec((None, self.network.output_shape[-1]), tf.float32)
        seen = tf.map_fn(see_clip, (frames, lengths), fn_output_signature=features, parallel_iterations=1)
        return tf.numpy_function(_remember, [seen, lengths, keys], tf.float32)


def _remember(features, lengths, keys):
    for clip, length, key in zip(features, lengths, keys, strict=True):
        MEMORY.put(key.tobytes(), clip[:length].copy())
    return features


def _ramp(shape):
    """Return numbers of which no two are alike, so that a sum weighted by them tells weights apart by place too."""
    return tf.sin(tf.range(int(np.prod(shape)), dtype=tf.float32) + 1)


def backbone_network(name: str, height: int, width: int, weights: Path | str) -> keras.Model:
    """Return a network from pixels to features, `(batch, height, width, 3)` in 0..255 to `(batch, features)`.

    A `keras.applications.MobileNet` without its top, cut where the weights file ends, its preprocessing before it and
    the mean and the maximum over the picture behind it.

    Args:
        name: One of `BACKBONES`.
        height, width: Of a frame, pixels.
        weights: A Keras `.h5` file of this network, whole or its first layers.

    Raises:
        UserError: if the file cannot be read, or holds weights of another network.
    """
    whole = keras.applications.MobileNet((height, width, 3), BACKBONES[name], include_top=False, weights=None)
    last = _last_layer(Path(weights), name)
    try:
        cut = keras.Model(whole.input, whole.get_layer(last).output, name=name)
        cut.load_weights(weights)
    except (ValueError, KeyError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise UserError(f"{weights}: expected weights of {name} without its top: {reason}") from error
    pictures = keras.Input((height, width, 3), name="pictures")
    maps = cut(keras.layers.Rescaling(1 / 127.5, -1, name="preprocessing")(pictures))
    pooled = [keras.layers.GlobalAveragePooling2D(name="mean")(maps), keras.layers.GlobalMaxPooling2D(name="max")(maps)]
    return keras.Model(pictures, keras.layers.Concatenate(name="features")(pooled), name=f"{name}_features")


def _last_layer(weights: Path, name: str) -> str:
    import h5py

    try:
        with h5py.File(weights) as file:
            layers = [layer if isinstance(layer, str) else layer.decode() for layer in file.attrs["layer_names"]]
        return layers[-1]
    except (OSError, KeyError, IndexError) as error:
        raise UserError(f"{weights}: expected a Keras .h5 file with weights of {name}: {error}") from error
