"""What can be exported: deployments, quantisations, and which combinations a model does not allow."""

from dataclasses import dataclass

import keras

from suite.pipeline import Signature

DEPLOYMENTS = ("interpreter", "compiled", "streaming")
QUANTIZATIONS = ("none", "float16", "dynamic", "int8")

# Largest difference of an output from the Keras model's. int8 is judged by the task's metric alone.
TOLERANCES = {"none": 1e-4, "float16": 1e-2, "dynamic": 5e-2, "int8": None}
INT8_METRIC_LOSS = 0.015
METRIC_LOSS = 0.005


@dataclass(frozen=True)
class Facts:
    """What about a model decides the ways it can run: kinds of recurrent layers, directions, input that comes in chunks."""

    recurrences: frozenset[str]
    bidirectional: bool
    chunks: bool


def model_facts(model: keras.Model, signature: Signature) -> Facts:
    """Return the facts of a trained model and the signature that goes into its files."""
    kinds, bidirectional = set(), False
    for layer in model._flatten_layers():
        bidirectional = bidirectional or isinstance(layer, keras.layers.Bidirectional)
        if isinstance(layer, keras.layers.LSTM):
            kinds.add("lstm")
        elif isinstance(layer, keras.layers.RNN) or hasattr(layer, "step"):
            kinds.add(type(layer).__name__.lower())
    return Facts(frozenset(kinds), bidirectional, all(raw.chunk for raw in signature.inputs.values()))


def file_name(deployment: str, quantization: str) -> str:
    """Return the name of the exported file: `interpreter.tflite`, `compiled-float16.tflite`."""
    return f"{deployment}.tflite" if quantization == "none" else f"{deployment}-{quantization}.tflite"


def form_of(deployment: str) -> str:
    """Return how recurrent layers trace themselves: `"fused"` or `"loop"`."""
    return "fused" if deployment == "interpreter" else "loop"


def refusal(facts: Facts, deployment: str, quantization: str) -> str | None:
    """Return why a combination is not offered and the nearest thing that works; None where it is offered."""
    if deployment == "streaming" and facts.bidirectional:
        return (
            "streaming needs a model that reads in one direction, and this one reads in both; "
            "train with --set bidirectional=false, or use --deployment interpreter"
        )
    if deployment == "streaming" and not facts.chunks:
        return (
            "streaming takes an input from its beginning, and this model also looks at the end of a long one (keep: ends); "
            "train with --set keep=head, or use --deployment interpreter"
        )
    if quantization != "int8":
        return None
    others = ", ".join(sorted(facts.recurrences - {"lstm"}))
    if others:
        return f"int8 needs a fused recurrence; there is no fused op for {others}, and a loop cannot be calibrated; use --quantize dynamic"
    if deployment != "interpreter":
        return (
            f"int8 needs a fused recurrence, and the {deployment} deployment has a loop, which cannot be calibrated; "
            "use --quantize dynamic, or --deployment interpreter"
        )
    return None
