"""Settings -> Keras model: samples to a logit for each class, on request by way of a voice print."""

from typing import Any

import keras
import numpy as np

from pipelines.sound.config import Settings
from pipelines.sound.layers import AngleLogits, VoicePrint, accuracy, cross_entropy
from pipelines.sound.statistics import FrameStatistics
from suite.audio.frames import FrameCount, StepMask
from suite.audio.front_end import convolutions, frame_features, normalization, spec_augment
from suite.pipeline import NamedWeights, Phase
from suite.recurrent import make_pooling, recurrent_stack

STATISTICS_SIZE = 3.0  # of the part of a voice print that is decided by statistics, beside 1 for what is trained


def build(settings: Settings, assets: dict[str, Any]) -> keras.Model:
    """Return the model.

    Inputs: `samples` float32 `(batch, samples)` in [-1, 1] at `settings.sample_rate`, and `length` int32 `(batch,)`, the
    samples that count; what comes after them changes nothing. Output: logits float32 `(batch, classes)`.

    1. features of each frame (log-mel, MFCC or PCEN), normalised; 2. in training, blanked stretches of time and features;
    3. convolutions, the first of which halve the frames as `subsampling` says; 4. recurrent layers; 5. pooling over time;
    6. one linear layer to the classes, or a voice print and its angle to each class.
    """
    samples = keras.Input((None,), name="samples")
    length = keras.Input((), dtype="int32", name="length")
    frames = FrameCount(settings.hop_length, settings.causal, name="frames")(length)
    features = frame_features(samples, length, frames, settings)
    mask = frame_mask = StepMask(name="mask")(frames, features)
    normalized = normalization(settings, assets, features.shape[-1])(features, frames)
    normalized = spec_augment(normalized, frames, settings)
    steps, mask = convolutions(normalized, frames, mask, settings)
    steps = keras.layers.Dropout(settings.dropout, seed=settings.seed + 1, name="input_dropout")(steps)
    steps = recurrent_stack(
        steps,
        settings.units,
        cell=settings.cell,
        layers=settings.layers,
        bidirectional=settings.bidirectional,
        dropout=settings.dropout,
        return_sequences=settings.pooling != "last",
        mask=mask,
        seed=settings.seed + 100,
    )
    pooled, _ = make_pooling(settings.pooling, settings.bidirectional)(steps, mask=mask)
    pooled = keras.layers.Dropout(settings.dropout, seed=settings.seed + 2, name="dropout")(pooled)
    classes = len(assets["labels"])
    if settings.embedding:
        voice = keras.layers.Dense(settings.embedding, name="embedding")(pooled)
        if settings.statistics:
            voice = keras.layers.Concatenate(name="with_statistics")(
                [VoicePrint(name="embedding_direction")(voice), _statistics(features, frame_mask, assets)]
            )
        logits = AngleLogits(classes, name="logits")(VoicePrint(name="voice_print")(voice))
    else:
        logits = keras.layers.Dense(classes, dtype="float32", name="logits")(pooled)
    return keras.Model([samples, length], logits, name="sound")


def _statistics(features: keras.KerasTensor, mask: keras.KerasTensor, assets: dict[str, Any]) -> keras.KerasTensor:
    """Return the part of a voice print that `learn_directions` decided; training leaves it alone."""
    weights = [np.array(assets[name], np.float32) for name in ("voice_weights", "voice_bias")]
    directions = keras.layers.Dense(len(weights[1]), trainable=False, dtype="float32", name="voice_directions")
    projected = directions(FrameStatistics(name="frame_statistics")(features, mask))
    directions.set_weights(weights)
    return VoicePrint(STATISTICS_SIZE, name="statistics_direction")(projected)


def named_weights(settings: Settings, assets: dict) -> NamedWeights:
    """Return the weights whose entries belong to classes."""
    weights: NamedWeights = {"logits/kernel": (1, assets["labels"])}
    return weights if settings.embedding else weights | {"logits/bias": (0, assets["labels"])}


def with_attention(model: keras.Model) -> keras.Model:
    """Return the model with a second output: what each step counted for, `(batch, steps)`, as the pooling layer has it."""
    _, attention = model.get_layer("pooling").output
    return keras.Model(model.inputs, [model.output, attention], name=model.name)


def with_voice_print(model: keras.Model) -> keras.Model:
    """Return the model with the voice print as its output, `(batch, embedding)`, each of length 1."""
    return keras.Model(model.inputs, model.get_layer("voice_print").output, name=model.name)


def phases(settings: Settings, assets: dict[str, Any]) -> list[Phase]:
    """Return the one fit of this pipeline."""
    loss = cross_entropy(len(assets["labels"]), settings.label_smoothing, settings.margin)

    def compile(model: keras.Model, optimizer: keras.optimizers.Optimizer) -> None:
        model.compile(optimizer, loss=loss, metrics=[keras.metrics.MeanMetricWrapper(accuracy, "accuracy")])

    return [Phase("train", settings.epochs, settings.learning_rate, compile)]
