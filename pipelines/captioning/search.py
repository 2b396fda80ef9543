"""The captions of pictures, by the search that the settings ask for."""

import numpy as np

from pipelines.captioning.config import Settings
from suite.sequence.beam_search import Hypothesis
from suite.sequence.search import SearchRules, find_sequences
from suite.signature import Predictor


def find_captions(
    predictor: Predictor, pictures: np.ndarray, settings: Settings, beam_width: int = 0, n_best: int = 1
) -> tuple[list[list[Hypothesis]], list[Hypothesis]]:
    """Return the best captions of each picture, best first, and the greedy ones.

    Args:
        predictor: Of this pipeline.
        pictures: uint8 `(n, height, width, 3)`, of the model's size.
        settings: Of the run.
        beam_width: 1 is greedy; 0 as the settings say.
        n_best: Captions wanted of each picture; more than one are searched for by a beam of at least as many.
    """
    rules = SearchRules(
        settings.max_words,
        beam_width or settings.beam_width,
        settings.length_penalty,
        settings.no_repeat_ngram,
    )
    return find_sequences(predictor, {"picture": pictures}, rules, n_best)
