"""Pictures of what training hears: features of clips before and after augmentation."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from pipelines.speech.augmentation import augment, is_augmented
from pipelines.speech.config import Settings
from suite.data.examples import Example
from suite.pipeline import spread

if TYPE_CHECKING:
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
    from suite.audio.front_end import draw_heard
    from suite.inputs.recordings import raw_arrays

    clips = []
    for index, example in numbered:
        clip = raw_arrays(example.input, settings)["samples"]
        heard = clip
        if is_augmented(settings, settings.augment_from_epoch):
            heard = augment(clip, settings, settings.augment_from_epoch, index)
        clips.append((example.name, clip, heard))
    return draw_heard(clips, settings)
