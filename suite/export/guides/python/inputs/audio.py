from collections.abc import Iterator

import numpy as np
from model import Model, Part

SIGNATURE = "signature"  # fill
SAMPLES = "input"  # fill from input
LENGTH = "input"  # fill
TYPE = "float32"  # fill
RATE = 16000  # fill
# only: fixed
SIZE = 32000  # fill
# end
# only: windows
STEP = 320  # fill
# end
# only: stream
TAIL = 0  # fill
# end


# only: whole
def parts(samples: np.ndarray) -> Iterator[Part]:
    """The whole recording [samples], one channel, RATE samples a second."""
    length = np.array([len(samples)], np.int32)
    yield Part({SAMPLES: samples.astype(TYPE)[np.newaxis], LENGTH: length}, 0, len(samples))


# end
# only: windows
def parts(samples: np.ndarray) -> Iterator[Part]:
    """Windows of SIZE samples of a recording [samples], one channel, RATE samples a second; a second of overlap."""
    half = min(round(RATE / 2), SIZE // 4) // STEP
    advance = (SIZE // STEP - 2 * half) * STEP
    count = max(-(-(len(samples) - SIZE) // advance), 0) + 1
    for start in range(0, count * advance, advance):
        yield piece(samples[start : start + SIZE], start)


# end
# only: stream
def parts(samples: np.ndarray) -> Iterator[Part]:
    """Chunks of SIZE samples of a recording [samples], one channel, RATE samples a second, and the silence behind it.

    From a microphone: `model.begin` once, `model.run` with each SIZE samples, at the end TAIL samples of silence.
    """
    samples = np.pad(samples, (0, TAIL))
    for start in range(0, len(samples), SIZE):
        yield piece(samples[start : start + SIZE], start)


# end
# only: fixed
def piece(samples: np.ndarray, start: int) -> Part:
    padded = np.pad(samples.astype(TYPE), (0, SIZE - len(samples)))
    return Part({SAMPLES: padded[np.newaxis], LENGTH: np.array([len(samples)], np.int32)}, start, len(samples))


# end
def predict(model: Model, samples: np.ndarray) -> Answer:  # fill: predict Answer
    # only: stream
    model.begin(SIGNATURE)
    # end
    calls = list(parts(samples))
    return answer(model, calls, [model.run(SIGNATURE, part.inputs) for part in calls])


if __name__ == "__main__":
    print(predict(Model(), np.zeros(RATE, np.float32)))  # fill: predict
