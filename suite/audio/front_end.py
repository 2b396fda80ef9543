"""The front of every model that reads sound: samples -> features of each frame -> normalized -> convolved to steps.

`settings` are those of a task; all names read here mean the same in each: `sample_rate`, `features`, `n_fft`, `hop_length`,
`n_mels`, `n_mfcc`, `top_db`, `deltas`, `normalization`, `causal`, `conv_channels`, `conv_kernel`, `subsampling`, `time_masks`,
`time_mask_frames`, `frequency_masks`, `frequency_mask_bins`, `seed`.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from suite.audio.convolution import TimeConvolution
from suite.audio.features import MFCC, PCEN, Deltas, FeatureNormalization, LogMel, MelSpectrogram, feature_statistics
from suite.audio.frames import FrameCount, StepMask
from suite.audio.spec_augment import SpecAugment

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def frame_features(
    samples: keras.KerasTensor, length: keras.KerasTensor, frames: keras.KerasTensor, settings: Any
) -> keras.KerasTensor:
    """Return the features of each frame, `(batch, frames, features)`, before normalisation.

    Args:
        samples, length: As the model takes them.
        frames: Keras tensor `(batch,)`, the frames that count.
    """
    options: dict[str, Any] = {
        "sample_rate": settings.sample_rate,
        "n_fft": settings.n_fft,
        "hop_length": settings.hop_length,
        "n_mels": settings.n_mels,
        "causal": settings.causal,
        "name": "features",
    }
    if settings.features == "pcen":
        layer: MelSpectrogram = PCEN(**options)
    elif settings.features == "log_mel":
        layer = LogMel(top_db=settings.top_db, **options)
    else:
        layer = MFCC(n_mfcc=settings.n_mfcc, top_db=settings.top_db, **options)
    features = layer(samples, length)
    if not settings.deltas:
        return features
    orders = range(1, settings.deltas + 1)
    changes = [Deltas(order, causal=settings.causal, name=f"deltas_{order}")(features, frames) for order in orders]
    return keras.layers.Concatenate(name="with_deltas")([features, *changes])


def spec_augment(features: keras.KerasTensor, frames: keras.KerasTensor, settings: Any) -> keras.KerasTensor:
    """Return features with stretches of time and ranges of features blanked in training, as the settings say."""
    if not settings.time_masks and not settings.frequency_masks:
        return features
    layer = SpecAugment(
        settings.time_masks,
        settings.time_mask_frames,
        settings.frequency_masks,
        settings.frequency_mask_bins,
        seed=settings.seed,
        name="spec_augment",
    )
    return layer(features, frames)


def normalization(settings: Any, assets: dict[str, Any], features: int) -> FeatureNormalization:
    """Return the layer that normalizes so many features; `assets` has `feature_mean` and `feature_std` where it needs them."""
    layer = FeatureNormalization(settings.normalization, name="normalization")
    if settings.normalization in ("global", "running"):
        layer.build((None, None, features))
        layer.adapt(assets["feature_mean"], assets["feature_std"])
    return layer


def convolutions(
    features: keras.KerasTensor, frames: keras.KerasTensor, mask: keras.KerasTensor, settings: Any
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Return the steps `(batch, time, features)` after the convolutions, and their mask."""
    if not settings.conv_channels:
        return features, mask
    steps = keras.layers.Reshape((-1, features.shape[-1], 1), name="as_picture")(features)
    subsampling = 1
    for index, channels in enumerate(settings.conv_channels):
        stride = 2 if subsampling < settings.subsampling else 1
        steps = TimeConvolution(channels, settings.conv_kernel, stride, settings.causal, name=f"convolution_{index}")(
            steps, mask
        )
        if stride > 1:
            subsampling *= stride
            mask = StepMask(subsampling, name=f"mask_{subsampling}")(frames, steps)
    return keras.layers.Reshape((-1, steps.shape[2] * steps.shape[3]), name="as_steps")(steps), mask


def feature_model(settings: Any) -> keras.Model:
    """Return samples `(batch, samples)` and length `(batch,)` to features `(batch, frames, features)`, before normalisation,
    and the frames that count, int32 `(batch,)`.
    """
    samples, length = keras.Input((None,)), keras.Input((), dtype="int32")
    frames = FrameCount(settings.hop_length, settings.causal)(length)
    return keras.Model([samples, length], [frame_features(samples, length, frames, settings), frames])


def measure_features(batches: Iterable[tuple[np.ndarray, np.ndarray]], settings: Any) -> dict[str, list[float]]:
    """Return `feature_mean` and `feature_std`, each of as many numbers as a frame has features, over all frames of clips.

    Args:
        batches: Of clips: `samples` float32 `(batch, samples)` and `length` int32 `(batch,)`.
        settings: As above.
    """
    model = feature_model(settings)

    def clips() -> Iterator[np.ndarray]:
        for arrays in batches:
            features, counts = model(list(arrays))
            yield from (rows[:count] for rows, count in zip(features.numpy(), counts.numpy(), strict=True))

    mean, std = feature_statistics(clips())
    return {"feature_mean": mean.tolist(), "feature_std": std.tolist()}


def draw_heard(clips: Sequence[tuple[str, np.ndarray, np.ndarray]], settings: Any) -> "Figure":
    """Return a picture of some training clips: the features of each as it is, and as training hears it, with blanked ranges.

    Args:
        clips: Name, samples, and samples as one epoch changes them, float32 `(samples,)`.
        settings: As above.
    """
    from suite.audio.pictures import draw_augmentation

    samples, length = keras.Input((None,)), keras.Input((), dtype="int32")
    frames = FrameCount(settings.hop_length, settings.causal)(length)
    features = FeatureNormalization("utterance")(frame_features(samples, length, frames, settings), frames)
    plain = keras.Model([samples, length], features)
    masked = keras.Model([samples, length], spec_augment(features, frames, settings))

    def run(model: keras.Model, clip: np.ndarray, training: bool) -> np.ndarray:
        return model([clip[np.newaxis], np.array([len(clip)], np.int32)], training=training)[0].numpy()

    rows = [(name, run(plain, clip, False), run(masked, heard, True)) for name, clip, heard in clips]
    return draw_augmentation(rows, settings.hop_length / settings.sample_rate)
