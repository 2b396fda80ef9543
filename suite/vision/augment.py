"""Augmentation that is the same over all frames of a clip, drawn by a seeded NumPy generator."""

import numpy as np

from suite.vision.opencv import import_cv2

FEWEST = 2


def vary_time(count: int, generator: np.random.Generator, speed: float = 0.0, frame_drop: float = 0.0) -> np.ndarray:
    """Return ascending indices of `count` frames, played faster or slower and with some left out.

    Args:
        speed: The speed is drawn from 1 - speed to 1 + speed; a slower clip shows frames more than once.
        frame_drop: Each frame is left out with this probability; two stay at least.
    """
    step = 1 + generator.uniform(-speed, speed)
    indices = np.arange(0, count, step).astype(np.int64)
    remaining = indices[generator.random(len(indices)) >= frame_drop]
    return remaining if len(remaining) >= min(FEWEST, len(indices)) else indices


def vary_picture(
    frames: np.ndarray, generator: np.random.Generator, flip: bool = False, crop: float = 0.0, brightness: float = 0.0
) -> np.ndarray:
    """Return a clip of the same shape, uint8 (time, height, width, channels), every frame changed in the same way.

    Args:
        flip: Half of the clips are mirrored, left to right.
        crop: Up to this share of height and of width is cut away, anywhere, and the rest is stretched to the old size.
        brightness: Contrast (about mid-grey) and brightness (of 127.5) change by up to this share.
    """
    if flip and generator.random() < 0.5:
        frames = frames[:, :, ::-1]
    if crop:
        frames = _cropped(frames, generator.uniform(0, crop, 2), generator.random(2))
    if brightness:
        contrast, shift = 1 + generator.uniform(-brightness, brightness), generator.uniform(-brightness, brightness)
        table = (np.arange(256) - 127.5) * contrast + 127.5 * (1 + shift)
        lookup = np.rint(np.clip(table, 0, 255)).astype(np.uint8)
        flat = np.ascontiguousarray(frames).reshape(len(frames), -1)
        frames = import_cv2().LUT(flat, lookup).reshape(frames.shape)
    return frames


def _cropped(frames: np.ndarray, shares: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Cut a window of every frame (`shares` cut away, standing at `places` of what is free) and stretch it."""
    cv2 = import_cv2()
    _, height, width, channels = frames.shape
    rows, columns = np.maximum(np.rint((1 - shares) * (height, width)), 1).astype(int)
    top, column = (places * (height - rows, width - columns) + 0.5).astype(int)
    window = frames[:, top : top + rows, column : column + columns]
    stretched = [cv2.resize(np.ascontiguousarray(frame), (width, height)) for frame in window]
    return np.stack(stretched).reshape(-1, height, width, channels)
