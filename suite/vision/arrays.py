"""Pictures and frames that a program holds in memory, as a reader gives those of a file."""

import numpy as np

from suite.errors import UserError

PICTURE = "expected a picture as uint8 of shape (height, width) or (height, width, 3 or 4)"
FRAMES = "expected frames as uint8 of shape (time, height, width) or (time, height, width, 3)"
WHITE = 255


def as_picture(array: np.ndarray) -> np.ndarray:
    """Return a picture in memory as `read_image` gives that of a file: RGB, uint8 (height, width, 3).

    Args:
        array: uint8, grey `(height, width)`, or the last axis grey, RGB or RGBA; what is transparent is laid over white.

    Raises:
        UserError: for another type or shape, or no pixels.
    """
    _check_pixels(array, PICTURE, (1, 3, 4), 2)
    picture = array[..., np.newaxis] if array.ndim == 2 else array
    if picture.shape[-1] == 4:
        alpha = picture[..., 3:].astype(np.float32) / 255
        return np.rint(picture[..., :3] * alpha + WHITE * (1 - alpha)).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(picture, (*picture.shape[:2], 3)))


def as_frames(array: np.ndarray, channels: int) -> np.ndarray:
    """Return frames in memory as a video's: uint8 (time, height, width, `channels`), RGB or grey.

    Args:
        array: uint8, `(time, height, width)` grey, or the last axis grey or RGB.
        channels: 3 for RGB, 1 for grey.

    Raises:
        UserError: for another type or shape, or no pixels.
    """
    _check_pixels(array, FRAMES, (1, 3), 3)
    frames = array[..., np.newaxis] if array.ndim == 3 else array
    if frames.shape[-1] == channels:
        return np.ascontiguousarray(frames)
    if channels == 3:
        return np.repeat(frames, 3, axis=3)
    from suite.vision.opencv import import_cv2

    cv2 = import_cv2()
    return np.stack(
        [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)[..., np.newaxis] for frame in np.ascontiguousarray(frames)]
    )


def frame_times(count: int, frame_rate: float | None, default: float) -> np.ndarray:
    """Return when each of `count` frames is shown, seconds from the first one on, float64 (count,).

    Args:
        count: Frames.
        frame_rate: In frames per second; None: `default`.
        default: Likewise.

    Raises:
        UserError: for a rate that is none.
    """
    rate = default if frame_rate is None else frame_rate
    if isinstance(rate, bool) or not isinstance(rate, int | float | np.number) or not 0 < rate < np.inf:
        raise UserError(f"frame_rate: expected frames per second. Received: {rate!r}")
    return np.arange(count) / rate


def _check_pixels(array: np.ndarray, expected: str, channels: tuple[int, ...], axes: int) -> None:
    if array.dtype != np.uint8:
        raise UserError(f"{expected}. Received: {array.dtype}")
    if array.ndim not in (axes, axes + 1) or (array.ndim > axes and array.shape[-1] not in channels):
        raise UserError(f"{expected}. Received: shape {array.shape}")
    if not array.size:
        raise UserError(f"{expected}. Received: no pixels, shape {array.shape}")
