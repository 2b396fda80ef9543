from collections.abc import Iterator

import numpy as np
from model import Model, Part

SIGNATURE = "signature"  # fill
# only: row
ROW = "input"  # fill from input
SIZE = 256  # fill
# end


# only: row
def parts(row: np.ndarray) -> Iterator[Part]:
    """Pieces of SIZE of the numbers [length], zeros behind the last one."""
    for start in range(0, max(len(row), 1), SIZE):
        piece = row[start : start + SIZE]
        yield Part({ROW: np.pad(piece, (0, SIZE - len(piece)))[np.newaxis]}, start, len(piece))


def predict(model: Model, row: np.ndarray) -> Answer:  # fill: predict Answer
    # only: stream
    model.begin(SIGNATURE)
    # end
    calls = list(parts(row))
    return answer(model, calls, [model.run(SIGNATURE, part.inputs) for part in calls])


# end
# only: arrays
def predict(model: Model, arrays: dict[str, np.ndarray]) -> Answer:  # fill: predict Answer
    """One call: the arrays by name, as listed above, with the batch axis, 1, in front."""
    # only: stream
    # The state stays from call to call: `model.begin(SIGNATURE)` before each new input.
    if not model.state:
        model.begin(SIGNATURE)
    # end
    return answer(model, [Part(arrays, 0, 1)], [model.run(SIGNATURE, arrays)])


# end
