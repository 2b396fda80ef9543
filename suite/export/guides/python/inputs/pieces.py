import numpy as np
from model import Model, Part

SIGNATURE = "signature"  # fill
TEXT = "input"  # fill from input
# only: stateless
LONGEST = 256  # fill
# end
# only: fixed
SIZE = 256  # fill
# end
SPACES = bytes(range(33)) + b"\x7f"
SENTENCE_ENDS = tuple(mark.encode() for mark in ".!?…。！？।؟")


def cut(start: int, data: bytes, limit: int) -> list[tuple[int, bytes]]:
    """Pieces of at most `limit` bytes, each with its place: cut behind a sentence, else a space, else a character."""
    breaks = b"\x1f" if b"\x1f" in data else SPACES  # U+001F ends each token of a text that brings its own
    pieces = []
    while len(data) > limit:
        places = range(limit, 0, -1)
        spaces = [place for place in places if data[place - 1] in breaks]
        sentences = [place for place in spaces if 2 * place > limit and ends_sentence(data[:place])]
        characters = [place for place in places[:4] if data[place] & 0xC0 != 0x80]
        end = [*sentences[:1], *spaces[:1], *characters[:1], limit][0]
        pieces.append((start, data[:end]))
        start, data = start + end, data[end:]
    return [*pieces, (start, data)]


def ends_sentence(data: bytes) -> bool:
    return data[-1] in b"\n\r" or data[:-1].endswith(SENTENCE_ENDS)


def piece(start: int, data: bytes) -> Part:
    # only: whole
    padded = data or b"\0"  # no axis may be empty
    # end
    # only: fixed
    padded = data.ljust(SIZE, b"\0")
    # end
    return Part({TEXT: np.frombuffer(padded, np.uint8)[np.newaxis]}, start, len(data))


def predict(model: Model, text: str) -> Answer:  # fill: predict Answer
    # only: stream
    model.begin(SIGNATURE)
    waiting = cut(0, text.encode("utf-8", "replace"), SIZE)
    # end
    # only: stateless
    waiting = cut(0, text.encode("utf-8", "replace"), LONGEST)  # no longer than the texts that the model learned from
    # end
    # only: windows
    waiting = [part for start, data in waiting for part in cut(start, data, SIZE)]
    # end
    calls: list[Part] = []
    outputs: list[dict[str, np.ndarray]] = []
    while waiting:
        start, data = waiting.pop(0)
        part = piece(start, data)
        output = model.run(SIGNATURE, part.inputs)
        # only: windows
        if overfull(output) and len(data) > 1:
            waiting = [*cut(start, data, len(data) // 2), *waiting]
            continue
        # end
        calls.append(part)
        outputs.append(output)
    return answer(model, text, calls, outputs)


if __name__ == "__main__":
    print(predict(Model(), "An example."))  # fill: predict
