"""Frames of a clip to class probabilities and the weight of each frame."""

from collections.abc import Callable
from typing import Any

import keras

from pipelines.video.config import Settings
from suite.answers.class_model import class_loss, class_names, class_probabilities, compile_classes
from suite.errors import UserError
from suite.pipeline import NamedWeights, Phase
from suite.vision.layers import (
    Backbone,
    ClipMask,
    ClipNormalisation,
    CosineFrequencies,
    FrameDifferences,
    FrameWise,
    backbone_network,
)

# A change from one frame to the next is smaller than what changes.
DIFFERENCE_SCALE = 2.0


def build(settings: Settings, assets: dict[str, Any]) -> keras.Model:
    """Return the network: what sees a frame, recurrent layers over the frames, pooling, classes.

    Args:
        assets: `labels`, the class names.

    Returns:
        A model that takes `{"frames": uint8 (batch, time, height, width, channels), "length": int32 (batch,)}`, where
        what comes after `length` frames is padding and changes nothing, and gives the probabilities of the classes,
        `float32 (batch, classes)`. `class_model.with_attention` makes the same model tell what each frame counted for. Everything
        the model needs is in it, the weights of a backbone too.

    Raises:
        UserError: if the settings of the front end contradict one another, or the weights of a backbone cannot be read.
    """
    seed = settings.seed
    shape = (None, settings.height, settings.width, settings.channels)
    inputs = {
        "frames": keras.Input(shape, dtype="uint8", name="frames"),
        "length": keras.Input((), dtype="int32", name="length"),
    }
    mask = ClipMask(name="mask")(inputs["frames"], inputs["length"])
    features = _see(inputs["frames"], mask, settings)
    rows = (None, 1, features.shape[-1])
    features = keras.layers.Dropout(settings.feature_dropout, rows, seed, name="feature_dropout")(features)
    return keras.Model(inputs, class_probabilities(features, mask, settings, assets["labels"]), name="video")


def _see(frames: keras.KerasTensor, mask: keras.KerasTensor, settings: Settings) -> keras.KerasTensor:
    """Return the features of each frame, `(batch, time, features)`."""
    if settings.front == "cnn":
        frames = ClipNormalisation(settings.normalise, name="normalisation")(frames, mask)
        if settings.differences:
            frames = FrameDifferences(DIFFERENCE_SCALE, name="differences")(frames, mask)
        return FrameWise(_small_cnn(settings, frames.shape[-1]), name="frame_features")(frames, mask)
    if settings.front == "dct":
        if settings.frequencies > min(settings.height, settings.width):
            expected = f"at most {min(settings.height, settings.width)}, the smaller side of a frame"
            raise UserError(f"setting 'frequencies': expected {expected}. Received: {settings.frequencies}")
        frames = ClipNormalisation(settings.normalise, name="normalisation")(frames, mask)
        features = CosineFrequencies(settings.frequencies, name="frame_features")(frames)
        return (
            FrameDifferences(DIFFERENCE_SCALE, name="differences")(features, mask) if settings.differences else features
        )
    if settings.channels != 3:
        raise UserError(f"setting 'channels': front {settings.front} needs 3. Received: {settings.channels}")
    network = backbone_network(
        settings.front, settings.height, settings.width, settings.backbone_weights, settings.backbone_layer
    )
    features = Backbone(network, settings.backbone_features, name="backbone")(frames, mask)
    # Maps differ by orders of magnitude between filters.
    return keras.layers.BatchNormalization(momentum=0.9, name="feature_norm")(features, mask=mask)


def _small_cnn(settings: Settings, channels: int) -> keras.Model:
    pictures = keras.Input((settings.height, settings.width, channels), name="pictures")
    maps = pictures
    for index, filters in enumerate(settings.filters):
        maps = keras.layers.Conv2D(filters, 3, 2, "same", use_bias=False, name=f"conv_{index}")(maps)
        maps = keras.layers.BatchNormalization(momentum=0.9, name=f"norm_{index}")(maps)
        maps = keras.layers.ReLU(name=f"relu_{index}")(maps)
    # A motion is the same wherever in the picture it is.
    pooled = [keras.layers.GlobalAveragePooling2D(name="mean")(maps), keras.layers.GlobalMaxPooling2D(name="max")(maps)]
    features = keras.layers.Dense(settings.features, name="features")(keras.layers.Concatenate(name="pooled")(pooled))
    return keras.Model(pictures, features, name="small_cnn")


def named_weights(settings: Settings, assets: dict) -> NamedWeights:
    """Return the weights whose entries belong to classes."""
    return class_names(assets["labels"])


def phases(settings: Settings, assets: dict[str, Any]) -> list[Phase]:
    """Return the fits: all of a model without a backbone; else with the backbone frozen, then, on request, trained too."""
    fits = [Phase("train", settings.epochs, settings.learning_rate, _compile(settings, assets, False))]
    if settings.front not in ("cnn", "dct") and settings.fine_tune_epochs:
        compile = _compile(settings, assets, True)
        fits.append(Phase("fine-tune", settings.fine_tune_epochs, settings.fine_tune_learning_rate, compile))
    return fits


def _compile(
    settings: Settings, assets: dict[str, Any], fine_tune: bool
) -> Callable[[keras.Model, keras.optimizers.Optimizer], None]:
    loss = class_loss(len(assets["labels"]), settings.label_smoothing)

    def compile(model: keras.Model, optimizer: keras.optimizers.Optimizer) -> None:
        for layer in model.layers:
            if isinstance(layer, Backbone):
                layer.trainable = fine_tune
        compile_classes(model, optimizer, loss)

    return compile
