"""Sentences beside their references, as lists of words: the field's standard figures, all references counting."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from suite.data.examples import Example
from suite.sequence.beam_search import Hypothesis
from suite.sequence.search import find_sequences, search_rules
from suite.signature import Arrays, Predictor

ROUGE_BETA = 1.2  # recall counts that much more than precision
AT_ONCE = 64

Words = Sequence[str]


@dataclass(frozen=True, eq=False)
class Sentences:
    """The best and the greedy sentence for each example, as hypotheses and as words."""

    hypotheses: list[Hypothesis]
    best: list[list[str]]
    greedy: list[list[str]]


def find_sentences(
    predictor: Predictor,
    examples: Sequence[Example],
    raw_arrays: Callable[[Any, Any], Arrays],
    words: Words,
    settings: Any,
) -> Sentences:
    """Return the sentences for examples by the search that the settings ask for; only `AT_ONCE` raw inputs are in memory.

    Args:
        predictor: Has the signatures `encode` and `decode_step` as siblings.
        examples: Their inputs are all of one shape.
        words: The vocabulary.

    Raises:
        UserError: for an example that can no longer be read.
    """
    hypotheses, plain = [], []
    for start in range(0, len(examples), AT_ONCE):
        arrays = [raw_arrays(example.input, settings) for example in examples[start : start + AT_ONCE]]
        inputs = {name: np.stack([row[name] for row in arrays]) for name in arrays[0]}
        searched, greedy = find_sequences(predictor, inputs, search_rules(settings))
        hypotheses += [best[0] for best in searched]
        plain += greedy
    best, greedy_words = ([[words[token] for token in row.tokens] for row in rows] for rows in (hypotheses, plain))
    return Sentences(hypotheses, best, greedy_words)


def overlap_figures(sentences: Sequence[Words], references: Sequence[Sequence[Words]]) -> dict[str, float]:
    """Return BLEU-1 to BLEU-4, ROUGE-L, sacrebleu and exact match of sentences, each beside its references.

    On the same words BLEU and ROUGE-L equal the Python scorers of pycocoevalcap, but for a BLEU of 0, which those make
    1e-4 or so. `sacrebleu` is that library's own figure with its default tokens and smoothing. `exact_match` is the share of
    sentences that are, word for word, one of their references.

    Args:
        sentences: The words of each sentence.
        references: The words of each of its references.
    """
    pairs = list(zip(sentences, references, strict=True))
    return {
        **bleu(sentences, references),
        "rouge_l": float(np.mean([rouge_l(sentence, own_references) for sentence, own_references in pairs])),
        "exact_match": float(
            np.mean(
                [
                    any(list(reference) == list(sentence) for reference in own_references)
                    for sentence, own_references in pairs
                ]
            )
        ),
    }


def bleu(sentences: Sequence[Words], references: Sequence[Sequence[Words]]) -> dict[str, float]:
    """Return `bleu1` to `bleu4` (Papineni et al. 2002; over all sentences, no smoothing) and `sacrebleu`, fractions."""
    from sacrebleu.metrics import BLEU

    texts = [" ".join(sentence) for sentence in sentences]
    most_references = max(map(len, references))
    # sacrebleu wants the first references of all sentences, the second ones, ...
    streams: list[list[Any]] = [
        [" ".join(own_references[place]) if place < len(own_references) else None for own_references in references]
        for place in range(most_references)
    ]
    plain = BLEU(tokenize="none", smooth_method="none").corpus_score(texts, streams)
    shares = [right / max(1, total) for right, total in zip(plain.counts, plain.totals, strict=True)]
    # Without a single word in common sacrebleu gives no brevity penalty either.
    figures = {f"bleu{size}": float(plain.bp * np.prod(shares[:size]) ** (1 / size)) for size in (4, 3, 2, 1)}
    return {**figures, "sacrebleu": BLEU(force=True).corpus_score(texts, streams).score / 100}


def rouge_l(sentence: Words, references: Sequence[Words]) -> float:
    """Return ROUGE-L of one sentence, a fraction: F of the longest common subsequence, with the best precision and the
    best recall over the references (Lin 2004, as the COCO captions are scored)."""
    from rapidfuzz.distance import LCSseq

    common = [LCSseq.similarity(list(sentence), list(reference)) for reference in references]
    precision = max(common) / max(1, len(sentence))
    recall = max(share / max(1, len(reference)) for share, reference in zip(common, references, strict=True))
    if not precision or not recall:
        return 0.0
    return (1 + ROUGE_BETA**2) * precision * recall / (recall + ROUGE_BETA**2 * precision)
