"""Tokens of a foreign ARPA file written as transcripts are: `THE` and `The` become `the`, their probabilities one."""

import math
from collections.abc import Callable

Ids = tuple[int, ...]
Grams = list[dict[Ids, tuple[float, float]]]  # by order: {ids: (log10 probability, log10 back-off)}


def merge_tokens(
    names: dict[str, int], grams: Grams, rename: Callable[[str], str], special: int
) -> tuple[dict[str, int], Grams]:
    """Return names and n-grams with renamed tokens; n-grams that become the same are put together.

    With h the contexts that become H, and w the tokens that become W,

        p(W | H) = sum_h p(h) sum_w p(w | h) / sum_h p(h)

    and back-offs are means with the weights p(h) likewise; p(h) is the product of the probabilities of its tokens.

    Args:
        names: Token -> id, as the n-grams have them.
        grams: Every context is among the n-grams of the order before.
        rename: Gives a token its new text.
        special: The ids below it keep their names.
    """
    renamed: dict[str, int] = {}
    new_id = [
        renamed.setdefault(text if index < special else rename(text), len(renamed)) for text, index in names.items()
    ]
    if len(renamed) == len(names):
        return renamed, grams
    merged: Grams = []
    weights: dict[Ids, float] = {(): 0.0}  # log10 p(h) of the contexts of this order, as the file has them
    totals: dict[Ids, float] = {(): 0.0}  # log10 of their sum, as they are renamed
    for section in grams:
        sums, backoffs, next_weights, next_totals = {}, {}, {}, {}
        for ids, (log_prob, backoff) in section.items():
            new = tuple(new_id[index] for index in ids)
            joint = weights[ids[:-1]] + log_prob
            # Nothing comes before the start of a sentence, whose own probability is a mere mark.
            weight = 0.0 if len(ids) == 1 and ids[0] < special else joint
            next_weights[ids] = weight
            sums[new] = _add(sums.get(new), joint)
            next_totals[new] = _add(next_totals.get(new), weight)
            backoffs[new] = _add(backoffs.get(new), weight + backoff)
        merged.append({new: (min(0.0, sums[new] - totals[new[:-1]]), backoffs[new] - next_totals[new]) for new in sums})
        weights, totals = next_weights, next_totals
    return renamed, merged


def _add(total: float | None, value: float) -> float:
    """Return the logarithm (base 10) of a sum of two numbers given by theirs; None is nothing."""
    if total is None:
        return value
    high, low = max(total, value), min(total, value)
    return high + math.log10(1 + 10 ** (low - high))
