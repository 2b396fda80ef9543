from collections.abc import Iterator

import numpy as np
from model import Model, Part

SIGNATURE = "signature"  # fill
PICTURE = "input"  # fill from input


# only: whole
def parts(picture: np.ndarray) -> Iterator[Part]:
    """A picture uint8 [height, width, 3], RGB, of any size: the file scales it."""
    yield Part({PICTURE: picture[np.newaxis]}, 0, 1)


# end
# only: fixed
def parts(picture: np.ndarray) -> Iterator[Part]:
    """A picture uint8 [height, width, 3], RGB, of any size."""
    yield Part({PICTURE: fit(picture)[np.newaxis]}, 0, 1)


# end
def predict(model: Model, picture: np.ndarray) -> Answer:  # fill: predict Answer
    calls = list(parts(picture))
    return answer(model, calls, [model.run(SIGNATURE, part.inputs) for part in calls])


if __name__ == "__main__":
    print(predict(Model(), np.zeros((120, 160, 3), np.uint8)))  # fill: predict
