"""What an exported file says about itself: names, shapes and meanings of its tensors, attached files, notes for callers."""

from pathlib import Path
from typing import Any

import numpy as np

from suite.export.inspect import FUSED_LSTM
from suite.export.metadata import AttachedFile, labels_file, parameters_file, vocabulary_file
from suite.pipeline import Signature
from suite.runtime.streaming import STATE
from suite.runtime.tflite_runtime import TfLitePredictor


def describe_signature(signature: Signature, path: Path, deployment: str) -> dict[str, Any]:
    """Return inputs and outputs of a signature as the report has them; an axis of any length is None."""
    predictor = TfLitePredictor(path, 1, signature.name, bool(signature.custom_ops))
    described: dict[str, Any] = {"inputs": {}, "outputs": {}}
    given = {name: raw.meaning for name, raw in signature.inputs.items()}
    sides = ("inputs", predictor.inputs, given), ("outputs", predictor.outputs, signature.outputs)
    for kind, tensors, meanings in sides:
        for name, (shape, dtype) in tensors.items():
            meaning = (
                meanings.get(name) or f"state of the stream: {name.removeprefix(STATE)}; zeros before the first chunk"
            )
            kind_of = "string" if dtype is np.bytes_ else np.dtype(dtype).name
            described[kind][name] = {"dtype": kind_of, "shape": [1, *shape], "meaning": meaning}
    if deployment == "interpreter":
        for name, raw in signature.inputs.items():
            described["inputs"][name]["shape"] = [1, *raw.shape]
    return described


def attached_files(held: list[Signature], deployment: str, labels: list[str]) -> list[AttachedFile]:
    """Return the files that travel inside: parameters of the front end, labels, vocabulary."""
    attached = [parameters_file(held[0].front_end | {"deployment": deployment})]
    if labels and any("probabilities" in signature.outputs for signature in held):
        attached.append(labels_file(labels, "probabilities"))
    vocabularies = [signature.vocabulary for signature in held if signature.vocabulary]
    if vocabularies:
        tensor, words = vocabularies[0]
        attached.append(vocabulary_file(words, tensor))
    return attached


def caller_notes(held: list[Signature], deployment: str, ops: dict[str, int]) -> list[str]:
    """Return what a caller must do that shapes and names do not tell."""
    notes = []
    if FUSED_LSTM in ops:
        notes.append(
            "The fused LSTM keeps its state between calls: reset it before each new input with reset_all_variables() (Python), "
            "resetVariableTensors() (Java, Kotlin); in C++ ResetVariableTensors()."
        )
    custom = sorted({op for signature in held for op in signature.custom_ops})
    if custom:
        notes.append(
            f"Needs ops of tensorflow-text, which the app must link: {', '.join(custom)}. In Python: "
            "tensorflow.lite.python.interpreter.InterpreterWithCustomOps with tensorflow_text.tflite_registrar.SELECT_TFTEXT_OPS; "
            "in C++, and behind JNI or Objective-C, the kernels in tensorflow_text/core/kernels of github.com/tensorflow/text, "
            "registered with the op resolver before the interpreter is built."
        )
    if deployment == "interpreter" and any(
        None in raw.shape for signature in held for raw in signature.inputs.values()
    ):
        notes.append(
            "An input longer than all before it needs a new interpreter (or a first run, after opening, on an input as long as "
            "the longest to come): XNNPACK, which LiteRT uses by default, may otherwise compute on stale memory."
        )
    if deployment == "compiled":
        note = f"Fixed shapes: {_limits(held, deployment)}."
        if any(raw.shape.count(None) == 1 for raw in held[0].inputs.values()):  # lengths; a picture is scaled
            note += " Pad shorter inputs with zeros; cut longer ones into windows"
            averaged = any("probabilities" in signature.outputs for signature in held)
            note += " and average the answers." if averaged else "."
        notes.append(note)
    if deployment == "streaming":
        notes.append(
            f"One call is one chunk: {_limits(held, deployment)}. Feed each state output back as the input of the same name; "
            "zeros begin a new input."
        )
    return notes


def _limits(held: list[Signature], deployment: str) -> str:
    shapes = {
        name: list(raw.shape_in(deployment))
        for signature in held
        for name, raw in signature.inputs.items()
        if raw.shape_in(deployment)
    }
    return ", ".join(f"{name} {shape}" for name, shape in shapes.items())
