"""Recordings of any length to transcripts with times and confidence."""

import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

from pipelines.speech.config import Settings
from pipelines.speech.decoder import make_decoder
from suite.answers.transcript import Transcript, join_chunks, join_transcripts, to_transcript
from suite.decoding.decoder import Decoder
from suite.errors import UserError
from suite.inputs.recordings import Recording, answer_live, answer_recordings, at_model_rate
from suite.pipeline import attempt
from suite.signature import Arrays, Predictor


def predict(
    predictor: Predictor,
    raw_inputs: Sequence[Recording],
    assets: dict[str, Any],
    settings: Settings,
    stream: bool = False,
    sample_rate: float | None = None,
    **decoding: Any,
) -> list[Transcript | UserError]:
    """Return a transcript of each recording; in the place of what is no audio stands its UserError.

    Args:
        raw_inputs: Recordings, or `microphone` with `stream`.
        assets: `symbols`, and the language model where there is one.
        stream: Show words on stderr as they come; the predictor must be of a `streaming` file.
        sample_rate: Of arrays of samples, in Hz; the model's own where None.
        **decoding: `beam_width`, `language_model` and the other arguments of `make_decoder`.

    Raises:
        UserError: for an option that does not fit.
    """
    decoder = make_decoder(assets, settings, **decoding)
    recordings = [attempt(at_model_rate, raw_input, settings, sample_rate) for raw_input in raw_inputs]
    if stream:
        return [
            recording
            if isinstance(recording, UserError)
            else attempt(_transcribe_live, predictor, recording, decoder, settings)
            for recording in recordings
        ]
    to_answer = partial(to_transcript, decoder=decoder, settings=settings)
    return answer_recordings(predictor, recordings, to_answer, join_transcripts, settings)


def _transcribe_live(predictor: Predictor, recording: Recording, decoder: Decoder, settings: Settings) -> Transcript:
    """Transcribe chunk by chunk, writing the greedy text to stderr as it comes."""

    def show(answer: Arrays) -> None:
        sys.stderr.write(bytes(answer["text"][: int(answer["text_length"])]).decode("utf-8", "replace"))
        sys.stderr.flush()

    answers = answer_live(predictor, recording, settings, show)
    sys.stderr.write("\n")
    return to_transcript(join_chunks(answers), 0.0, decoder, settings)
