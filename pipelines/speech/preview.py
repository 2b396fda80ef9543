"""Pictures of what training hears: features of clips before and after augmentation."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.speech.augmentation import augment, is_augmented
from pipelines.speech.config import Settings
from suite.data.examples import Example
from suite.pipeline import spread

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure


SHOWN = 4


def training_pictures(examples: Sequence[Example], assets: dict, settings: Settings) -> dict[str, Callable[[], Any]]:
    """Return a picture of some training clips as they are and as the first augmented epoch hears them.

    Empty where nothing is augmented.
    """
    masks = settings.time_masks or settings.frequency_masks
    if not masks and not is_augmented(settings, settings.augment_from_epoch):
        return {}
    return {"augmentation": partial(_draw, spread(list(enumerate(examples)), SHOWN), settings)}


def _draw(numbered: Sequence[tuple[int, Example]], settings: Settings) -> "Figure":
    import keras

    from pipelines.speech.layers import FrameCount
    from pipelines.speech.model import frame_features, spec_augment
    from suite.audio.features import FeatureNormalization
    from suite.audio.pictures import draw_augmentation
    from suite.inputs.recordings import raw_arrays

    samples, length = keras.Input((None,)), keras.Input((), dtype="int32")
    frames = FrameCount(settings.hop_length, settings.causal)(length)
    features = FeatureNormalization("utterance")(frame_features(samples, length, frames, settings), frames)
    plain = keras.Model([samples, length], features)
    masked = keras.Model([samples, length], spec_augment(features, frames, settings))

    def run(model: "keras.Model", clip: np.ndarray, training: bool) -> np.ndarray:
        return model([clip[np.newaxis], np.array([len(clip)], np.int32)], training=training)[0].numpy()

    rows = []
    for index, example in numbered:
        clip = raw_arrays(example.input, settings)["samples"]
        heard = clip
        if is_augmented(settings, settings.augment_from_epoch):
            heard = augment(clip, settings, settings.augment_from_epoch, index)
        rows.append((example.name, run(plain, clip, False), run(masked, heard, True)))
    return draw_augmentation(rows, settings.hop_length / settings.sample_rate)
