"""Settings -> Keras model: samples to a logit for each symbol at each step, and the CTC loss."""

from typing import Any

import keras
import tensorflow as tf

from pipelines.speech.config import Settings
from pipelines.speech.layers import BlankPadding, LateStart, SilentTail, real_steps
from suite.audio.frames import FrameCount, StepMask
from suite.audio.front_end import convolutions, frame_features, normalization, spec_augment
from suite.decoding.ctc_loss import ctc_loss
from suite.pipeline import NamedWeights, Phase
from suite.recurrent import recurrent_stack


def build(settings: Settings, assets: dict[str, Any]) -> keras.Model:
    """Return the model.

    Inputs: `samples` float32 `(batch, samples)` in [-1, 1] at `settings.sample_rate`, and `length` int32 `(batch,)`, the
    samples that count; what comes after them changes nothing. Output: logits float32 `(batch, steps, symbols)`, symbol 0
    the CTC blank; padded steps are certain blanks (`BlankPadding`). A causal model's steps go on for `tail_seconds`.

    1. features of each frame (MFCC or log-mel, with differences over time where asked for), normalised;
    2. in training, blanked stretches of time and features (SpecAugment);
    3. convolutions, the first of which halve the frames as `subsampling` says;
    4. recurrent layers; 5. one linear layer to the symbols, of which a causal model in training holds the first back.
    """
    samples = keras.Input((None,), name="samples")
    length = keras.Input((), dtype="int32", name="length")
    inputs = [samples, length]
    if settings.tail_samples:
        samples, length = SilentTail(settings.tail_samples, name="tail")(samples, length)
    frames = FrameCount(settings.hop_length, settings.causal, name="frames")(length)
    features = frame_features(samples, length, frames, settings)
    mask = StepMask(name="mask")(frames, features)
    normalized = normalization(settings, assets, features.shape[-1])(features, frames)
    normalized = spec_augment(normalized, frames, settings)
    steps, mask = convolutions(normalized, frames, mask, settings)
    # Drawn anew at every step: features missing for a whole clip cost a small set many epochs.
    steps = keras.layers.Dropout(settings.dropout, seed=settings.seed + 1, name="input_dropout")(steps)
    steps = recurrent_stack(
        steps,
        settings.units,
        cell=settings.cell,
        layers=settings.layers,
        bidirectional=settings.bidirectional,
        dropout=settings.dropout,
        variational=False,
        layer_norm=settings.layer_norm,
        mask=mask,
        seed=settings.seed + 100,
    )
    steps = keras.layers.Dropout(settings.dropout, seed=settings.seed + 2, name="output_dropout")(steps)
    logits = keras.layers.Dense(len(assets["symbols"]), dtype="float32", name="logits")(steps)
    held_back = settings.tail_samples // settings.step_samples  # the tail makes up for them
    if held_back:
        logits = LateStart(held_back, seed=settings.seed + 3, name="late_start")(logits)
    return keras.Model(inputs, BlankPadding(name="steps")(logits, mask), name="speech")


def named_weights(settings: Settings, assets: dict) -> NamedWeights:
    """Return the weights whose entries belong to symbols."""
    return {"logits/kernel": (1, assets["symbols"]), "logits/bias": (0, assets["symbols"])}


def with_steps(model: keras.Model) -> keras.Model:
    """Return the model with a second output: which steps are real, boolean `(batch, steps)`."""
    (padding,) = (layer for layer in model.layers if isinstance(layer, BlankPadding))
    _, mask = padding.input
    return keras.Model(model.inputs, [model.output, mask], name=model.name)


def ctc_per_symbol(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Return the CTC loss, divided by the mean number of symbols in the batch, float32 `(batch,)`.

    Args:
        targets: int32 `(batch, 1 + symbols)`: how many symbols count, then the symbols, padded with zeros.
        logits: As the model gives them.
    """
    targets = tf.cast(targets, tf.int32)
    losses = ctc_loss(targets[:, 1:], targets[:, 0], logits, real_steps(logits))
    return losses / tf.maximum(tf.reduce_mean(tf.cast(targets[:, 0], tf.float32)), 1.0)


def phases(settings: Settings, assets: dict[str, Any]) -> list[Phase]:
    """Return the one fit of this pipeline."""

    def compile(model: keras.Model, optimizer: keras.optimizers.Optimizer) -> None:
        model.compile(optimizer, loss=ctc_per_symbol)

    return [Phase("train", settings.epochs, settings.learning_rate, compile)]
