"""One picture to a caption, with others that came close and where the model looked at each word."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipelines.captioning.config import Settings
from pipelines.captioning.data import raw_arrays
from pipelines.captioning.search import find_captions
from suite.errors import UserError
from suite.sequence.search import find_attention
from suite.signature import Predictor
from suite.vision.arrays import as_picture


@dataclass(frozen=True)
class SeenWord:
    """A word, and how much each place of a grid over the picture counted for it, row by row; adds up to 1."""

    text: str
    attention: list[list[float]]


@dataclass(frozen=True)
class Alternative:
    """A caption that beam search found, with its score."""

    text: str
    score: float


@dataclass(frozen=True)
class Caption:
    """What a picture shows: the caption and its score, the log-probability (nats) of its words and its end over their
    number to the power of `length_penalty`; on request the best captions, the words with what they looked at, and the
    page that the picture was written to."""

    caption: str
    score: float
    alternatives: tuple[Alternative, ...] | None = None
    words: tuple[SeenWord, ...] | None = None
    html: str | None = None


def predict(
    predictor: Predictor,
    raw_input: Path | str | np.ndarray,
    assets: dict,
    settings: Settings,
    beam_width: int = 0,
    n_best: int = 1,
    explain: bool = False,
    html: str | None = None,
) -> Caption:
    """Describe one picture.

    Args:
        predictor: Of this pipeline.
        raw_input: Path of a picture, or its pixels: uint8 `(height, width)` or `(height, width, 3 or 4)`.
        assets: `words`.
        settings: Of the run.
        beam_width: Sentences that beam search keeps; 1 is greedy; 0 does as the settings say.
        n_best: Captions given, best first.
        explain: Give the words with what they looked at; for a model with attention.
        html: Page (.html) that the picture and its captions are added to. One that was there before this process is
            not touched.

    Raises:
        UserError: for a file that is no picture or an option that does not fit.
    """
    if n_best < 1 or beam_width < 0:
        raise UserError(f"--n-best and --beam-width: expected positive numbers. Received: {n_best} and {beam_width}")
    if explain and settings.attention == "none":
        raise UserError("--explain: this model was trained without attention (attention: none)")
    page = None
    if html is not None:
        from suite.vision.caption_page import open_page

        page = open_page(html)
    pictures = raw_arrays(raw_input, settings)["picture"][np.newaxis]
    (best,), _ = find_captions(predictor, pictures, settings, beam_width, n_best)
    found = [Alternative(_text(one.tokens, assets), one.score) for one in best]
    words = _seen_words(predictor, pictures, best[0].tokens, assets, settings) if explain else None
    if page is not None:
        others = [f"{one.text} ({one.score:.2f})" for one in found[1:]]
        looked = None if words is None else [(word.text, np.array(word.attention)) for word in words]
        shown = as_picture(raw_input) if isinstance(raw_input, np.ndarray) else raw_input
        page.add(shown, found[0].text, others, pictures[0], looked)
    alternatives = tuple(found) if n_best > 1 else None
    return Caption(found[0].text, found[0].score, alternatives, words, None if page is None else str(page.path))


def _text(tokens, assets):
    return " ".join(assets["words"][token] for token in tokens)


def _seen_words(predictor, pictures, tokens, assets, settings):
    (looked,) = find_attention(predictor, {"picture": pictures}, [tokens])
    grids = looked.reshape(len(looked), settings.grid, settings.grid)
    return tuple(
        SeenWord(assets["words"][token], [[round(float(share), 5) for share in row] for row in grid])
        for token, grid in zip(tokens, grids, strict=False)
    )
