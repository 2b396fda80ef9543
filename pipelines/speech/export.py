"""The raw-input functions of a trained model: what predict calls, and what goes on the phone.

Names, shapes and the host's part, which need no TensorFlow; the function itself is in `graph`.
"""

from functools import partial
from typing import Any

from pipelines.speech.config import Settings
from suite.answers.transcript import OUTPUTS, join_chunks, join_windows
from suite.inputs.audio_host import audio_front_end, audio_host, audio_inputs, in_16_bits
from suite.signature import ExportRules, Signature, deferred


def signatures(assets: dict[str, Any], settings: Settings) -> list[Signature]:
    """Return `transcribe`: samples to greedy text and log-probabilities; and the same of samples in 16 bits.

    The `streaming` deployment's outputs are those of one chunk; `text` is what the chunk adds.
    """
    symbols = assets["symbols"]
    transcribe = Signature(
        "transcribe",
        audio_inputs(settings),
        OUTPUTS,
        deferred(f"{__package__}.graph", "of_samples", symbols),
        audio_host(settings, partial(join_windows, symbols=symbols), join_chunks),
        ExportRules(
            "a step hears what comes after it; train with --set causal=true bidirectional=false normalization=running",
            int8_metric_loss=0.02,
        ),
        front_end=audio_front_end(settings, symbols=symbols),
    )
    return [transcribe, in_16_bits(transcribe, settings)]


def host_assets(assets: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """Return the symbols, and what beam search goes by where the model has it: language model, its weights, the only words.

    The language model and the words are learned from the training transcripts and tell of them.
    """
    names = ("symbols", "language_model", "language_model_level", "decoder", "words")
    return {name: assets[name] for name in names if name in assets}
