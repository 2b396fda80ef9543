import numpy as np
from model import Model, Part


# only: stream
def answer(model: Model, calls: list[Part], outputs: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """The outputs by name; the answer after the last piece is that of the whole input."""
    return outputs[-1]


# end
# only: stateless
def answer(model: Model, calls: list[Part], outputs: list[dict[str, np.ndarray]]) -> list[dict[str, np.ndarray]]:
    """The outputs by name, for each piece of the input."""
    return outputs


# end
