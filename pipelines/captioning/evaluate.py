"""Captions to metrics, pictures and a table of samples."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from pipelines.captioning.config import Settings
from pipelines.captioning.data import raw_arrays
from pipelines.captioning.metrics import caption_figures, cider_scores
from suite.answers.sentence_figures import Sentences, bleu, find_sentences, overlap_figures
from suite.data.examples import Example
from suite.pipeline import Evaluation, spread
from suite.sequence.search import find_attention
from suite.signature import Predictor
from suite.text.words import words_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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
    captions = find_sentences(predictor, examples, raw_arrays, assets["words"], settings)
    references = [[words_of(caption, settings.language) for caption in example.target] for example in examples]
    scores = cider_scores(captions.best, references)
    metrics = {
        "cider": float(scores.mean()),
        **overlap_figures(captions.best, references),
        "greedy_cider": float(cider_scores(captions.greedy, references).mean()),
        "greedy_bleu4": bleu(captions.greedy, references)["bleu4"],
        **caption_figures(captions.best, assets),
    }
    texts = [" ".join(caption) for caption in captions.best]
    order = [int(row) for row in np.argsort(scores, kind="stable")]
    drawn = spread(order, SHOWN_PICTURES)
    titles = [f"{texts[row]}\nCIDEr {scores[row]:.2f}" for row in drawn]
    pictures = {"captions": partial(_draw_captions, [examples[row] for row in drawn], titles, settings)}
    # A model at its beginning may say nothing at all.
    looked = [row for row in spread(drawn, SHOWN_ATTENTIONS) if texts[row]] if settings.attention != "none" else []
    if looked:
        pictures["attention"] = partial(_draw_attention, predictor, examples, captions, looked, settings)
    samples = {
        "example": [examples[row].name for row in order[:SAMPLES]],
        "caption": [texts[row] for row in order[:SAMPLES]],
        "references": [" / ".join(examples[row].target) for row in order[:SAMPLES]],
        "cider": [float(scores[row]) for row in order[:SAMPLES]],
    }
    return Evaluation(metrics, pictures, samples, input_pictures=tuple(pictures))


def _pixels(examples: Sequence[Example], settings: Settings) -> np.ndarray:
    return np.stack([raw_arrays(example.input, settings)["picture"] for example in examples])


def _draw_captions(examples: Sequence[Example], captions: Sequence[str], settings: Settings) -> "Figure":
    from suite.vision.captions import draw_captions

    references = ["\n".join(example.target) for example in examples]
    return draw_captions(list(_pixels(examples, settings)), captions, references)


def _draw_attention(
    predictor: Predictor, examples: Sequence[Example], captions: Sentences, rows: Sequence[int], settings: Settings
) -> "Figure":
    from suite.vision.captions import draw_attention

    pixels = _pixels([examples[row] for row in rows], settings)
    looked = find_attention(predictor, {"picture": pixels}, [captions.hypotheses[row].tokens for row in rows])
    grids = [weights.reshape(len(weights), settings.grid, settings.grid) for weights in looked]
    return draw_attention(list(pixels), [[*captions.best[row], "<end>"] for row in rows], grids)
