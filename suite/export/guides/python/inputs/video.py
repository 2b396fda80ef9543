from collections.abc import Iterator

import numpy as np
from model import Model, Part

SIGNATURE = "signature"  # fill
FRAMES = "input"  # fill from input
LENGTH = "input"  # fill
CHANNELS = 3  # fill
# only: fixed
SIZE = 16  # fill
# end


# only: whole
def parts(frames: np.ndarray) -> Iterator[Part]:
    """All frames [frames, HEIGHT, WIDTH, CHANNELS]."""
    yield Part({FRAMES: frames[np.newaxis], LENGTH: np.array([len(frames)], np.int32)}, 0, len(frames))


# end
# only: windows
def parts(frames: np.ndarray) -> Iterator[Part]:
    """Frames [frames, HEIGHT, WIDTH, CHANNELS] in as few windows of up to SIZE as there can be, of equal length."""
    start = 0
    for window in np.array_split(frames, -(-len(frames) // SIZE)):
        yield piece(window, start)
        start += len(window)


# end
# only: stream
def parts(frames: np.ndarray) -> Iterator[Part]:
    """Frames [frames, HEIGHT, WIDTH, CHANNELS], SIZE at a time.

    From a camera: `model.begin` once, then `model.run` with each frame; the answer is for all frames so far.
    """
    for start in range(0, len(frames), SIZE):
        yield piece(frames[start : start + SIZE], start)


# end
# only: fixed
def piece(frames: np.ndarray, start: int) -> Part:
    padded = np.pad(frames, [(0, SIZE - len(frames)), (0, 0), (0, 0), (0, 0)])
    return Part({FRAMES: padded[np.newaxis], LENGTH: np.array([len(frames)], np.int32)}, start, len(frames))


# end
def predict(model: Model, pictures: list[np.ndarray]) -> Answer:  # fill: predict Answer
    """Pictures uint8 [height, width, CHANNELS] of any size, in the order of time."""
    # only: stream
    model.begin(SIGNATURE)
    # end
    calls = list(parts(np.stack([fit(picture) for picture in pictures])))
    return answer(model, calls, [model.run(SIGNATURE, part.inputs) for part in calls])


if __name__ == "__main__":
    print(predict(Model(), [np.zeros((120, 160, CHANNELS), np.uint8)] * 8))  # fill: predict
