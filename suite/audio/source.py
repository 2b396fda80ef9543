"""An open audio file, whatever decodes it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np


@dataclass
class OpenAudio:
    """An audio file that is open for decoding.

    Attributes:
        sample_rate: In Hz.
        channels: How many; of some files only the first block tells.
        frames: Samples of each channel; None where only decoding to the end tells.
        blocks: The samples in order, float32 `(frames, channels)`, full scale at 1; to be asked for once.
        stores_floats: Whether the file itself holds floating-point samples.
        notes: What a person should know of the file, in the same words for every file; complete after the last block.
    """

    sample_rate: int
    channels: int
    frames: int | None
    blocks: Iterator[np.ndarray]
    stores_floats: bool = False
    notes: list[str] = field(default_factory=list)
