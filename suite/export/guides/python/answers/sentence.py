import numpy as np
from model import Model, Part

SENTENCE = "output"  # fill from output


def answer(model: Model, calls: list[Part], outputs: list[dict[str, np.ndarray]]) -> str:
    """The sentence; of an input in several pieces one for each, with a space between."""
    texts = [output[SENTENCE][0].tobytes().split(b"\0")[0] for output in outputs]
    return b" ".join(texts).decode("utf-8", "replace")
