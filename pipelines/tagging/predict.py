"""Texts to tokens with their tags; one longer than any text seen in training is read in pieces."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from pipelines.tagging.config import Settings
from pipelines.tagging.data import raw_arrays
from pipelines.tagging.pieces import join, shifted
from suite.answers import tag_figures
from suite.answers.tags import PAGE_STYLE, PAGE_TITLE, TAGS, Tags, answer
from suite.data.examples import Example
from suite.errors import UserError
from suite.html_page import open_page
from suite.pipeline import Evaluation, predict_each
from suite.signature import Arrays, Predictor
from suite.text.pieces import cut_text


def host_assets(assets: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """Return what names the answers, and the bytes of a piece."""
    return {name: assets[name] for name in (*TAGS.assets, "longest")}


def in_pieces(predictor: Predictor, size: int, inputs: Sequence[Arrays]) -> list[Arrays]:
    """Return the outputs of `tag` for texts of any length, all pieces of all texts answered together.

    Args:
        predictor: Of the signature `tag`.
        size: Bytes of a piece.
        inputs: `text`, uint8 `(bytes,)`, of each.
    """
    cut = [cut_text(arrays["text"].tobytes(), size) for arrays in inputs]
    pieces = [{"text": np.frombuffer(piece, np.uint8)} for parts in cut for _, piece in parts]
    outputs = iter(predictor(pieces))
    return [
        join([shifted(next(outputs), begin) for begin, _ in parts], [len(piece) for _, piece in parts]) for parts in cut
    ]


def predict(
    predictor: Predictor, raw_inputs: Sequence[str], assets: dict[str, Any], settings: Settings, **options: Any
) -> list[Tags | UserError]:
    """Return the answer to each text, or the UserError in its place.

    Raises:
        UserError: if the page of `html` cannot be written: at once, not for each text.
    """
    if options.get("html") is not None:
        open_page(options["html"], PAGE_TITLE, PAGE_STYLE)
    return predict_each(
        partial(in_pieces, predictor, assets["longest"]),
        raw_inputs,
        lambda text: raw_arrays(text, settings),
        lambda outputs, text: answer(outputs, text, assets, settings, **options),
    )


def evaluate(
    predictor: Predictor, examples: Sequence[Example], assets: dict[str, Any], settings: Settings
) -> Evaluation:
    """Return the figures of tags, of texts read as `predict` reads them."""
    return tag_figures.evaluate(
        partial(in_pieces, predictor, assets["longest"]), examples, raw_arrays, assets, settings
    )
