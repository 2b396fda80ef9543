from collections.abc import Iterator

import numpy as np
from model import Model, Part

SIGNATURE = "signature"  # fill
TEXT = "input"  # fill from input
# only: fixed
SIZE = 256  # fill
SPACES = bytes(range(33)) + b"\x7f"
# end


# only: whole
def parts(text: str) -> Iterator[Part]:
    """The whole text as UTF-8; an empty one as a zero byte."""
    data = text.encode("utf-8") or b"\0"
    yield Part({TEXT: np.frombuffer(data, np.uint8)[np.newaxis]}, 0, len(data))


# end
# only: windows
def parts(text: str) -> Iterator[Part]:
    """Windows of SIZE bytes, cut at spaces where possible, else between two characters; zeros behind each."""
    data, start = text.encode("utf-8"), 0
    if len(data) > SIZE:
        data = data.rstrip(SPACES)
        start = len(data) - len(data.lstrip(SPACES))
    while len(data) - start > SIZE:
        places = range(start + SIZE, start, -1)
        cut = next((place for place in places if data[place] in SPACES), None)
        cut = cut or next((place for place in places[:4] if data[place] & 0xC0 != 0x80), places[0])
        yield piece(data[start:cut].rstrip(SPACES), start)
        start = len(data) - len(data[cut:].lstrip(SPACES))
    yield piece(data[start:], start)


# end
# only: stream
def parts(text: str) -> Iterator[Part]:
    """Chunks of SIZE bytes that tear no word apart; zeros behind each. One longer than SIZE is cut as in training."""
    data, start = text.encode("utf-8"), 0
    while len(data) - start > SIZE:
        places = range(start + SIZE, start, -1)
        cut = next((place for place in places if data[place - 1] in SPACES), None)
        cut = cut or start + (SIZE - SIZE % 32 or SIZE)
        yield piece(data[start:cut], start)
        start = cut
    yield piece(data[start:], start)


# end
# only: fixed
def piece(data: bytes, start: int) -> Part:
    return Part({TEXT: np.frombuffer(data.ljust(SIZE, b"\0"), np.uint8)[np.newaxis]}, start, len(data))


# end
def predict(model: Model, text: str) -> Answer:  # fill: predict Answer
    # only: stream
    model.begin(SIGNATURE)
    # end
    calls = list(parts(text))
    return answer(model, calls, [model.run(SIGNATURE, part.inputs) for part in calls])


if __name__ == "__main__":
    print(predict(Model(), "An example."))  # fill: predict
