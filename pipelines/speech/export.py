"""The raw-input function of a trained model: what predict calls, and what goes on the phone.

Names, shapes and the host's part, which need no TensorFlow; the functions themselves are in `graph`.
"""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.speech.config import Settings
from suite.answers.transcript import OUTPUTS, join_chunks, join_windows
from suite.inputs.audio_host import FULL_SCALE, SampleStream, overlapping_windows, to_int16
from suite.signature import Arrays, ExportRules, Host, RawInput, Signature

if TYPE_CHECKING:
    import keras

    from pipelines.speech.graph import Graph
    from suite.runtime.streaming import ChunkRunner
    from suite.runtime.tflite_runtime import TfLitePredictor

OVERLAP_SECONDS = 1.0


def signatures(assets: dict[str, Any], settings: Settings) -> list[Signature]:
    """Return `transcribe`: samples to greedy text and log-probabilities.

    The `streaming` deployment's outputs are those of one chunk; `text` is what the chunk adds.
    """
    symbols = assets["symbols"]

    def transcribe(model: "keras.Model") -> "Graph":
        from pipelines.speech.graph import of_floats

        return of_floats(model, symbols)

    def transcribe_int16(model: "keras.Model") -> "Graph":
        from pipelines.speech.graph import of_int16

        return of_int16(model, symbols, FULL_SCALE)

    front_end = {
        "sample_rate": settings.sample_rate,
        "features": settings.features,
        "n_fft": settings.n_fft,
        "hop_length": settings.hop_length,
        "step_samples": settings.step_samples,
        "symbols": symbols,
        "look_ahead_samples": 0 if settings.causal else None,
        "tail_samples": settings.tail_samples,
    }
    host = Host(
        windows=partial(_windows, settings=settings, symbols=symbols),
        stream=partial(_stream, tail=settings.tail_samples),
        seconds=lambda arrays: int(arrays["length"]) / settings.sample_rate,
    )
    rules = ExportRules(
        "a step hears what comes after it; train with --set causal=true bidirectional=false normalization=running",
        int8_metric_loss=0.02,
    )
    return [
        Signature(
            "transcribe",
            _inputs("float32", "in [-1, 1]", settings),
            OUTPUTS,
            transcribe,
            host,
            rules,
            front_end=front_end,
        ),
        Signature(
            "transcribe_int16",
            _inputs("int16", "in 16 bits", settings),
            OUTPUTS,
            transcribe_int16,
            replace(host, prepare=to_int16),
            replace(rules, no_int8="the converter cannot calibrate a 16-bit input"),
            front_end=front_end,
        ),
    ]


def host_assets(assets: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """Return the symbols, and what beam search goes by where the model has it: language model, its weights, the only words.

    The language model and the words are learned from the training transcripts and tell of them.
    """
    names = ("symbols", "language_model", "language_model_level", "decoder", "words")
    return {name: assets[name] for name in names if name in assets}


def _inputs(dtype: str, scale: str, settings: Settings) -> dict[str, RawInput]:
    return {
        "samples": RawInput(
            dtype,
            (None,),
            f"audio samples {scale} at {settings.sample_rate} Hz, one channel; what comes after length is padding"
            + _flush(settings),
            # LiteRT.js, for which `compiled` files are, does not load one with a 16-bit input.
            fixed=(compiled_samples(settings),) if dtype == "float32" else (),
            chunk=(chunk_samples(settings),) if settings.causal else (),
        ),
        "length": RawInput("int32", (), "samples that count"),
    }


def _flush(settings: Settings) -> str:
    tail = settings.tail_samples
    return f"; in streaming the app ends a recording with {tail} samples of silence" if tail else ""


def compiled_samples(settings: Settings) -> int:
    """Return how many samples the `compiled` deployment takes: whole steps."""
    return _whole_steps(settings.compiled_seconds, settings)


def chunk_samples(settings: Settings) -> int:
    """Return how many samples one chunk of the `streaming` deployment takes: whole steps."""
    return _whole_steps(settings.chunk_milliseconds / 1000, settings)


def _whole_steps(seconds: float, settings: Settings) -> int:
    return max(1, -(-round(seconds * settings.sample_rate) // settings.step_samples)) * settings.step_samples


def _windows(predictor: "TfLitePredictor", arrays: Arrays, settings: Settings, symbols: list[str]) -> Arrays:
    """Transcribe samples of any length with a file of fixed shape: windows that overlap, each giving its middle."""
    ((size,), _) = predictor.inputs["samples"]
    samples = arrays["samples"][: int(arrays["length"])]
    margin = round(OVERLAP_SECONDS * settings.sample_rate / 2)
    windows = overlapping_windows(samples, size, settings.step_samples, margin)
    answers = []
    for window in windows:
        padded = np.pad(window.samples, (0, size - len(window.samples)))
        answers.append(predictor.call({"samples": padded, "length": np.int32(len(window.samples))}))
    return join_windows(answers, windows, symbols)


def _stream(runner: "ChunkRunner", arrays: Arrays, tail: int) -> Arrays:
    """Transcribe samples chunk by chunk."""
    stream = SampleStream(runner, tail)
    answers = stream.feed(arrays["samples"][: int(arrays["length"])])
    return join_chunks([*answers, *stream.finish()])
