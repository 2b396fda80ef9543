"""What a video pipeline shows beside the figures of its classes: frames of some clips, and which of them counted."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from pipelines.video.config import Settings
from pipelines.video.data import raw_arrays
from suite.answers.classes import score, to_evaluation
from suite.data.examples import Example
from suite.pipeline import Evaluation, spread
from suite.signature import Predictor

PICTURED_CLIPS = 16


def evaluate(
    predictor: Predictor, examples: Sequence[Example], assets: dict[str, Any], settings: Settings
) -> Evaluation:
    """Return the figures of `suite.answers.classes`, and pictures of some clips, from the worst answers to the best.

    Raises:
        UserError: for an example whose label the model never learned, or whose video can no longer be read.
    """
    labels = assets["labels"]
    scores = score(predictor, examples, raw_arrays, assets, settings)
    evaluation = to_evaluation(scores, examples, labels)
    rows = spread(scores.order, PICTURED_CLIPS)
    texts = {row: f"{labels[scores.predicted[row]]} {scores.confidence[row]:.2f}" for row in rows}
    clips = {"clips": partial(_draw_clips, [(examples[row], texts[row]) for row in rows], settings)}
    weights = [weights for row in rows if (weights := scores.weights[row]) is not None]
    if len(weights) == len(rows):
        titles = [f"{examples[row].name}: {texts[row]}" for row in rows]
        clips["attention"] = partial(_draw_weights, weights, titles)
    return replace(evaluation, pictures=evaluation.pictures | clips, input_pictures=tuple(clips))


def _draw_clips(answered: Sequence[tuple[Example, str]], settings: Settings) -> Any:
    from suite.vision.contact_sheet import draw_contact_sheet

    clips = [raw_arrays(example.input, settings)["frames"] for example, _ in answered]
    wrong = [text.rpartition(" ")[0] != example.target for example, text in answered]
    return draw_contact_sheet(
        clips, [f"{example.name} ({example.target}): {text}" for example, text in answered], wrong
    )


def _draw_weights(weights: Sequence[np.ndarray], titles: Sequence[str]) -> Any:
    from suite.vision.contact_sheet import draw_attention

    return draw_attention(weights, titles)
