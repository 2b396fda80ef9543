"""The kinds of output tensor that a signature can have."""

import numpy as np

from suite.signature import OutputKind

PROBABILITY = OutputKind("probability", averaged=True)
# Not the mean of windows: how much each step counted adds up to 1 in each window.
WEIGHT = OutputKind("weight")
LOG_PROBABILITY = OutputKind("log-probability", transform=np.exp)
QUANTITY = OutputKind("quantity", relative=True)
# A direction: of several windows, that of their mean.
VECTOR = OutputKind("vector", relative=True, averaged=True)
DECISION = OutputKind("decision", whole=True, decides=True)
TEXT = OutputKind("text", whole=True)
COUNT = OutputKind("count", whole=True)
INNER = OutputKind("inner", relative=True, inner=True)


def kind_of_before(name: str, dtype: str, shape: tuple[int | None, ...], meaning: str) -> tuple[str, str]:
    """Return the kind of a tensor in reports that name no kinds, which said them in name and meaning alone.

    Returns:
        The name of the kind, `""` for none, and the name of the output that says how many of its rows count.
    """
    if "UTF-8" in meaning and dtype == "uint8":
        return TEXT.name, ""
    if "probability of each class" in meaning:
        return PROBABILITY.name, ""
    if name == "log_probs" and len(shape) == 3:
        return LOG_PROBABILITY.name, "frames"
    return (DECISION.name, "") if name == "tokens" and "as numbers" in meaning else ("", "")
