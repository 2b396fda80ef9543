"""Transcripts beside what was said: error rates, pictures, and the worst utterances with their audio."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jiwer
import numpy as np

from suite.answers.transcript import error_rates, to_transcript
from suite.data.examples import Example
from suite.data.padding import pad_rows
from suite.decoding.decoder import Decoder
from suite.inputs.recordings import raw_arrays
from suite.pipeline import Evaluation
from suite.signature import Predictor

if TYPE_CHECKING:
    from matplotlib.figure import Figure


SAMPLES, PICTURES, RECORDINGS, CHUNK = 50, 3, 10, 64


def evaluate(
    predictor: Predictor,
    examples: Sequence[Example],
    decoder: Decoder,
    encode: Callable[[str], list[int] | None],
    settings: Any,
) -> Evaluation:
    """Return word and character error rates over all words of the examples (jiwer), and the CTC loss.

    `wer`, `cer`, `insertions`, `deletions` and `substitutions` (shares of the reference words) are of the decoder; where
    that is beam search, `greedy_wer` and `greedy_cer` stand beside. `loss` is in nats per symbol, of the examples that can
    be spelled. `details` has the error rates of each group, `samples` the worst first.

    Args:
        predictor: Of a signature with the outputs of `suite.answers.transcript.OUTPUTS`.
        examples: Recordings with their transcripts.
        decoder: What makes text of log-probabilities.
        encode: A transcript to symbol numbers, None where one of its characters has no symbol.
        settings: Has `sample_rate`, `step_seconds`, `tail_samples`, `log_samples`.

    Source: word error rate: edit distance in words / reference words; NIST sclite.
    """
    answers = []
    for start in range(0, len(examples), CHUNK):  # no more audio in memory than that of one chunk
        answers += predictor([raw_arrays(example.input, settings) for example in examples[start : start + CHUNK]])
    steps = [answer["log_probs"] for answer in answers]
    references = [example.target for example in examples]
    greedy = [bytes(answer["text"]).decode("utf-8", "replace") for answer in answers]
    greedy = [" ".join(text.split()) for text in greedy]
    transcripts = greedy if decoder.beam_width == 1 else [decoder.text(log_probs) for log_probs in steps]

    metrics = error_rates(references, transcripts)
    if decoder.beam_width > 1:
        metrics |= {f"greedy_{name}": error_rates(references, greedy)[name] for name in ("wer", "cer")}
    if (loss := _loss(steps, [encode(reference) for reference in references])) is not None:
        metrics["loss"] = loss
    errors = [jiwer.wer(reference, text) for reference, text in zip(references, transcripts, strict=True)]
    worst = sorted(range(len(examples)), key=lambda at: -errors[at])
    pictures = {
        f"worst_{place}": partial(_draw, examples[at], steps[at], transcripts[at], decoder, settings)
        for place, at in enumerate(worst[:PICTURES] if settings.log_samples else [], 1)
    }
    recordings = {
        f"worst_{place:02d}.wav": partial(_write_wav, examples[at], settings)
        for place, at in enumerate(worst[:RECORDINGS], 1)
        if isinstance(examples[at].input, str | Path)
    }
    samples = {
        "example": [examples[at].name for at in worst[:SAMPLES]],
        "transcript": [references[at] for at in worst[:SAMPLES]],
        "predicted": [transcripts[at] for at in worst[:SAMPLES]],
        "wer": [float(errors[at]) for at in worst[:SAMPLES]],
    }
    return Evaluation(metrics, pictures, samples, _group_rates(examples, transcripts), recordings)


def _group_rates(examples: Sequence[Example], transcripts: Sequence[str]) -> dict[str, Any]:
    """Return `groups`, the error rates of each group; nothing where there are not several."""
    groups = sorted({example.group for example in examples if example.group is not None})
    rows = {group: [at for at, example in enumerate(examples) if example.group == group] for group in groups}
    rates = {
        group: error_rates([examples[at].target for at in members], [transcripts[at] for at in members])
        for group, members in rows.items()
    }
    return {"groups": rates} if len(groups) > 1 else {}


def _loss(steps: Sequence[np.ndarray], encoded: Sequence[list[int] | None]) -> float | None:
    from suite.decoding.ctc_loss import ctc_loss_and_gradient, frames_needed

    usable = [
        (rows, np.asarray(labels))
        for labels, rows in zip(encoded, steps, strict=True)
        if labels and frames_needed(labels) <= len(rows)
    ]
    usable.sort(key=lambda pair: len(pair[0]))
    total = symbols = 0.0
    for start in range(0, len(usable), CHUNK):
        rows, labels = zip(*usable[start : start + CHUNK], strict=True)
        step_length, label_length = (np.array(list(map(len, arrays)), np.int32) for arrays in (rows, labels))
        losses, _ = ctc_loss_and_gradient(
            pad_rows(labels, np.int32), label_length, pad_rows(rows, np.float32), step_length
        )
        total += float(losses.sum())
        symbols += int(label_length.sum())
    return total / symbols if usable else None


def _write_wav(example: Example, settings: Any, path: Path) -> None:
    import soundfile

    samples = raw_arrays(example.input, settings)["samples"]
    soundfile.write(path, samples, settings.sample_rate, subtype="PCM_16")


def _draw(example: Example, log_probs: np.ndarray, text: str, decoder: Decoder, settings: Any) -> "Figure":
    """Return a figure: log-mel spectrogram, the spikes of the symbols, and the words over time."""
    from suite.audio.pictures import draw_spectrogram

    figure = draw_spectrogram(
        raw_arrays(example.input, settings)["samples"],
        settings.sample_rate,
        spikes=np.exp(log_probs),
        symbols=decoder.symbols,
        step_seconds=settings.step_seconds,
        words=to_transcript({"log_probs": log_probs}, 0.0, Decoder(decoder.symbols), settings).words,
    )
    figure.suptitle(f"{example.name}\nsaid: {example.target}\nheard: {text}", fontsize=8)
    return figure
