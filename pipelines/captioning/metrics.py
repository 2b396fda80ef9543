"""How good captions are: the field's standard figures, on words as `words_of` gives them, beside all references."""

from collections.abc import Sequence

import numpy as np

from pipelines.captioning.cider import CiderD
from suite.sequence.vocabulary import RESERVED, digest_of

ROUGE_BETA = 1.2  # recall counts that much more than precision

Words = Sequence[str]


def overlap_figures(captions: Sequence[Words], references: Sequence[Sequence[Words]]) -> dict[str, float]:
    """Return BLEU-1 to BLEU-4, ROUGE-L, sacrebleu and exact match of captions, each beside its references.

    On the same words BLEU and ROUGE-L equal the Python scorers of pycocoevalcap, but for a BLEU of 0, which those make
    1e-4 or so. `sacrebleu` is that library's own figure with its default tokens and smoothing. `exact_match` is the share of
    captions that are, word for word, one of their references.

    Args:
        captions: The words of each caption.
        references: The words of each of its references.
    """
    pairs = list(zip(captions, references, strict=True))
    return {
        **bleu(captions, references),
        "rouge_l": float(np.mean([rouge_l(caption, own_references) for caption, own_references in pairs])),
        "exact_match": float(
            np.mean(
                [
                    any(list(reference) == list(caption) for reference in own_references)
                    for caption, own_references in pairs
                ]
            )
        ),
    }


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


def bleu(captions: Sequence[Words], references: Sequence[Sequence[Words]]) -> dict[str, float]:
    """Return `bleu1` to `bleu4` (Papineni et al. 2002; over all captions, no smoothing) and `sacrebleu`, fractions."""
    from sacrebleu.metrics import BLEU

    texts = [" ".join(caption) for caption in captions]
    most_references = max(map(len, references))
    # sacrebleu wants the first references of all captions, the second ones, ...
    streams = [
        [" ".join(own_references[place]) if place < len(own_references) else None for own_references in references]
        for place in range(most_references)
    ]
    plain = BLEU(tokenize="none", smooth_method="none").corpus_score(texts, streams)
    shares = [right / max(1, total) for right, total in zip(plain.counts, plain.totals, strict=True)]
    # Without a single word in common sacrebleu gives no brevity penalty either.
    figures = {f"bleu{size}": float(plain.bp * np.prod(shares[:size]) ** (1 / size)) for size in (4, 3, 2, 1)}
    return {**figures, "sacrebleu": BLEU(force=True).corpus_score(texts, streams).score / 100}


def rouge_l(caption: Words, references: Sequence[Words]) -> float:
    """Return ROUGE-L of one caption, a fraction: F of the longest common subsequence, with the best precision and the
    best recall over the references (Lin 2004, as the COCO captions are scored)."""
    from rapidfuzz.distance import LCSseq

    common = [LCSseq.similarity(list(caption), list(reference)) for reference in references]
    precision = max(common) / max(1, len(caption))
    recall = max(share / max(1, len(reference)) for share, reference in zip(common, references, strict=True))
    if not precision or not recall:
        return 0.0
    return (1 + ROUGE_BETA**2) * precision * recall / (recall + ROUGE_BETA**2 * precision)
