"""Which frames of a video make a clip."""

from typing import Literal

import numpy as np

Sampling = Literal["uniform", "stride", "random"]


def at_rate(times: np.ndarray, frame_rate: float | None) -> np.ndarray:
    """Return the indices of the frames on show at every `1 / frame_rate` seconds from the first frame on.

    A video of a varying rate comes out at an even one. A rate above the video's own shows a frame more than once.

    Args:
        times: Of all frames, seconds, ascending (frames,).
        frame_rate: Frames per second wanted; None takes every frame.
    """
    if frame_rate is None or len(times) < 2:
        return np.arange(len(times))
    count = int(np.floor((times[-1] - times[0]) * frame_rate + 1e-6)) + 1
    wanted = times[0] + np.arange(count) / frame_rate
    return np.searchsorted(times, wanted + 1e-6, side="right") - 1


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
