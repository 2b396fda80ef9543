"""Captions to metrics, pictures and a table of samples."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.captioning.config import Settings
from pipelines.captioning.data import raw_arrays
from pipelines.captioning.metrics import bleu, caption_figures, cider_scores, overlap_figures
from pipelines.captioning.search import find_captions
from pipelines.captioning.words import words_of
from suite.data.examples import Example
from suite.pipeline import Evaluation, spread
from suite.sequence.search import find_attention
from suite.signature import Predictor

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from suite.sequence.beam_search import Hypothesis


AT_ONCE = 64
SAMPLES = 50
SHOWN_PICTURES = 12
SHOWN_ATTENTIONS = 4


def evaluate(predictor: Predictor, examples: Sequence[Example], assets: dict, settings: Settings) -> Evaluation:
    """Return CIDEr-D, BLEU, ROUGE-L, exact match and what the captions are like; all references count.

    Captions are those of beam search as the settings say; `greedy_cider` and `greedy_bleu4` are of the greedy ones. The
    samples are in the order of their own CIDEr-D, the worst first; the pictures show some of them, from the worst to
    the best, with their references, and where the model looked at each word.

    Raises:
        UserError: for a picture that can no longer be read.
    """
    best, plain = [], []
    for start in range(0, len(examples), AT_ONCE):
        captioned = find_captions(predictor, _pixels(examples[start : start + AT_ONCE], settings), settings)
        best += [hypotheses[0] for hypotheses in captioned[0]]
        plain += captioned[1]
    captions = [_words(hypothesis, assets) for hypothesis in best]
    greedy_captions = [_words(hypothesis, assets) for hypothesis in plain]
    references = [[words_of(caption, settings.language) for caption in example.target] for example in examples]
    scores = cider_scores(captions, references)
    metrics = {
        "cider": float(scores.mean()),
        **overlap_figures(captions, references),
        "greedy_cider": float(cider_scores(greedy_captions, references).mean()),
        "greedy_bleu4": bleu(greedy_captions, references)["bleu4"],
        **caption_figures(captions, assets),
    }
    order = [int(row) for row in np.argsort(scores, kind="stable")]
    drawn_rows = spread(order, SHOWN_PICTURES)
    titles = {row: f"{' '.join(captions[row])}\nCIDEr {scores[row]:.2f}" for row in drawn_rows}
    pictures = {
        "captions": partial(_draw_captions, [examples[row] for row in drawn_rows], list(titles.values()), settings)
    }
    if settings.attention != "none":
        drawn = [row for row in spread(drawn_rows, SHOWN_ATTENTIONS) if captions[row]]
        arguments = [examples[row] for row in drawn], [best[row] for row in drawn]
    if settings.attention != "none" and drawn:  # a model at its beginning may say nothing at all
        pictures["attention"] = partial(_draw_attention, predictor, *arguments, assets, settings)
    samples = {
        "example": [examples[row].name for row in order[:SAMPLES]],
        "caption": [" ".join(captions[row]) for row in order[:SAMPLES]],
        "references": [" / ".join(examples[row].target) for row in order[:SAMPLES]],
        "cider": [float(scores[row]) for row in order[:SAMPLES]],
    }
    return Evaluation(metrics, pictures, samples, input_pictures=tuple(pictures))


def _pixels(examples: Sequence[Example], settings: Settings) -> np.ndarray:
    return np.stack([raw_arrays(example.input, settings)["picture"] for example in examples])


def _words(hypothesis: "Hypothesis", assets: dict[str, Any]) -> list[str]:
    return [assets["words"][token] for token in hypothesis.tokens]


def _draw_captions(examples: Sequence[Example], captions: Sequence[str], settings: Settings) -> "Figure":
    from suite.vision.captions import draw_captions

    references = ["\n".join(example.target) for example in examples]
    return draw_captions(list(_pixels(examples, settings)), captions, references)


def _draw_attention(
    predictor: Predictor,
    examples: Sequence[Example],
    hypotheses: "Sequence[Hypothesis]",
    assets: dict[str, Any],
    settings: Settings,
) -> "Figure":
    from suite.vision.captions import draw_attention

    pixels = _pixels(examples, settings)
    looked = find_attention(predictor, {"picture": pixels}, [hypothesis.tokens for hypothesis in hypotheses])
    words = [[*_words(hypothesis, assets), "<end>"] for hypothesis in hypotheses]
    grids = [weights.reshape(len(weights), settings.grid, settings.grid) for weights in looked]
    return draw_attention(list(pixels), words, grids)
