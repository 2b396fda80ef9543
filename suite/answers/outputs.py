"""The kinds of output tensor that a signature can have."""

import numpy as np

from suite.signature import OutputKind

PROBABILITY = OutputKind("probability", averaged=True)
# Not the mean of windows: how much each step counted adds up to 1 in each window.
WEIGHT = OutputKind("weight")
LOG_PROBABILITY = OutputKind("log-probability", transform=np.exp)
QUANTITY = OutputKind("quantity", relative=True)
DECISION = OutputKind("decision", whole=True, decides=True)
TEXT = OutputKind("text", whole=True)
COUNT = OutputKind("count", whole=True)
INNER = OutputKind("inner", relative=True, inner=True)
OUTPUT_KINDS = {
    kind.name: kind for kind in (PROBABILITY, WEIGHT, LOG_PROBABILITY, QUANTITY, DECISION, TEXT, COUNT, INNER)
}
