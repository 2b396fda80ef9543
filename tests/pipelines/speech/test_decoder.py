"""Which words a model's decoder may say."""

import numpy as np
import pytest
from pydantic import ValidationError

from pipelines.speech.config import Settings
from pipelines.speech.data import prepare
from pipelines.speech.decoder import make_decoder
from suite.answers.transcript import to_transcript
from suite.data.examples import Example

SYMBOLS = ["", "a", "b", " "]


def log_probs(text):
    """A step for each symbol of the text, nearly sure of it."""
    rows = np.full((len(text), len(SYMBOLS)), 0.04)
    for step, letter in enumerate(text):
        rows[step, SYMBOLS.index(letter)] = 0.88
    return np.log(rows)


def decoder(**settings):
    settings = Settings(decoder="beam", beam_width=8, language_model_order=1, language_model_weight=0.0, **settings)
    train = [Example(text, f"{text}.wav", text, "train") for text in ("ab", "b ab")]
    return make_decoder(prepare(train, settings) | {"symbols": SYMBOLS}, settings)


def test_a_closed_vocabulary_is_that_of_the_training_transcripts():
    assert decoder().text(log_probs("ba b")) == "ba b"
    assert decoder(closed_vocabulary=True).text(log_probs("ba b")) in ("ab b", "b b")


@pytest.mark.parametrize("settings", [{}, {"language_model_order": 3, "language_model_level": "character"}])
def test_a_closed_vocabulary_needs_words(settings):
    with pytest.raises(ValidationError, match="closed_vocabulary"):
        Settings(closed_vocabulary=True, **settings)


def test_a_word_put_out_after_the_end_was_said_before_it():
    causal = Settings(causal=True, bidirectional=False, normalization="global", tail_seconds=0.2)  # ten steps
    heard = {"log_probs": log_probs([*"ab"] + [""] * 9 + [*" ba"])}
    (first, last) = to_transcript(heard, 2.0, make_decoder({"symbols": SYMBOLS}, causal), causal).words
    assert (first.text, last.text) == ("ab", "ba")
    assert (first.start, first.end) == (2.0, pytest.approx(2.04)) and (last.start, last.end) == pytest.approx(
        (2.06, 2.08)
    )
