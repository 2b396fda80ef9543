"""Fitting the weights of beam search to transcribed utterances."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from suite.decoding.beam import prefix_beam_search
from suite.decoding.greedy import greedy

if TYPE_CHECKING:
    from suite.decoding.ngram import NgramModel


LM_WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
WORD_BONUSES = (-1.0, 0.0, 1.0, 2.0, 3.0)
REFINED = 2  # times that the grid is halved around the best


class Tuned(NamedTuple):
    """What `tune` found.

    Attributes:
        lm_weight: Weight of the language model.
        word_bonus: Nats for each word.
        wer: Word error rate with these weights.
        greedy_wer: Word error rate of greedy decoding.
        trials: Tuples (weight, bonus, word error rate), in the order tried.
    """

    lm_weight: float
    word_bonus: float
    wer: float
    greedy_wer: float
    trials: list[tuple[float, float, float]]


def tune(
    log_probs: Sequence,
    references: Sequence[str],
    symbols: Sequence[str],
    language_model: "NgramModel | None",
    progress: Callable[[int, int], None] | None = None,
    **options: Any,
) -> Tuned:
    """Return the weights with the lowest word error rate: a grid, then finer grids around its best point.

    Among equal rates the smaller weights win. The same inputs give the same weights.

    Args:
        log_probs: float `(frames, symbols)` each, natural logarithms, no padding frames.
        references: What was said, one text each.
        symbols: The text of each symbol.
        language_model: `NgramModel`.
        progress: Called with the number of trials done and of all.
        **options: Further ones of `prefix_beam_search`: `beam_width`, `lexicon`, `hot_words`.
    """
    references = [" ".join(text.split()) for text in references]
    if len(log_probs) != len(references) or not any(references):
        raise ValueError(
            "`log_probs` and `references` must be as many, and a reference must have words. "
            f"Received: {len(log_probs)} and {len(references)}"
        )

    rates: dict[tuple[float, float], float] = {}
    total = len(LM_WEIGHTS) * len(WORD_BONUSES) + 8 * REFINED

    with ThreadPoolExecutor(os.cpu_count()) as threads:

        def attempt(weight: float, bonus: float) -> None:
            if (weight, bonus) not in rates:

                def decode(steps: np.ndarray) -> str:
                    hypotheses = prefix_beam_search(
                        steps,
                        symbols,
                        language_model=language_model,
                        lm_weight=weight,
                        word_bonus=bonus,
                        **options,
                    )
                    return hypotheses[0].text

                rates[weight, bonus] = word_error_rate(references, list(threads.map(decode, log_probs)))
            if progress:
                progress(len(rates), total)

        _search(attempt, rates)
    if progress:
        progress(total, total)
    weight, bonus = _best(rates)
    return Tuned(
        weight,
        bonus,
        rates[weight, bonus],
        word_error_rate(references, [greedy(steps).text(symbols) for steps in log_probs]),
        [(*point, rate) for point, rate in rates.items()],
    )


def _search(attempt: Callable[[float, float], None], rates: Mapping[tuple[float, float], float]) -> None:
    """Attempt all points of the grid, then those around the best one, of grids twice as fine each time."""
    for weight in LM_WEIGHTS:
        for bonus in WORD_BONUSES:
            attempt(weight, bonus)
    width, height = LM_WEIGHTS[1] - LM_WEIGHTS[0], WORD_BONUSES[1] - WORD_BONUSES[0]
    for _ in range(REFINED):
        width, height = width / 2, height / 2
        weight, bonus = _best(rates)
        for across in (-width, 0.0, width):
            for up in (-height, 0.0, height):
                if weight + across >= 0:
                    attempt(weight + across, bonus + up)


def _best(rates: Mapping[tuple[float, float], float]) -> tuple[float, float]:
    return min(rates, key=lambda point: (rates[point], point[0], abs(point[1]), point[1]))


def word_error_rate(references: Sequence[str], texts: Sequence[str]) -> float:
    """Return the word errors of texts as a share of all words of the references.

    jiwer knows no empty reference, but what is heard where nothing was said is an error too.
    """
    import jiwer

    spoken = [reference or "(nothing)" for reference in references]
    heard = [
        " ".join([*([] if reference else ["(nothing)"]), *text.split()])
        for reference, text in zip(references, texts, strict=True)
    ]
    words = jiwer.process_words(spoken, heard)
    return (words.substitutions + words.deletions + words.insertions) / sum(len(text.split()) for text in references)
