"""Export a saved model: convert, inspect, check against the trained model on real inputs, measure, report."""

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from suite.artifact import Artifact, checksum, load_model, read_parity
from suite.data.examples import Example
from suite.errors import UserError
from suite.export.convert import ConversionError, convert
from suite.export.inspect import inspect_file
from suite.export.measure import measure
from suite.export.metadata import labels_file, parameters_file, vocabulary_file, write_labels, write_metadata
from suite.export.offers import (
    INT8_METRIC_LOSS,
    METRIC_LOSS,
    TOLERANCES,
    Facts,
    file_name,
    form_of,
    model_facts,
    refusal,
)
from suite.export.parity import largest_difference
from suite.export.report import merge_report
from suite.pipeline import Arrays, Predictor, Signature, primary_metric, spread
from suite.runtime.deployed import deployed_predictor, exported_signature, prepared
from suite.runtime.keras_runtime import KerasPredictor
from suite.runtime.streaming import STATE
from suite.runtime.tflite_runtime import TfLitePredictor

PARITY_SAMPLES = 64
CALIBRATION_SAMPLES = 100


@dataclass(frozen=True)
class Samples:
    """Real inputs: `parity` to compare answers, `calibration` for int8 (training inputs), `scored` examples with their part."""

    parity: list[Arrays]
    calibration: list[Arrays]
    scored: list[Example]
    part: str


@dataclass(frozen=True)
class Source:
    """The trained model that files are made from and compared with."""

    artifact: Artifact
    facts: Facts
    signature: Signature
    predictor: Predictor
    samples: Samples


def open_source(artifact: Artifact, examples: Any) -> Source:
    """Load the trained model and choose real inputs.

    Args:
        artifact: The saved model.
        examples: The data that `--data` or the run's record names, read; None takes the inputs kept with the model.

    Raises:
        UserError: if Keras cannot read the model.
    """
    model = load_model(artifact)
    signatures = artifact.pipeline.signatures(model, artifact.assets, artifact.settings)
    samples = _choose(artifact, examples)
    signature = exported_signature(signatures)
    return Source(artifact, model_facts(model, signature), signature, KerasPredictor(signatures[0]), samples)


def _choose(artifact: Artifact, examples: Any) -> Samples:
    kept = read_parity(artifact)
    if examples is None:
        return Samples(kept, kept, [], "")
    part = next((name for name in ("test", "dev", "train") if examples.part(name)), "all")
    scored = examples.part(part)

    def arrays(chosen: list[Example]) -> list[Arrays]:
        return [artifact.pipeline.raw_arrays(example.input, artifact.settings) for example in chosen]

    calibration = arrays(spread(examples.part("train") or scored, CALIBRATION_SAMPLES))
    return Samples(arrays(spread(scored, max(PARITY_SAMPLES, 1))), calibration, scored, part)


def export_files(source: Source, combinations: list[tuple[str, str]], say: Callable[[str], None]) -> dict[str, Any]:
    """Write a `.tflite` for each (deployment, quantisation) and return the whole report of the model folder.

    Raises:
        UserError: for a combination that is not offered, or that nothing real can check.
        ConversionError: if the converter fails, a file needs more than built-in ops, or its answers are too far off;
            the other combinations are made all the same.
    """
    for deployment, quantization in combinations:
        reason = refusal(source.facts, deployment, quantization)
        if reason:
            raise UserError(f"{deployment} {quantization}: {reason}")
        if quantization == "int8" and not source.samples.calibration:
            raise UserError("int8 needs real inputs to calibrate on; name some with --data PATH")
    if not source.samples.parity:
        raise UserError(f"{source.artifact.path}: no real inputs to check an export on; name some with --data PATH")
    folder = source.artifact.path / "tflite"
    folder.mkdir(exist_ok=True)
    scores: dict[str, Any] = {}
    report: dict[str, Any] = {}
    failed = []
    for deployment, quantization in combinations:
        say(f"{deployment} {quantization}")
        work = Path(tempfile.mkdtemp(prefix=".part-", dir=folder))
        try:
            path = work / file_name(deployment, quantization)
            entry = _make(source, deployment, quantization, path, work, scores)
            os.replace(path, folder / path.name)
        except ConversionError as error:
            failed.append(str(error))
            continue
        finally:
            shutil.rmtree(work, ignore_errors=True)
        report = merge_report(source.artifact.path, [entry])
    if failed:
        raise ConversionError("\n".join(failed))
    if labels := source.artifact.assets.get("labels"):
        write_labels(folder, labels)
    return report


def _make(
    source: Source, deployment: str, quantization: str, path: Path, work: Path, scores: dict[str, Any]
) -> dict[str, Any]:
    calibration = (
        _write_calibration(prepared(source.signature, source.samples.calibration), work)
        if quantization == "int8"
        else None
    )
    convert(source.artifact.path, deployment, form_of(deployment), quantization, calibration, path)
    contents = inspect_file(path)
    if contents.flex or contents.custom:
        raise ConversionError(
            f"{path.name}: needs more than built-in ops: {', '.join(contents.flex + contents.custom)}; nothing was written"
        )
    predictor = deployed_predictor(path, deployment, source.signature)
    parity = _check_parity(source, predictor, deployment, quantization)
    metrics = _check_metrics(source, predictor, deployment, quantization, scores)
    described = _describe_signature(source.signature, path, deployment)
    labels = source.artifact.assets.get("labels", [])
    attached = [parameters_file(source.signature.front_end | {"deployment": deployment})]
    if labels:
        attached.append(labels_file(labels, "probabilities"))
    vocabulary = source.artifact.assets.get("vocabulary", [])
    if "tokens" in source.signature.inputs and vocabulary:
        attached.append(vocabulary_file(vocabulary, "tokens"))
    write_metadata(
        path,
        f"{source.artifact.task} {source.artifact.path.name}",
        f"{source.artifact.task} model, {deployment} deployment, quantization {quantization}; takes the raw input and gives the answer",
        described,
        attached,
        version="1",
    )
    arrays = _one_call(source, path, deployment)
    cores = os.cpu_count() or 1
    measured = {str(threads): measure(path, arrays, threads) for threads in dict.fromkeys((1, cores))}
    return {
        "file": path.name,
        "deployment": deployment,
        "quantization": quantization,
        "signatures": described,
        "labels": labels,
        "ops": contents.ops,
        "flex": contents.flex,
        "custom": contents.custom,
        "bytes": path.stat().st_size,
        "sha256": checksum(path),
        "parity": parity,
        **({"metrics": metrics} if metrics else {}),
        "latency_ms": {threads: round(found["latency_ms"], 4) for threads, found in measured.items()},
        "peak_memory_bytes": measured["1"]["peak_memory_bytes"],
        "notes": _notes(source.signature, deployment, contents.ops),
    }


def _write_calibration(inputs: list[Arrays], work: Path) -> Path:
    folder = work / "calibration"
    folder.mkdir()
    for index, arrays in enumerate(inputs):
        np.savez(folder / f"{index:04d}.npz", **arrays)
    return folder


def _check_parity(source: Source, predictor: Predictor, deployment: str, quantization: str) -> dict[str, Any]:
    inputs = source.samples.parity
    if deployment == "compiled":
        fits = [_fits(source.signature, arrays) for arrays in prepared(source.signature, inputs)]
        inputs = [arrays for arrays, fit in zip(inputs, fits, strict=True) if fit]
    difference = largest_difference(predictor(inputs), source.predictor(inputs))
    tolerance = TOLERANCES[quantization]
    if tolerance is not None and not difference <= tolerance:
        raise ConversionError(
            f"{deployment} {quantization}: an answer differs from the trained model's by {difference:.2g} on {len(inputs)} real inputs; "
            f"at most {tolerance:g} is allowed, so no file was written"
        )
    return {"samples": len(inputs), "max_difference": difference, "tolerance": tolerance}


def _fits(signature: Signature, arrays: Arrays) -> bool:
    return all(
        size <= fixed
        for name, raw in signature.inputs.items()
        for size, fixed in zip(arrays[name].shape, raw.fixed, strict=True)
    )


def _check_metrics(
    source: Source, predictor: Predictor, deployment: str, quantization: str, scores: dict[str, Any]
) -> dict[str, Any]:
    artifact, samples = source.artifact, source.samples
    if not samples.scored:
        return {}
    if not scores:
        scores |= artifact.pipeline.evaluate(
            source.predictor, samples.scored, artifact.assets, artifact.settings
        ).metrics
    found = artifact.pipeline.evaluate(predictor, samples.scored, artifact.assets, artifact.settings).metrics
    name, direction = primary_metric(artifact.pipeline.METRICS)
    loss = scores[name] - found[name] if direction == "max" else found[name] - scores[name]
    allowed = INT8_METRIC_LOSS if quantization == "int8" else METRIC_LOSS
    # One example may fall on the other side of a threshold, whatever the tolerance of the answers.
    if deployment != "compiled" and loss > max(allowed, 1.5 / len(samples.scored)):
        raise ConversionError(
            f"{deployment} {quantization}: {name} is {found[name]:.4f}, the trained model's {scores[name]:.4f}; "
            f"a loss of {allowed:g} is allowed, so no file was written"
        )
    return {"split": samples.part, "examples": len(samples.scored), "tflite": found, "keras": dict(scores)}


def _describe_signature(signature: Signature, path: Path, deployment: str) -> dict[str, Any]:
    predictor = TfLitePredictor(path)
    meanings = {name: raw.meaning for name, raw in signature.inputs.items()} | signature.outputs
    described: dict[str, Any] = {"inputs": {}, "outputs": {}}
    for kind, tensors in (("inputs", predictor.inputs), ("outputs", predictor.outputs)):
        for name, (shape, dtype) in tensors.items():
            meaning = (
                meanings.get(name) or f"state of the stream: {name.removeprefix(STATE)}; zeros before the first chunk"
            )
            described[kind][name] = {"dtype": np.dtype(dtype).name, "shape": [1, *shape], "meaning": meaning}
    if deployment == "interpreter":
        for name, raw in signature.inputs.items():
            described["inputs"][name]["shape"] = [1, *raw.shape]
    return {signature.name: described}


def _one_call(source: Source, path: Path, deployment: str) -> Arrays:
    """Return the input of median size, cut or padded to what one call takes."""
    inputs = sorted(
        prepared(source.signature, source.samples.parity),
        key=lambda arrays: sum(np.size(array) for array in arrays.values()),
    )
    arrays = inputs[len(inputs) // 2]
    if deployment == "interpreter":
        return arrays
    fed = {}
    for name, (shape, dtype) in TfLitePredictor(path).inputs.items():
        fed[name] = np.zeros(shape, dtype)
        if name in arrays:
            part = tuple(slice(min(a, b)) for a, b in zip(arrays[name].shape, shape, strict=True))
            fed[name][part] = arrays[name][part]
    return fed


def _notes(signature: Signature, deployment: str, ops: dict[str, int]) -> list[str]:
    notes = []
    if "UNIDIRECTIONAL_SEQUENCE_LSTM" in ops:
        notes.append(
            "The fused LSTM keeps its state between calls: reset it before each new input with reset_all_variables() (Python), "
            "resetVariableTensors() (Java, Kotlin); in C++ ResetVariableTensors()."
        )
    if deployment == "compiled":
        limits = ", ".join(f"{name} {list(raw.fixed)}" for name, raw in signature.inputs.items())
        notes.append(
            f"Fixed shapes: {limits}. Pad shorter inputs with zeros; cut longer ones into windows and average the answers."
        )
    if deployment == "streaming":
        limits = ", ".join(f"{name} {list(raw.chunk)}" for name, raw in signature.inputs.items())
        notes.append(
            f"One call is one chunk: {limits}. Feed each state output back as the input of the same name; zeros begin a new input."
        )
    return notes
