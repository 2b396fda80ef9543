"""Pictures to captions, with others that came close and where the model looked at each word."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.captioning.config import Settings
from pipelines.captioning.data import raw_arrays
from pipelines.captioning.search import find_captions
from suite.answers.alternative import Alternative
from suite.answers.sentence import SeenWord
from suite.errors import UserError
from suite.pipeline import attempt
from suite.sequence.beam_search import Hypothesis
from suite.sequence.search import find_attention
from suite.signature import Predictor
from suite.vision.arrays import as_picture

if TYPE_CHECKING:
    from suite.vision.caption_page import CaptionPage


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

    def lines(self) -> list[str]:
        """Return the caption with its score, where each word looked, and the other captions."""
        words = [word.line() for word in self.words or ()]
        return [
            f"{self.caption} {self.score:.3f}",
            *words,
            *(alternative.line() for alternative in self.alternatives or ()),
        ]


def predict(
    predictor: Predictor,
    raw_inputs: Sequence[Path | str | np.ndarray],
    assets: dict[str, Any],
    settings: Settings,
    beam_width: int = 0,
    n_best: int = 1,
    explain: bool = False,
    html: str | None = None,
) -> list[Caption | UserError]:
    """Describe pictures.

    Args:
        predictor: Of this pipeline.
        raw_inputs: Paths of pictures, or their pixels: uint8 `(height, width)` or `(height, width, 3 or 4)`.
        assets: `words`.
        settings: Of the run.
        beam_width: Sentences that beam search keeps; 1 is greedy; 0 does as the settings say.
        n_best: Captions given, best first.
        explain: Give the words with what they looked at; for a model with attention.
        html: Page (.html) that the pictures and their captions are added to. One that was there before this process is
            not touched.

    Returns:
        A caption of each; in the place of what is no picture its UserError.

    Raises:
        UserError: for an option that does not fit.
    """
    if n_best < 1 or beam_width < 0:
        raise UserError(f"--n-best and --beam-width: expected positive numbers. Received: {n_best} and {beam_width}")
    if explain and settings.attention == "none":
        raise UserError("--explain: this model was trained without attention (attention: none)")
    page = None
    if html is not None:
        from suite.vision.caption_page import open_page

        page = open_page(html)
    arrays = [attempt(raw_arrays, raw_input, settings) for raw_input in raw_inputs]
    rows = [row for row, read in enumerate(arrays) if not isinstance(read, UserError)]
    answers: list[Any] = list(arrays)
    if not rows:
        return answers
    pictures = np.stack([arrays[row]["picture"] for row in rows])
    hypotheses, _ = find_captions(predictor, pictures, settings, beam_width, n_best)
    looked: list[Any] = [None] * len(rows)
    if explain:
        looked = find_attention(predictor, {"picture": pictures}, [best[0].tokens for best in hypotheses])
    for row, best, weights, picture in zip(rows, hypotheses, looked, pictures, strict=True):
        answers[row] = caption = _caption(best, weights, assets, settings, n_best)
        if page is not None:
            _add_to_page(page, raw_inputs[row], picture, best, caption, assets)
            answers[row] = replace(caption, html=str(page.path))
    return answers


def _caption(
    best: Sequence[Hypothesis], weights: np.ndarray | None, assets: dict[str, Any], settings: Settings, n_best: int
) -> Caption:
    """Return the answer that the hypotheses of one picture mean; `weights` are where the best one looked."""
    alternatives = tuple(Alternative(_text(hypothesis.tokens, assets), hypothesis.score) for hypothesis in best)
    words = None if weights is None else _seen_words(weights, best[0].tokens, assets, settings)
    return Caption(alternatives[0].text, alternatives[0].score, alternatives if n_best > 1 else None, words)


def _add_to_page(
    page: "CaptionPage",
    raw_input: Path | str | np.ndarray,
    picture: np.ndarray,
    best: Sequence[Hypothesis],
    caption: Caption,
    assets: dict[str, Any],
) -> None:
    alternatives = [f"{_text(hypothesis.tokens, assets)} ({hypothesis.score:.2f})" for hypothesis in best[1:]]
    looked = None if caption.words is None else [(word.text, np.array(word.attention)) for word in caption.words]
    original = as_picture(raw_input) if isinstance(raw_input, np.ndarray) else raw_input
    page.add(original, caption.caption, alternatives, picture, looked)


def _text(tokens: Sequence[int], assets: dict[str, Any]) -> str:
    return " ".join(assets["words"][token] for token in tokens)


def _seen_words(
    weights: np.ndarray, tokens: Sequence[int], assets: dict[str, Any], settings: Settings
) -> tuple[SeenWord, ...]:
    grids = weights.reshape(len(weights), settings.grid, settings.grid)
    return tuple(
        SeenWord(assets["words"][token], [[round(float(share), 5) for share in row] for row in grid])
        for token, grid in zip(tokens, grids, strict=False)
    )
