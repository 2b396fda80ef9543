"""How good captions are beyond what is true of all sentences: CIDEr-D, and what they are like by themselves."""

from collections.abc import Sequence

import numpy as np

from pipelines.captioning.cider import CiderD
from suite.answers.sentence_figures import Words
from suite.sequence.vocabulary import RESERVED, digest_of


def caption_figures(captions: Sequence[Words], assets: dict) -> dict[str, float]:
    """Return what captions are like by themselves.

    `vocabulary_used` is the share of the model's words that occur in them, `mean_length` their mean number of words,
    `copied` the share that stands word for word in the training captions, where their digests are known.

    Args:
        captions: The words of each caption.
        assets: `words`, and `training_captions`, the digests of the training captions, which an exported file alone lacks.
    """
    known = set(assets["words"][len(RESERVED) :])
    figures = {
        "vocabulary_used": len(known & {word for caption in captions for word in caption}) / len(known),
        "mean_length": float(np.mean([len(caption) for caption in captions])),
    }
    if "training_captions" in assets:
        copied = set(assets["training_captions"])
        figures["copied"] = float(np.mean([digest_of(caption) in copied for caption in captions]))
    return figures


def cider_scores(captions: Sequence[Words], references: Sequence[Sequence[Words]]) -> np.ndarray:
    """Return CIDEr-D of each caption, float64 `(captions,)`.

    How rare words are is learned from these references, as pycocoevalcap does, so that a score depends on all pictures
    that are scored together, and is 0 for a single one.
    """
    scorer = CiderD(references)
    return np.array(
        [
            scorer.score(caption, scorer.prepare(own_references))
            for caption, own_references in zip(captions, references, strict=True)
        ]
    )
