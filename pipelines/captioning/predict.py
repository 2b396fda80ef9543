"""Pictures to captions, with others that came close and where the model looked at each word."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.captioning.config import Settings
from pipelines.captioning.data import raw_arrays
from suite.answers.alternative import Alternative, check_search
from suite.answers.sentence import SeenWord, seen_words
from suite.errors import UserError
from suite.pipeline import predict_together
from suite.sequence.beam_search import Hypothesis
from suite.sequence.search import find_attention, find_sequences, search_rules
from suite.signature import Arrays, Predictor
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
        further = [word.line() for word in self.words or ()]
        further += [alternative.line() for alternative in self.alternatives or ()]
        return [f"{self.caption} {self.score:.3f}", *further]


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
    """Return a caption of each picture; in the place of what is no picture stands its UserError.

    Args:
        raw_inputs: Paths of pictures, or their pixels: uint8 `(height, width)` or `(height, width, 3 or 4)`.
        beam_width: Sentences that beam search keeps; 1 is greedy; 0 does as the settings say.
        n_best: Captions given, best first.
        explain: Give the words with what they looked at; for a model with attention.
        html: Page (.html) that the pictures and their captions are added to. One that was there before this process is
            not touched.

    Raises:
        UserError: for an option that does not fit.
    """
    check_search(beam_width, n_best)
    if explain and settings.attention == "none":
        raise UserError("--explain: this model was trained without attention (attention: none)")
    page = None
    if html is not None:
        from suite.vision.caption_page import open_page

        page = open_page(html)

    def answer_all(readable: Sequence[Path | str | np.ndarray], arrays: Sequence[Arrays]) -> list[Caption]:
        pictures = {"picture": np.stack([picture["picture"] for picture in arrays])}
        hypotheses, _ = find_sequences(predictor, pictures, search_rules(settings, beam_width), n_best)
        captions = [_caption(best, assets, n_best) for best in hypotheses]
        if explain:
            tokens = [best[0].tokens for best in hypotheses]
            looked = [
                seen_words([assets["words"][token] for token in sequence], weights, settings.grid)
                for sequence, weights in zip(tokens, find_attention(predictor, pictures, tokens), strict=True)
            ]
            captions = [replace(caption, words=words) for caption, words in zip(captions, looked, strict=True)]
        if page is None:
            return captions
        return [
            _add_to_page(page, raw_input, picture["picture"], caption)
            for raw_input, picture, caption in zip(readable, arrays, captions, strict=True)
        ]

    return predict_together(raw_inputs, lambda raw_input: raw_arrays(raw_input, settings), answer_all)


def _caption(best: Sequence[Hypothesis], assets: dict[str, Any], n_best: int) -> Caption:
    alternatives = tuple(
        Alternative(" ".join(assets["words"][token] for token in hypothesis.tokens), hypothesis.score)
        for hypothesis in best
    )
    return Caption(alternatives[0].text, alternatives[0].score, alternatives if n_best > 1 else None)


def _add_to_page(
    page: "CaptionPage", raw_input: Path | str | np.ndarray, picture: np.ndarray, caption: Caption
) -> Caption:
    alternatives = [f"{further.text} ({further.score:.2f})" for further in (caption.alternatives or ())[1:]]
    looked = None if caption.words is None else [(word.text, np.array(word.attention)) for word in caption.words]
    original = as_picture(raw_input) if isinstance(raw_input, np.ndarray) else raw_input
    page.add(original, caption.caption, alternatives, picture, looked)
    return replace(caption, html=str(page.path))
