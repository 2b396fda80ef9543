"""What can be exported: deployments, quantisations, and which combinations a model does not allow."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from suite.errors import UserError
from suite.runtime.deployed import CUSTOM
from suite.signature import Signature

if TYPE_CHECKING:
    import keras

DEPLOYMENTS = ("interpreter", "compiled", "streaming")
QUANTIZATIONS = ("none", "float16", "dynamic", "int8")

# Largest difference of an output from the Keras model's. int8 is judged by the task's metric alone.
TOLERANCES = {"none": 1e-4, "float16": 1e-2, "dynamic": 5e-2, "int8": None}
# Share of real inputs on which a signature's decisions (words) must be the Keras model's; one input may always differ.
AGREEMENTS = {"none": 0.95, "float16": 0.9, "dynamic": 0.5, "int8": 0.0}


@dataclass(frozen=True)
class ModelFacts:
    """What about a model decides the ways it can run.

    Attributes:
        recurrences: Kinds of recurrent layers: `"lstm"`, `"gru"`.
        bidirectional: Whether any of them reads in both directions.
        attends: Whether any layer looks at all steps again at each one.
        chunks: Whether an input comes in chunks; its other inputs (a length) are then of one chunk too.
        offline: Why none does.
        no_int8: Why the graph cannot be calibrated.
    """

    recurrences: frozenset[str]
    bidirectional: bool
    attends: bool
    chunks: bool
    offline: str = ""
    no_int8: str = ""


def model_facts(model: "keras.Model", signature: Signature) -> ModelFacts:
    """Return the facts of a trained model and the first signature that goes into its files."""
    import keras

    from suite.recurrent import TransformerEncoder

    kinds, bidirectional, attends = set(), False, False
    for layer in model._flatten_layers():
        attends = attends or isinstance(layer, TransformerEncoder)
        bidirectional = bidirectional or isinstance(layer, keras.layers.Bidirectional)
        if isinstance(layer, keras.layers.LSTM):
            kinds.add("lstm")
        elif isinstance(layer, keras.layers.RNN) or hasattr(layer, "step"):
            kinds.add(type(layer).__name__.lower())
    chunks = any(raw.chunk for raw in signature.inputs.values())
    rules = signature.rules
    return ModelFacts(frozenset(kinds), bidirectional, attends, chunks, rules.offline, rules.no_int8)


def file_name(deployment: str, quantization: str, custom_ops: bool = False) -> str:
    """Return the name of an exported file: `interpreter.tflite`, `compiled-float16.tflite`, `interpreter-custom.tflite`."""
    parts = [deployment, CUSTOM if custom_ops else "", "" if quantization == "none" else quantization]
    return "-".join(filter(None, parts)) + ".tflite"


def offers_custom_ops(deployment: str, quantization: str) -> bool:
    """Return whether signatures with custom ops get a file: those ops take texts of any length and cannot be calibrated."""
    return deployment == "interpreter" and quantization != "int8"


def form_of(deployment: str, quantization: str) -> str:
    """Return how recurrent layers trace themselves: `"fused"`, `"loop"` or `"unrolled"`."""
    if deployment == "interpreter":
        return "fused"
    return "unrolled" if quantization == "int8" else "loop"


def choose_offered(
    facts: ModelFacts, combinations: Sequence[tuple[str, str]], leave_out: bool
) -> tuple[list[tuple[str, str]], list[str]]:
    """Return those of the combinations (deployment, quantisation) that are offered, and why each other one is not.

    Args:
        leave_out: Leave out what is not offered, rather than refuse.

    Raises:
        UserError: for the first one that is not offered, unless those are left out.
    """
    refusals = {pair: refusal(facts, *pair) for pair in combinations}
    reasons = [f"{' '.join(pair)}: {reason}" for pair, reason in refusals.items() if reason]
    if reasons and not leave_out:
        raise UserError(reasons[0])
    return [pair for pair, reason in refusals.items() if not reason], reasons


def refusal(facts: ModelFacts, deployment: str, quantization: str) -> str | None:
    """Return why a combination is not offered and the nearest thing that works; None where it is offered."""
    if deployment == "streaming" and facts.attends:
        return (
            "streaming needs a state of fixed size, and attention looks at every step again; train with another --set cell, "
            "or use --deployment interpreter"
        )
    if deployment == "streaming" and facts.bidirectional:
        return (
            "streaming needs a model that reads in one direction, and this one reads in both; "
            "train with --set bidirectional=false, or use --deployment interpreter"
        )
    if deployment == "streaming" and not facts.chunks:
        return f"{facts.offline or 'no input of this task comes in chunks'}, or use --deployment interpreter"
    if quantization == "int8" and deployment == "streaming" and "simplernn" in facts.recurrences:
        return "the converter fails on an unrolled simple_rnn in int8; use --quantize dynamic"
    if quantization == "int8" and facts.no_int8:
        return f"{facts.no_int8}; use --quantize dynamic"
    if quantization != "int8" or deployment == "streaming" or not facts.recurrences:
        return None
    unfused = ", ".join(sorted(facts.recurrences - {"lstm"}))
    if unfused:
        return (
            f"int8 needs the fused op of a plain lstm; a loop cannot be calibrated, nor can {unfused}; use --quantize "
            "dynamic" + ("" if refusal(facts, "streaming", "int8") else ", or --deployment streaming")
        )
    if deployment != "interpreter":
        return (
            f"int8 needs a fused recurrence, and the {deployment} deployment has a loop, which cannot be calibrated; "
            "use --quantize dynamic, or --deployment interpreter"
        )
    return None
