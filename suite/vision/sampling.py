"""Which frames of a video make a clip."""

from collections.abc import Iterable, Iterator
from typing import Literal, TypeVar

import numpy as np

Frame = TypeVar("Frame")
EARLY = 1e-6  # seconds by which a frame may be late for its slot: times are rounded in files
Sampling = Literal["uniform", "stride", "random"]


def at_even_rate(frames: Iterable[tuple[float, Frame]], frame_rate: float | None) -> Iterator[tuple[float, Frame]]:
    """Yield the frame on show at every `1 / frame_rate` seconds from the first frame on, up to the time of the last one.

    A video of a varying rate comes out at an even one. A rate above the video's own shows a frame more than once, one
    below it leaves frames out. This is the one rule: training, predictions, timelines and cameras all choose by it.

    Args:
        frames: `(time in seconds, frame)`, ascending, as they come; one is in memory.
        frame_rate: Frames per second to take; None takes every frame at its own time.
    """
    if frame_rate is None:
        yield from frames
        return
    start: float | None = None
    latest, slot = 0.0, 0
    for time, frame in frames:
        if start is None:
            start, on_show = time, frame
        while start + slot / frame_rate + EARLY < time:
            yield start + slot / frame_rate, on_show
            slot += 1
        latest, on_show = time, frame
    if start is not None:
        for last_slot in range(slot, int((latest - start) * frame_rate + EARLY) + 1):
            yield start + last_slot / frame_rate, on_show


def at_rate(times: np.ndarray, frame_rate: float | None) -> np.ndarray:
    """Return the indices of the frames that `at_even_rate` takes.

    Args:
        times: Of all frames, seconds, ascending (frames,).
        frame_rate: Frames per second to take; None takes every frame.
    """
    numbered = ((time, index) for index, time in enumerate(times))
    return np.array([index for _, index in at_even_rate(numbered, frame_rate)], np.int64)


def sample_indices(
    count: int, frames: int, sampling: Sampling, generator: np.random.Generator | None = None
) -> np.ndarray:
    """Return at most `frames` ascending indices of `count` frames; all of them where there are no more.

    Args:
        count: Frames there are.
        frames: Frames wanted, at most.
        sampling: `uniform`: the middles of `frames` equal parts. `stride`: neighbours from the middle.
            `random`: neighbours from anywhere, drawn by the generator; from the middle without one.
        generator: Draws the place.
    """
    if count <= frames:
        return np.arange(count)
    if sampling == "uniform":
        return ((np.arange(frames) + 0.5) * count / frames).astype(np.int64)
    start = (count - frames) // 2
    if sampling == "random" and generator is not None:
        start = int(generator.integers(count - frames + 1))
    return start + np.arange(frames)
