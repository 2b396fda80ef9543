import numpy as np
from model import Model, Part

TRANSCRIPT = "output"  # fill from output
# only: stitch
LOG_PROBS = "output"  # fill
COUNT = "output"  # fill
SYMBOLS = ["", "a", "b"]  # fill
# end


# only: stitch
def answer(model: Model, calls: list[Part], outputs: list[dict[str, np.ndarray]]) -> str:
    """The text. Where two windows overlap, each gives half; repeats merged, blanks (symbol 0) dropped."""
    if len(calls) == 1:
        return decoded(outputs[0])
    best: list[int] = []
    for index, (part, output) in enumerate(zip(calls, outputs, strict=True)):
        begin, end = 0, int(output[COUNT][0])
        if index:
            begin = (calls[index - 1].start + calls[index - 1].length - part.start) // 2 // STEP
        if index + 1 < len(calls):
            end = (calls[index + 1].start - part.start + part.length) // 2 // STEP
        best += output[LOG_PROBS][0][begin:end].argmax(-1).tolist()
    changes = [symbol for symbol, before in zip(best, [0, *best], strict=False) if symbol != before]
    return "".join(SYMBOLS[symbol] for symbol in changes if symbol != 0)


# end
# only: apart
def answer(model: Model, calls: list[Part], outputs: list[dict[str, np.ndarray]]) -> str:
    """The text, piece by piece."""
    return " ".join(decoded(output) for output in outputs)


# end
# only: together
def answer(model: Model, calls: list[Part], outputs: list[dict[str, np.ndarray]]) -> str:
    """The text; that of a chunk is what the chunk adds."""
    return "".join(decoded(output) for output in outputs)


# end
def decoded(output: dict[str, np.ndarray]) -> str:
    return output[TRANSCRIPT][0].tobytes().split(b"\0")[0].decode("utf-8", "replace")
