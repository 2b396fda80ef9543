"""What an exported file says about itself: names, shapes and meanings of its tensors, attached files, notes for callers."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from suite.export.inspect import FUSED_LSTM
from suite.export.metadata import AttachedFile, labels_file, parameters_file, vocabulary_file
from suite.runtime.model_in_file import NAME
from suite.runtime.streaming import STATE
from suite.runtime.tflite_runtime import TfLitePredictor
from suite.signature import Signature


def describe_signature(signature: Signature, path: Path, deployment: str) -> dict[str, Any]:
    """Return inputs and outputs of a signature as the report has them; an axis of any length is None."""
    predictor = TfLitePredictor(path, 1, signature.name, bool(signature.custom_ops))
    described: dict[str, Any] = {"inputs": {}, "outputs": {}}
    inputs = {name: _words(raw.meaning, raw.kind, "") for name, raw in signature.inputs.items()}
    outputs = {
        name: _words(output.meaning, output.kind.name, output.unit, output.length)
        for name, output in signature.outputs.items()
    }
    for side, tensors, words in (("inputs", predictor.inputs, inputs), ("outputs", predictor.outputs, outputs)):
        for name, (shape, dtype) in tensors.items():
            state = f"state of the stream: {name.removeprefix(STATE)}; zeros before the first chunk"
            described[side][name] = {
                "dtype": "string" if dtype is np.bytes_ else np.dtype(dtype).name,
                "shape": [1, *shape],
                **words.get(name, {"meaning": state}),
            }
    if deployment == "interpreter":
        for name, raw in signature.inputs.items():
            if raw.source is None:  # an axis of any length that this file has had no input for yet reads as 1
                described["inputs"][name]["shape"] = [1, *raw.shape]
    return described


def _words(meaning: str, kind: str, unit: str, length: str = "") -> dict[str, str]:
    """Return what is said of a tensor, without what is not; `length` names the output that says how many rows count."""
    said_of = {"meaning": meaning, "kind": kind, "unit": unit, "length": length}
    return {name: words for name, words in said_of.items() if words or name == "meaning"}


def labels_of(signatures: Sequence[Signature]) -> list[str]:
    """Return the names of the places of the first output that has any."""
    outputs = (output for signature in signatures for output in signature.outputs.values())
    return next((list(output.labels) for output in outputs if output.labels), [])


def attached_files(signatures: list[Signature], deployment: str, model: dict[str, Any]) -> list[AttachedFile]:
    """Return the files that travel inside: parameters of the front end, labels, vocabulary, and `model` as `model.json`."""
    attached = [parameters_file(signatures[0].front_end | {"deployment": deployment})]
    outputs = [item for signature in signatures for item in signature.outputs.items()]
    inputs = [item for signature in signatures for item in signature.inputs.items()]
    attached += [labels_file(output.labels, name) for name, output in outputs if output.labels][:1]
    worded = [(name, raw.vocabulary) for name, raw in inputs if raw.vocabulary]
    worded += [(name, output.vocabulary) for name, output in outputs if output.vocabulary]
    attached += [vocabulary_file(vocabulary, name) for name, vocabulary in worded][:1]
    content = json.dumps(model, ensure_ascii=False).encode("utf-8")
    return [*attached, AttachedFile(NAME, content, "descriptions", "what `suite predict` needs beside the model, JSON")]


def caller_notes(signatures: list[Signature], deployment: str, ops: dict[str, int]) -> list[str]:
    """Return what a caller must do that shapes and names do not tell."""
    notes = []
    if FUSED_LSTM in ops:
        notes.append(
            "The fused LSTM keeps its state between calls: reset it before each new input with reset_all_variables() (Python), "
            "resetVariableTensors() (Java, Kotlin); in C++ ResetVariableTensors()."
        )
    custom = sorted({op for signature in signatures for op in signature.custom_ops})
    if custom:
        notes.append(
            f"Needs ops of tensorflow-text, which the app must link: {', '.join(custom)}. In Python: "
            "tensorflow.lite.python.interpreter.InterpreterWithCustomOps with tensorflow_text.tflite_registrar.SELECT_TFTEXT_OPS; "
            "in C++, and behind JNI or Objective-C, the kernels in tensorflow_text/core/kernels of github.com/tensorflow/text, "
            "registered with the op resolver before the interpreter is built."
        )
    if deployment == "interpreter" and any(
        None in raw.shape for signature in signatures for raw in signature.inputs.values()
    ):
        notes.append(
            "An input longer than all before it needs a new interpreter (or a first run, after opening, on an input as long as "
            "the longest to come): XNNPACK, which LiteRT uses by default, may otherwise compute on stale memory."
        )
    if deployment == "compiled":
        note = f"Fixed shapes: {_limits(signatures, deployment)}."
        if any(raw.shape.count(None) == 1 for raw in signatures[0].inputs.values()):  # lengths; a picture is scaled
            note += f" Pad shorter inputs with zeros; cut longer ones into windows{_joined(signatures)}."
        notes.append(note)
    if deployment == "streaming":
        notes.append(
            f"One call is one chunk: {_limits(signatures, deployment)}. Feed each state output back as the input of the same name; "
            "zeros begin a new input."
        )
    return notes


def _joined(signatures: list[Signature]) -> str:
    """Return how the answers to windows become one, where the kinds of the outputs tell."""
    outputs = {name: output for signature in signatures for name, output in signature.outputs.items()}
    averaged = [name for name, output in outputs.items() if output.kind.averaged and not output.length]
    rows = any(output.kind.averaged and output.length for output in outputs.values())
    if rows:  # of places in a window: such as the tags of its tokens
        return " and put the answers behind each other" + "".join(f", but average {name}" for name in averaged)
    return " and average the answers" if averaged else ""


def _limits(signatures: list[Signature], deployment: str) -> str:
    shapes = {
        name: list(raw.known_shape(deployment))
        for signature in signatures
        for name, raw in signature.inputs.items()
        # What another signature gave has the shape that it came with.
        if raw.shape_in(deployment) and raw.source is None
    }
    return ", ".join(f"{name} {shape}" for name, shape in shapes.items())
