"""A picture network learned on ImageNet as the eye of a video model."""

from pathlib import Path

import keras
import tensorflow as tf

from suite.errors import UserError
from suite.recurrent.deployment import current
from suite.vision.layers.differences import frames_before
from suite.vision.layers.feature_memory import FeatureMemory, clip_key, network_key
from suite.vision.layers.frame_wise import FrameWise

# Width multiplier (alpha) of each MobileNet (Howard et al. 2017).
BACKBONES = {"mobilenet_0.25": 0.25, "mobilenet_1.0": 1.0}
KEPT = ("mean", "motion", "both")
MEMORY = FeatureMemory()


@keras.saving.register_keras_serializable(package="suite")
class Backbone(FrameWise):
    """Runs a learned picture network over every frame; while it is not trainable, over each clip once.

    Of the network's maps `m_t` of frame `t`, a frame keeps what is in the picture, what moves most in it, or both:

        mean_t = mean over the picture of m_t
        motion_t = max over the picture of |m_t - m_{t-1}|,  motion_1 = 0

    The features of a clip are kept in memory, for all models of the process, under a digest of its pixels and of the
    network's weights: the epochs of a training and the folds of a cross-validation share them, and pixels changed by
    augmentation or weights changed by fine-tuning never meet the features of others.

    Args:
        network: A built `keras.Model` from pixels 0..255, `(batch, height, width, channels)`, to maps
            `(batch, rows, columns, filters)`; its preprocessing is part of it. Its batch normalisation keeps the
            statistics it was learned with.
        kept: `"mean"`, `"motion"` or `"both"`.

    Call arguments:
        frames: `(batch, time, height, width, channels)`, uint8.
        mask: `(batch, time)`, boolean, True for the first frames of each clip.

    Returns:
        `(batch, time, features)`, `filters` or for both `2 * filters` of them; zeros for padding.
    """

    def __init__(self, network, kept="both", **kwargs):
        super().__init__(network, **kwargs)
        if kept not in KEPT:
            raise ValueError(f"`kept` must be one of {', '.join(KEPT)}. Received: kept={kept}")
        self.kept = kept

    @property
    def features(self) -> int:
        """Return the number of features of a frame."""
        return self.network.output_shape[-1] * (2 if self.kept == "both" else 1)

    def call(self, frames, mask, training=None):
        if current() is not None or self.trainable:
            maps = self.see(tf.cast(frames, self.compute_dtype), mask, training=False)
            return self._pool(maps) * tf.cast(mask, self.compute_dtype)[..., tf.newaxis]
        lengths = tf.reduce_sum(tf.cast(mask, tf.int32), axis=1)
        found, known, keys = tf.numpy_function(self._recall, [frames, lengths], [tf.float32, tf.bool, tf.uint8])
        found = tf.cond(
            tf.reduce_all(known), lambda: found, lambda: self._complete(frames, lengths, found, known, keys)
        )
        found = tf.reshape(found, (*tf.unstack(tf.shape(mask)), self.features))
        return tf.cast(tf.stop_gradient(found), self.compute_dtype)

    def _pool(self, maps):
        pooled = [tf.reduce_mean(maps, (2, 3))] if self.kept != "motion" else []
        if self.kept != "mean":
            pooled.append(tf.reduce_max(tf.abs(maps - frames_before(self.name, maps)), (2, 3)))
        return tf.concat(pooled, axis=-1)

    def _recall(self, frames, lengths):
        """Return features `(batch, time, features)`, zeros where not known, whether known, and the key of each clip."""
        network = network_key(self.network, f"{self.kept} {self.compute_dtype}")
        keys = [clip_key(network, clip[:length]) for clip, length in zip(frames, lengths, strict=True)]
        return MEMORY.recall(keys, (frames.shape[1], self.features))

    def _complete(self, frames, lengths, found, known, keys):
        """Run the network over the clips not known, one by one (the maps of a whole batch would take gigabytes)."""

        def see_clip(clip, length, key):
            maps = self.network(tf.cast(clip[:length], self.compute_dtype), training=False)
            seen = tf.cast(self._pool(maps[tf.newaxis])[0], tf.float32)
            seen = tf.numpy_function(MEMORY.remember, [seen, key], tf.float32)
            return tf.pad(tf.reshape(seen, (length, self.features)), [[0, tf.shape(clip)[0] - length], [0, 0]])

        def complete_clip(inputs):
            clip, length, before, is_known, key = inputs
            return tf.cond(is_known, lambda: before, lambda: see_clip(clip, length, key))

        features = tf.TensorSpec((None, self.features), tf.float32)
        clips = (frames, lengths, found, known, keys)
        return tf.map_fn(complete_clip, clips, fn_output_signature=features, parallel_iterations=1)

    def compute_output_spec(self, frames, mask, training=None):
        return keras.KerasTensor((*frames.shape[:2], self.features), self.compute_dtype)

    def get_config(self):
        return {**super().get_config(), "kept": self.kept}


def backbone_network(
    name: str, height: int, width: int, weights: Path | str, last_layer: str | None = None
) -> keras.Model:
    """Return a network from pixels 0..255 to maps, `(batch, height, width, 3)` to `(batch, rows, columns, filters)`.

    It is `keras.applications.MobileNet` without its top, its preprocessing before it.

    Args:
        name: One of `BACKBONES`.
        height, width: Of a frame, pixels.
        weights: A Keras `.h5` file of this network without its top, whole or its first layers.
        last_layer: Name of the layer whose maps are given; None is the last one of the file.

    Raises:
        UserError: if the file cannot be read or holds weights of another network, or there is no such layer.
    """
    whole = keras.applications.MobileNet((height, width, 3), BACKBONES[name], include_top=False, weights=None)
    named = _layers_held(Path(weights), name)
    held = named or [layer.name for layer in whole.layers]
    last_layer = held[-1] if last_layer is None else last_layer
    if last_layer not in held:
        raise UserError(f"setting 'backbone_layer': expected one of {', '.join(held)}. Received: {last_layer!r}")
    try:
        part = keras.Model(whole.input, whole.get_layer(held[-1]).output) if named else whole
        part.load_weights(weights)
    except (ValueError, KeyError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise UserError(f"{weights}: expected weights of {name} without its top: {reason}") from error
    cut = keras.Model(whole.input, whole.get_layer(last_layer).output, name=name)
    pictures = keras.Input((height, width, 3), name="pictures")
    maps = cut(keras.layers.Rescaling(1 / 127.5, -1, name="preprocessing")(pictures))
    return keras.Model(pictures, maps, name=f"{name}_maps")


def _layers_held(weights: Path, name: str) -> list[str]:
    """Return the layers that a file names; a `.weights.h5` of Keras 3 names none."""
    import h5py

    if not weights.is_file():
        raise UserError(f"{weights}: no such file; setting 'backbone_weights' names a Keras .h5 file of {name}")
    try:
        with h5py.File(weights) as file:
            layers = file.attrs.get("layer_names", ())
            return [layer if isinstance(layer, str) else layer.decode() for layer in layers]
    except OSError as error:
        raise UserError(f"{weights}: expected a Keras .h5 file with weights of {name}. Received: {error}") from error
