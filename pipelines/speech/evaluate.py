"""Transcripts to figures, by the decoder that predict uses."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from pipelines.speech.config import Settings
from pipelines.speech.data import encode_transcript
from pipelines.speech.decoder import make_decoder
from suite.answers import transcript_figures
from suite.data.examples import Example
from suite.pipeline import Evaluation
from suite.signature import Predictor


def evaluate(
    predictor: Predictor, examples: Sequence[Example], assets: dict[str, Any], settings: Settings
) -> Evaluation:
    """Return the figures of `suite.answers.transcript_figures`; `loss` is of the examples whose symbols the model all knows."""
    decoder, encode = make_decoder(assets, settings), partial(encode_transcript, assets=assets)
    return transcript_figures.evaluate(predictor, examples, decoder, encode, settings)
